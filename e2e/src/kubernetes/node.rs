//! A node: containerd, kubelet and kube-proxy in a network namespace; how it dies and comes back.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use super::certificates::{Authority, Identity};
use super::folder::Folder;
use super::process::{all, command_line, kill, recorded, run, start, until};
use super::tools::Tools;
use super::{cgroups, network};

/// A node of the local Kubernetes, seen from inside the machine.
pub struct Node<'a> {
    tools: &'a Tools,
    folder: &'a Folder,
    number: usize,
}

impl<'a> Node<'a> {
    pub(super) fn new(tools: &'a Tools, folder: &'a Folder, number: usize) -> Node<'a> {
        Node { tools, folder, number }
    }

    /// Its name in Kubernetes, and of its network namespace.
    pub fn name(&self) -> String {
        format!("n{}", self.number)
    }

    /// Everything that a node needs before it is started for the first time.
    pub(super) fn create(&self, nodes: usize, authority: &Authority<'_>) -> Result<()> {
        let (name, number, address) = (self.name(), self.number.to_string(), network::address(self.number));
        network::node(self.number, nodes)?;
        authority.issue(&Identity {
            file: &name,
            user: &format!("system:node:{name}"),
            group: Some("system:nodes"),
            names: &[&name, &address],
        })?;
        cgroups::create(&self.cgroup())?;
        let values = [("node", &*name), ("number", &*number), ("cgroup", &*self.cgroup())];
        for (file, template) in [
            ("containerd.toml", include_str!("../../kubernetes/config/containerd.toml")),
            ("kubelet.yaml", include_str!("../../kubernetes/config/kubelet.yaml")),
            ("kube-proxy.yaml", include_str!("../../kubernetes/config/kube-proxy.yaml")),
            ("cni/pods.conflist", include_str!("../../kubernetes/config/pods.conflist")),
        ] {
            self.folder.fill(&format!("{name}/{file}"), template, &values)?;
        }
        Ok(())
    }

    /// Starts its programs: at first, and after it was [killed](Node::kill).
    pub fn start(&self) -> Result<()> {
        let name = self.name();
        let socket = self.socket();
        let _ = std::fs::remove_file(&socket); // of the node's former life
        self.program("containerd", &["containerd", "-c", &format!("{name}/containerd.toml")])?;
        until("containerd listening", Duration::from_secs(30), || socket.exists())?;
        for image in self.tools.images() {
            self.load(&image)?;
        }
        let kubelet = [
            &self.tools.program("kubelet"),
            &format!("--config={name}/kubelet.yaml"),
            &format!("--kubeconfig=pki/{name}.kubeconfig"),
            &format!("--hostname-override={name}"),
            &format!("--node-ip={}", network::address(self.number)),
            &format!("--root-dir={}", self.folder.join(format!("{name}/kubelet")).display()),
            &format!("--cert-dir={}", self.folder.join(format!("{name}/pki")).display()),
            &format!("--node-labels=topology.kubernetes.io/zone=zone-{}", self.number),
        ];
        self.program("kubelet", &kubelet.map(String::as_str))?;
        self.program(
            "kube-proxy",
            &[&self.tools.program("kube-proxy"), &format!("--config={name}/kube-proxy.yaml")],
        )
    }

    /// Imports an archive of images, which pods then name with `imagePullPolicy: Never` or `IfNotPresent`.
    pub fn load(&self, archive: &Path) -> Result<()> {
        let (socket, archive) = (self.socket(), archive.to_string_lossy().into_owned());
        run(&["ctr", "-a", &socket.to_string_lossy(), "-n", "k8s.io", "image", "import", &archive]).map(drop)
    }

    /// Cuts the node off: what it sends is lost and nobody is told. Its programs run on.
    pub fn cut(&self) -> Result<()> {
        network::link(self.number, false)
    }

    /// Joins it to the others again.
    pub fn join(&self) -> Result<()> {
        network::link(self.number, true)
    }

    /// Ends everything that runs on the node, as a power failure does: no program is told. [Cut](Node::cut) it first,
    /// or the others hear the connections close.
    pub fn kill(&self) -> Result<()> {
        for program in ["kubelet", "containerd", "kube-proxy"] {
            if let Some(pid) = recorded(self.folder, &format!("{}-{program}", self.name())) {
                kill(pid);
            }
        }
        let socket = self.socket().to_string_lossy().into_owned();
        until("every process of the node being gone", Duration::from_secs(30), || {
            let mut processes = cgroups::processes(&self.cgroup());
            processes.extend(all().into_iter().filter(|pid| {
                let line = command_line(*pid);
                line.contains("containerd-shim") && line.contains(&socket)
            }));
            processes.iter().for_each(|pid| kill(*pid));
            processes.is_empty()
        })
    }

    fn program(&self, name: &str, words: &[&str]) -> Result<()> {
        start(self.folder, Some(&self.name()), &format!("{}-{name}", self.name()), words)
    }

    fn socket(&self) -> PathBuf {
        self.folder.join(format!("{}/containerd.sock", self.name()))
    }

    fn cgroup(&self) -> String {
        format!("{}-{}", self.folder.name(), self.name())
    }
}
