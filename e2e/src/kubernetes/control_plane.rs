//! etcd, API server, controllers, scheduler, DNS and volumes, in the machine's own network namespace.

use std::net::TcpStream;
use std::time::Duration;

use anyhow::Result;

use super::certificates::{Authority, Identity};
use super::folder::Folder;
use super::network::{API_SERVICE, CONTROL_PLANE, SERVICES};
use super::process::{run, start, until};
use super::tools::Tools;

/// What an administrator shows, and every component that needs no identity of its own.
const ADMIN: &str = "pki/admin.kubeconfig";

/// Issues the certificates of the control plane.
pub fn certificates(authority: &Authority<'_>) -> Result<()> {
    let api = [
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
        "localhost",
        CONTROL_PLANE,
        API_SERVICE,
        "127.0.0.1",
    ];
    authority.issue(&Identity { file: "apiserver", user: "kube-apiserver", group: None, names: &api })?;
    authority.issue(&Identity {
        file: "admin",
        user: "admin",
        group: Some("system:masters"),
        names: &["admin"],
    })
}

/// Starts all of it and returns when the API answers.
pub fn bring_up(tools: &Tools, folder: &Folder) -> Result<()> {
    etcd(tools, folder)?;
    api_server(tools, folder)?;
    let ready = || {
        TcpStream::connect((CONTROL_PLANE, 6443)).is_ok()
            && kubectl(tools, folder, "get --raw /readyz").is_ok()
    };
    until("the API server being ready", Duration::from_secs(90), ready)?;
    controllers(tools, folder)?;
    folder.fill("Corefile", include_str!("../../kubernetes/config/Corefile"), &[])?;
    start(folder, None, "coredns", &[&tools.program("coredns"), "-conf", "Corefile"])?;
    folder.fill("storage-class.yaml", include_str!("../../kubernetes/config/storage-class.yaml"), &[])?;
    kubectl(tools, folder, "apply -f storage-class.yaml")?;
    std::fs::create_dir_all(folder.join("volumes"))?;
    let volumes = folder.join("volumes");
    start(folder, None, "volumes", &[&tools.program("volumes"), ADMIN, &volumes.to_string_lossy()])
}

/// Runs kubectl as the administrator, inside the machine.
pub fn kubectl(tools: &Tools, folder: &Folder, words: &str) -> Result<String> {
    let kubeconfig = folder.join(ADMIN);
    let mut program =
        vec![tools.program("kubectl"), "--kubeconfig".into(), kubeconfig.to_string_lossy().into_owned()];
    program.extend(words.split_whitespace().map(|word| match word.strip_suffix(".yaml") {
        Some(_) => folder.join(word).to_string_lossy().into_owned(),
        None => word.to_owned(),
    }));
    run(&program)
}

fn etcd(tools: &Tools, folder: &Folder) -> Result<()> {
    let client = "http://127.0.0.1:2379";
    let program = [
        &tools.program("etcd"),
        "--data-dir=etcd",
        "--listen-client-urls",
        client,
        "--advertise-client-urls",
        client,
        "--listen-peer-urls=http://127.0.0.1:2380",
        // It never outlives the machine that it would have to survive.
        "--unsafe-no-fsync",
    ];
    start(folder, None, "etcd", &program)
}

fn api_server(tools: &Tools, folder: &Folder) -> Result<()> {
    let program = [
        &tools.program("kube-apiserver"),
        "--etcd-servers=http://127.0.0.1:2379",
        "--bind-address=0.0.0.0",
        &format!("--advertise-address={CONTROL_PLANE}"),
        "--secure-port=6443",
        "--client-ca-file=pki/ca.crt",
        "--tls-cert-file=pki/apiserver.crt",
        "--tls-private-key-file=pki/apiserver.key",
        "--service-account-key-file=pki/sa.pub",
        "--service-account-signing-key-file=pki/sa.key",
        "--service-account-issuer=https://kubernetes.default.svc",
        &format!("--service-cluster-ip-range={SERVICES}"),
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        "--kubelet-client-certificate=pki/admin.crt",
        "--kubelet-client-key=pki/admin.key",
        "--kubelet-certificate-authority=pki/ca.crt",
        "--kubelet-preferred-address-types=InternalIP",
    ];
    start(folder, None, "kube-apiserver", &program)
}

fn controllers(tools: &Tools, folder: &Folder) -> Result<()> {
    let kubeconfig = format!("--kubeconfig={ADMIN}");
    let manager = [
        &tools.program("kube-controller-manager"),
        kubeconfig.as_str(),
        "--service-account-private-key-file=pki/sa.key",
        "--root-ca-file=pki/ca.crt",
        "--use-service-account-credentials=true",
        "--leader-elect=false",
        // A lost node is noticed after 12 s instead of 40: the tests wait for it.
        "--node-monitor-grace-period=12s",
        "--controllers=*,bootstrapsigner,tokencleaner",
        "--cluster-signing-cert-file=pki/ca.crt",
        "--cluster-signing-key-file=pki/ca.key",
        "--flex-volume-plugin-dir=flex",
    ];
    start(folder, None, "kube-controller-manager", &manager)?;
    let scheduler = [
        &tools.program("kube-scheduler"),
        kubeconfig.as_str(),
        "--leader-elect=false",
        &format!("--authentication-kubeconfig={ADMIN}"),
        &format!("--authorization-kubeconfig={ADMIN}"),
    ];
    start(folder, None, "kube-scheduler", &scheduler)
}
