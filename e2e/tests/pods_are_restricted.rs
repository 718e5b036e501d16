//! The namespaces of all tests enforce the restricted Pod Security Standard, so every pod that starts meets it. What the
//! standard does not ask for, and we promise, is here: no root, no writable root file system, bounds for memory.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{Pod, PodSpec};
use klamm_e2e::{Cluster, cluster, operator, scenario};
use kube::ResourceExt;
use kube::api::ListParams;

#[test]
fn pods_are_restricted() -> Result<()> {
    scenario("restricted", async |space| {
        let operators = operator::install().await?;
        Cluster::apply(space, &cluster::yaml("Delete")).await?.ready().await?;
        for namespace in [space, &operators] {
            let pods = namespace.api::<Pod>().list(&ListParams::default()).await?;
            ensure!(!pods.items.is_empty());
            for pod in pods {
                let name = pod.name_any();
                check(pod.spec.context("a pod has a spec")?).with_context(|| name)?;
            }
        }
        Ok(())
    })
}

fn check(spec: PodSpec) -> Result<()> {
    let user = spec.security_context.and_then(|context| context.run_as_user);
    ensure!(user == Some(65532), "it runs as {user:?}");
    for container in spec.containers {
        let context = container.security_context.context("no security context")?;
        ensure!(context.read_only_root_filesystem == Some(true), "its root file system can be written");
        let limits = container.resources.and_then(|resources| resources.limits).unwrap_or_default();
        ensure!(limits.contains_key("memory"), "its memory has no limit");
    }
    Ok(())
}
