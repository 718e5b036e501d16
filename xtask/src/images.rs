//! `cargo xtask images`: static programs in `dist/<arch>/`, and the images made of nothing else.
//!
//! The Dockerfiles copy what lies in `dist/`; they never compile. So the same file works with a plain `docker build`,
//! with buildah, and where no base image can be pulled.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell;

/// What of the images is wanted.
#[derive(clap::Args)]
pub struct Args {
    /// Only these images, e.g. `broker`; all when none is named
    names: Vec<String>,
    /// Only the programs in dist/, no images
    #[arg(long)]
    programs: bool,
    /// The tag that the images get
    #[arg(long, default_value = env!("CARGO_PKG_VERSION"))]
    tag: String,
    /// What the images are named after, e.g. registry.example.com/klamm
    #[arg(long, default_value = "localhost")]
    registry: String,
    /// The folder for the images as archives that `ctr image import` and `docker load` take
    #[arg(long)]
    archives: Option<PathBuf>,
}

/// An image: `Dockerfile.<name>` holds these programs.
struct Image {
    name: &'static str,
    programs: &'static [(&'static str, &'static str)], // (package, program)
    most_mib: u64,
}

const IMAGES: &[Image] = &[
    Image {
        name: "broker",
        programs: &[("klamm-server", "klamm-broker"), ("klamm-cli", "klamm")],
        most_mib: 25,
    },
    Image { name: "operator", programs: &[("klamm-controller", "klamm-operator")], most_mib: 20 },
];

pub fn run(args: &Args) -> Result<()> {
    let wanted = wanted(&args.names)?;
    let dist = shell::root().join("dist").join(architecture());
    build(&wanted, &dist)?;
    if args.programs {
        return Ok(());
    }
    for image in wanted {
        let reference = format!("{}/klamm-{}:{}", args.registry, image.name, args.tag);
        let size = build_image(image, &reference, args.archives.as_deref())?;
        let mib = size as f64 / f64::from(1 << 20);
        println!("{reference}  {mib:.1} MiB");
        if size > image.most_mib << 20 {
            bail!("{reference} is larger than its bound of {} MiB", image.most_mib);
        }
    }
    Ok(())
}

fn wanted(names: &[String]) -> Result<Vec<&'static Image>> {
    if let Some(unknown) = names.iter().find(|n| IMAGES.iter().all(|i| i.name != n.as_str())) {
        bail!("there is no image {unknown}: take broker or operator");
    }
    Ok(IMAGES.iter().filter(|i| names.is_empty() || names.iter().any(|n| n == i.name)).collect())
}

/// The names that images use for machines.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// Builds the programs without any library of the machine, so that an image needs no other file.
fn build(images: &[&Image], dist: &Path) -> Result<()> {
    let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let target = std::env::var_os("KLAMM_IMAGES_TARGET_DIR")
        .map_or_else(|| shell::cache().join("target-images"), PathBuf::from);
    let mut cargo = shell::cargo();
    cargo
        .args(["build", "--release", "--target", &triple])
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTFLAGS", "-C target-feature=+crt-static");
    for (package, program) in images.iter().flat_map(|i| i.programs) {
        cargo.args(["-p", package, "--bin", program]);
    }
    shell::run(&mut cargo)?;
    std::fs::create_dir_all(dist).with_context(|| format!("{} could not be made", dist.display()))?;
    for (_, program) in images.iter().flat_map(|i| i.programs) {
        let built = target.join(&triple).join("release").join(program);
        std::fs::copy(&built, dist.join(program))
            .with_context(|| format!("{} is missing", built.display()))?;
    }
    Ok(())
}

/// Builds one image and returns its size in bytes.
fn build_image(image: &Image, reference: &str, archives: Option<&Path>) -> Result<u64> {
    let file = format!("Dockerfile.{}", image.name);
    let arch = format!("TARGETARCH={}", architecture());
    let version = concat!("VERSION=", env!("CARGO_PKG_VERSION"));
    let revision = format!("REVISION={}", revision());
    let builder = Builder::find()?;
    let arguments = ["--build-arg", &arch, "--build-arg", version, "--build-arg", &revision];
    shell::run(builder.build().args(arguments).args(["-q", "-f", &file, "-t", reference, "."]))?;
    if let Some(folder) = archives {
        std::fs::create_dir_all(folder)?;
        builder.save(reference, &folder.join(format!("klamm-{}.tar", image.name)))?;
    }
    builder.size(reference)
}

fn revision() -> String {
    let head = shell::read(shell::command("git").args(["rev-parse", "HEAD"]));
    head.map_or_else(|_| "unknown".into(), |revision| revision.trim().into())
}

/// What makes images on this machine.
enum Builder {
    Docker,
    Buildah(PathBuf),
}

impl Builder {
    fn find() -> Result<Builder> {
        let docker = || Command::new("docker").arg("info").output().is_ok_and(|o| o.status.success());
        if shell::has("docker") && docker() {
            return Ok(Builder::Docker);
        }
        if shell::has("buildah") {
            return Ok(Builder::Buildah(shell::cache().join("buildah")));
        }
        bail!("neither a Docker engine nor buildah is here: `apt-get install buildah` brings one")
    }

    fn command(&self) -> Command {
        match self {
            Builder::Docker => shell::command("docker"),
            Builder::Buildah(storage) => {
                let mut buildah = shell::command("buildah");
                buildah.args(["--storage-driver", "vfs", "--root"]).arg(storage).arg("--runroot");
                buildah.arg(storage.join("run"));
                buildah
            }
        }
    }

    fn build(&self) -> Command {
        let mut command = self.command();
        match self {
            Builder::Docker => command.arg("build"),
            Builder::Buildah(_) => command.args(["build", "--isolation", "chroot"]),
        };
        command
    }

    fn save(&self, reference: &str, archive: &Path) -> Result<()> {
        let _ = std::fs::remove_file(archive); // buildah refuses to replace one
        let mut command = self.command();
        match self {
            Builder::Docker => command.args(["save", "-o"]).arg(archive).arg(reference),
            Builder::Buildah(_) => {
                command.args(["push", "-q", reference]);
                command.arg(format!("docker-archive:{}:{reference}", archive.display()))
            }
        };
        shell::run(&mut command)
    }

    fn size(&self, reference: &str) -> Result<u64> {
        let mut command = self.command();
        match self {
            Builder::Docker => command.args(["image", "inspect", "--format", "{{.Size}}", reference]),
            Builder::Buildah(_) => command.args(["images", "--json", reference]),
        };
        let text = shell::read(&mut command)?;
        match self {
            Builder::Docker => Ok(text.trim().parse()?),
            Builder::Buildah(_) => {
                let images: serde_json::Value = serde_json::from_str(&text)?;
                let bytes = images[0]["size"].as_u64().or_else(|| human(images[0]["size"].as_str()?));
                bytes.with_context(|| format!("buildah told no size of {reference}: {text}"))
            }
        }
    }
}

/// buildah tells sizes as people do: `14.2 MB`.
fn human(size: &str) -> Option<u64> {
    let (number, unit) = size.split_once(' ')?;
    let factor = match unit {
        "B" => 1.0,
        "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        _ => return None,
    };
    Some((number.parse::<f64>().ok()? * factor) as u64)
}
