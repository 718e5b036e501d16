//! kind, as users have it. Where there is no Docker engine, or it cannot pull, one is made of Debian's packages (e2e/kind).

use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell;

const VERSION: &str = "v0.31.0";
/// Makes the node image, and so is part of its name.
const NODE_IMAGE: &str = "e2e/kind/node-image.sh";
/// The network namespace of e2e/kind/engine.sh.
const OWN_NETWORK: &str = "--net=/run/netns/klamm-kind";
/// Where kubeadm puts the cluster's DNS.
const DNS: &str = "10.96.0.10";

/// A cluster of kind.
pub struct Kind {
    folder: PathBuf,
    program: PathBuf,
    name: String,
    own_engine: bool,
}

impl Kind {
    /// A new cluster; what was begun is taken away again where it cannot be made.
    pub fn start(harness: &Path) -> Result<Kind> {
        let folder = shell::cache().join("kind");
        std::fs::create_dir_all(&folder)?;
        let program = program(&folder)?;
        let name = format!("klamm-{}", std::process::id());
        let kind = Kind { folder, program, name, own_engine: !engine() };
        match kind.create(harness) {
            Ok(()) => Ok(kind),
            Err(error) => match kind.stop() {
                Ok(()) => Err(error),
                Err(left) => Err(error.context(format!("and it could not be taken away: {left:#}"))),
            },
        }
    }

    fn create(&self, harness: &Path) -> Result<()> {
        let image = if self.own_engine { Some(self.make_engine(harness)?) } else { None };
        let mut create = self.kind(&["create", "cluster", "--wait", "3m", "--config", "e2e/kind/kind.yaml"]);
        create.args(image.iter().flat_map(|image| ["--image", image]));
        shell::run(&mut create)?;
        self.write_inside()
    }

    pub fn load(&self, archives: &[PathBuf]) -> Result<()> {
        archives.iter().try_for_each(|archive| shell::run(self.kind(&["load", "image-archive"]).arg(archive)))
    }

    /// The words before a program that make it reach the API server.
    pub fn enter(&self) -> String {
        if self.own_engine { format!("nsenter {OWN_NETWORK}") } else { "env".into() }
    }

    /// The program that brings a client into the cluster's network.
    pub fn inside(&self) -> PathBuf {
        self.folder.join(format!("{}.inside", self.name))
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.join(format!("{}.kubeconfig", self.name))
    }

    pub fn stop(self) -> Result<()> {
        shell::run(&mut self.kind(&["delete", "cluster"]))?;
        for file in [self.inside(), self.kubeconfig(), self.resolv()] {
            let _ = std::fs::remove_file(file);
        }
        if self.own_engine {
            shell::run(shell::command("e2e/kind/engine.sh").arg("stop").arg(&self.folder))?;
        }
        Ok(())
    }

    /// An engine of our own without the clusters of runs that are over, and the node image in it, by its name.
    fn make_engine(&self, harness: &Path) -> Result<String> {
        shell::run(shell::command("e2e/kind/engine.sh").arg("start").arg(&self.folder))?;
        for left in shell::read(&mut self.of_engine_with_kind(&["get", "clusters"]))?.lines() {
            let run = left.strip_prefix("klamm-").unwrap_or_default();
            if !run.is_empty() && !Path::new("/proc").join(run).exists() {
                shell::run(&mut self.of_engine_with_kind(&["delete", "cluster", "--name", left]))?;
            }
        }
        let kube = shell::read(Command::new(harness).arg("program"))?;
        let mut hasher = DefaultHasher::new();
        (kube.trim(), std::fs::read(shell::root().join(NODE_IMAGE))?).hash(&mut hasher);
        let image = format!("klamm/kind-node:{:016x}", hasher.finish());
        shell::run(shell::command(NODE_IMAGE).arg(&self.folder).arg(kube.trim()).arg(&image))?;
        Ok(image)
    }

    /// A pod's network and a pod's names, without being a pod: the control plane's network, with the cluster's DNS.
    fn write_inside(&self) -> Result<()> {
        let node = format!("{}-control-plane", self.name);
        let mut inspect = self.docker(&["inspect", "-f", "{{.State.Pid}}", &node]);
        let pid = shell::read(&mut inspect)?;
        let search = "default.svc.cluster.local svc.cluster.local cluster.local";
        std::fs::write(self.resolv(), format!("nameserver {DNS}\nsearch {search}\noptions ndots:5\n"))?;
        let script = format!(
            "#!/bin/sh\nexec unshare --mount sh -c 'mount --bind {} /etc/resolv.conf && exec nsenter -t {} -n -- \"$@\"' sh \"$@\"\n",
            self.resolv().display(),
            pid.trim()
        );
        std::fs::write(self.inside(), script)?;
        std::fs::set_permissions(self.inside(), std::fs::Permissions::from_mode(0o755))?;
        Ok(())
    }

    fn resolv(&self) -> PathBuf {
        self.folder.join(format!("{}.resolv", self.name))
    }

    /// kind, about this cluster.
    fn kind(&self, arguments: &[&str]) -> Command {
        let mut kind = self.of_engine_with_kind(arguments);
        kind.args(["--name", &self.name]);
        kind
    }

    fn of_engine_with_kind(&self, arguments: &[&str]) -> Command {
        let mut kind = self.of_engine(&self.program.to_string_lossy());
        kind.args(arguments).env("KUBECONFIG", self.kubeconfig());
        kind
    }

    fn docker(&self, arguments: &[&str]) -> Command {
        let mut docker = self.of_engine("docker");
        docker.args(arguments);
        docker
    }

    /// A program that speaks to the engine.
    fn of_engine(&self, program: &str) -> Command {
        if !self.own_engine {
            return shell::command(program);
        }
        let mut command = shell::command("nsenter");
        command.args([OWN_NETWORK, program]);
        command.env("DOCKER_HOST", format!("unix://{}/docker.sock", self.folder.display()));
        command
    }
}

/// Whether this machine has a Docker engine.
pub fn engine() -> bool {
    Command::new("docker").arg("info").output().is_ok_and(|output| output.status.success())
}

/// kind itself: the one on the path, or the one that its Go module makes.
fn program(folder: &Path) -> Result<PathBuf> {
    if shell::has("kind") {
        return Ok("kind".into());
    }
    let program = folder.join("kind");
    if !program.exists() {
        let module = format!("sigs.k8s.io/kind@{VERSION}");
        let mut go = shell::command("go");
        shell::run(go.args(["install", &module]).env("GOBIN", folder))
            .context("neither kind nor Go is here")?;
    }
    Ok(program)
}
