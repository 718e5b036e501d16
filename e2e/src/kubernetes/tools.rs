//! What the local Kubernetes is made of: Debian's packages, the Go program, the pause image. Built once, kept in a cache.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use super::process::{output, run};
use crate::packages::install;

/// The last Kubernetes that runs on cgroup v1 and with Debian's containerd.
const KUBERNETES: &str = "1.35.4";

/// What must be there, and Debian's packages that bring it.
const PROGRAMS: &[(&str, &str)] = &[
    ("/usr/bin/containerd", "containerd"),
    ("/usr/sbin/runc", "runc"),
    ("/usr/lib/cni/bridge", "containernetworking-plugins"),
    ("/usr/sbin/iptables", "iptables"),
    ("/usr/sbin/ip", "iproute2"),
    ("/usr/sbin/conntrack", "conntrack"),
    ("/usr/sbin/ipset", "ipset"),
    ("/usr/bin/buildah", "buildah"),
    ("/usr/bin/busybox", "busybox-static"),
    ("/usr/sbin/mkfs.ext4", "e2fsprogs"),
    ("/usr/bin/gcc", "gcc"),
    ("/usr/include/stdio.h", "libc6-dev"),
];

/// The names that the Go program acts under.
const COMPONENTS: &[&str] = &[
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "coredns",
    "kubectl",
    "volumes",
];

/// The programs of the local Kubernetes, ready to run.
#[derive(Clone, Debug)]
pub struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// Builds and installs what is missing: minutes the first time, nothing after that.
    pub fn prepare() -> Result<Tools> {
        if !rustix::process::geteuid().is_root() {
            bail!(
                "the local Kubernetes needs root: it makes network namespaces and mounts; or set KUBECONFIG"
            );
        }
        install("the local Kubernetes", PROGRAMS)?;
        let tools = Tools { folder: cache().join("kubernetes") };
        fs::create_dir_all(tools.folder.join("bin"))?;
        tools.build_program()?;
        tools.build_image("pause", &|folder| {
            let source = sources().join("pause.c");
            run(&["gcc", "-static", "-O2", "-s", "-o"]
                .map(Path::new)
                .iter()
                .chain(&[&*folder.join("pause"), &*source])
                .collect::<Vec<_>>())
            .map(drop)
        })?;
        tools.build_image("busybox", &|folder| {
            fs::copy("/usr/bin/busybox", folder.join("busybox"))?;
            Ok(())
        })?;
        Ok(tools)
    }

    /// A component, by the name that it acts under.
    pub fn program(&self, component: &str) -> String {
        self.folder.join("bin").join(component).to_string_lossy().into_owned()
    }

    /// The images that every node has from the start.
    pub fn images(&self) -> Vec<PathBuf> {
        ["pause", "busybox"].iter().map(|name| self.folder.join(format!("{name}.tar"))).collect()
    }

    fn build_program(&self) -> Result<()> {
        let source = sources().join("node");
        let built = self.folder.join(format!("kube-{KUBERNETES}-{:016x}", fingerprint(&source)?));
        if !built.exists() {
            eprintln!("building Kubernetes {KUBERNETES} from Go modules: five minutes on two cores, once");
            let unfinished = built.with_extension("new");
            let x = "-X k8s.io/component-base/version";
            let flags = format!(
                "-s -w {x}.gitVersion=v{KUBERNETES} {x}.gitMajor=1 {x}.gitMinor=35 {x}.gitTreeState=clean \
                 -X k8s.io/client-go/pkg/version.gitVersion=v{KUBERNETES}"
            );
            let mut go = Command::new("go");
            go.args(["build", "-trimpath", "-ldflags", &flags, "-o"]).arg(&unfinished).arg(".");
            output(go.current_dir(&source).env("CGO_ENABLED", "0"))?;
            fs::rename(&unfinished, &built)?;
        }
        for component in COMPONENTS {
            let (link, unfinished) = (self.program(component), self.program(&format!(".{component}")));
            let _ = fs::remove_file(&unfinished);
            std::os::unix::fs::symlink(&built, &unfinished)?;
            fs::rename(&unfinished, link)?; // at once: another run may be starting it
        }
        Ok(())
    }

    /// An image of one small program, from scratch, as an archive.
    fn build_image(&self, name: &str, program: &dyn Fn(&Path) -> Result<()>) -> Result<()> {
        let archive = self.folder.join(format!("{name}.tar"));
        if archive.exists() {
            return Ok(());
        }
        let folder = self.folder.join(format!("image-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        program(&folder)?;
        let file = format!("FROM scratch\nCOPY {name} /bin/{name}\nENTRYPOINT [\"/bin/{name}\"]\n");
        fs::write(folder.join("Dockerfile"), file)?;
        let storage = folder.join("storage");
        let buildah = |arguments: &[&str]| {
            let mut buildah = Command::new("buildah");
            buildah
                .args(["--storage-driver", "vfs", "--root"])
                .arg(&storage)
                .arg("--runroot")
                .arg(storage.join("run"));
            output(buildah.args(arguments).current_dir(&folder))
        };
        let reference = format!("localhost/{name}:1");
        let unfinished = folder.join("archive.tar");
        buildah(&["build", "-q", "--isolation", "chroot", "-t", &reference, "."])?;
        buildah(&[
            "push",
            "-q",
            &reference,
            &format!("docker-archive:{}:{reference}", unfinished.display()),
        ])?;
        fs::rename(unfinished, archive)?;
        fs::remove_dir_all(folder)?;
        Ok(())
    }
}

/// Where what is built once and used often lies, outside the checkout.
pub fn cache() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_else(|| "/root".into()));
    std::env::var_os("KLAMM_CACHE").map_or_else(|| home().join(".cache/klamm"), PathBuf::from)
}

/// `e2e/kubernetes` of the checkout.
fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("kubernetes")
}

/// Changes when a file of the folder does.
fn fingerprint(folder: &Path) -> Result<u64> {
    let mut files: Vec<_> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        (file.file_name(), fs::read(&file)?).hash(&mut hasher);
    }
    Ok(hasher.finish())
}
