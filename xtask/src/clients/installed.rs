//! Owns the foreign programs that the suites drive: Kafka's jars, a Python environment, our compiled Java program, wrappers with the
//! names that users know (`kafka-topics` …). Everything is in the cache folder and made once per version of its inputs.
//! Must never touch the repository's own files.

use crate::shell;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Kafka's tools: the name users type, and the class behind it (as in Kafka's own `bin/*.sh`).
const TOOLS: &[(&str, &str)] = &[
    ("kafka-broker-api-versions", "org.apache.kafka.tools.BrokerApiVersionsCommand"),
    ("kafka-cluster", "org.apache.kafka.tools.ClusterTool"),
    ("kafka-configs", "kafka.admin.ConfigCommand"),
    ("kafka-console-consumer", "org.apache.kafka.tools.consumer.ConsoleConsumer"),
    ("kafka-console-producer", "org.apache.kafka.tools.ConsoleProducer"),
    ("kafka-consumer-groups", "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"),
    ("kafka-consumer-perf-test", "org.apache.kafka.tools.ConsumerPerformance"),
    ("kafka-delete-records", "org.apache.kafka.tools.DeleteRecordsCommand"),
    ("kafka-dump-log", "org.apache.kafka.tools.DumpLogSegments"),
    ("kafka-features", "org.apache.kafka.tools.FeatureCommand"),
    ("kafka-get-offsets", "org.apache.kafka.tools.GetOffsetShell"),
    ("kafka-leader-election", "org.apache.kafka.tools.LeaderElectionCommand"),
    ("kafka-log-dirs", "org.apache.kafka.tools.LogDirsCommand"),
    ("kafka-metadata-quorum", "org.apache.kafka.tools.MetadataQuorumCommand"),
    ("kafka-producer-perf-test", "org.apache.kafka.tools.ProducerPerformance"),
    ("kafka-reassign-partitions", "org.apache.kafka.tools.reassign.ReassignPartitionsCommand"),
    ("kafka-storage", "kafka.tools.StorageTool"),
    ("kafka-topics", "org.apache.kafka.tools.TopicCommand"),
    ("kafka-verifiable-consumer", "org.apache.kafka.tools.VerifiableConsumer"),
    ("kafka-verifiable-producer", "org.apache.kafka.tools.VerifiableProducer"),
];

/// The programs of ours that speak through a foreign client; each prints TAP.
pub const PROGRAMS: &[&str] = &["confluent-kafka-checks", "kafka-python-checks", "java-checks"];

/// Where the foreign programs are.
pub struct Installed {
    cache: PathBuf,
    sources: PathBuf,
}

impl Installed {
    /// Installs what is missing into the cache folder, and says so. `sources` is `e2e/clients` of this checkout.
    pub fn ensure(cache: &Path, sources: &Path) -> Result<Installed> {
        let installed = Installed { cache: cache.to_owned(), sources: sources.to_owned() };
        install_jars(&cache.join("kafka"), &sources.join("pom.xml"))?;
        compile(&cache.join("java"), &sources.join("java"), &installed.jars())?;
        install_python(&cache.join("python"), &sources.join("python/requirements.txt"))?;
        ensure!(shell::has("kcat"), "kcat is not installed; `apt-get install kcat` puts it there");
        Ok(installed)
    }

    /// Apache Kafka's jars, as a Java class path.
    pub fn jars(&self) -> String {
        self.cache.join("kafka/libs/*").display().to_string()
    }

    /// The folder of librdkafka, its performance tool and its tests, built. Five minutes the first time.
    pub fn librdkafka(&self) -> Result<PathBuf> {
        let (script, folder) = (self.sources.join("librdkafka/build.sh"), self.cache.join("built"));
        once(
            &folder,
            std::slice::from_ref(&script),
            "librdkafka and its test suite (about five minutes)",
            || shell::run(Command::new(&script).arg(&folder)),
        )?;
        Ok(folder.join("librdkafka"))
    }

    /// Writes a wrapper for every tool and program into `bin`, which goes to the front of `PATH`.
    pub fn write_wrappers(&self, bin: &Path) -> Result<()> {
        fs::create_dir_all(bin)?;
        let log4j = self.sources.join("java/log4j2.yaml");
        for (tool, class) in TOOLS {
            write_tool(bin, tool, &java_line(&self.jars(), &log4j, class))?;
        }
        let class_path = format!("{}:{}", self.cache.join("java/classes").display(), self.jars());
        write_tool(bin, "java-checks", &java_line(&class_path, &log4j, "Checks"))?;
        for program in ["confluent-kafka-checks", "kafka-python-checks", "history-client"] {
            let script = self.sources.join(format!("python/{}.py", program.replace('-', "_")));
            let python = self.cache.join("python/bin/python");
            write_tool(
                bin,
                program,
                &format!("exec '{}' -u '{}' \"$@\"", python.display(), script.display()),
            )?;
        }
        Ok(())
    }
}

/// A JVM that starts fast: short tools are over before the second compiler pays off.
fn java_line(class_path: &str, log4j: &Path, class: &str) -> String {
    let options = "-Xmx256M -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto";
    format!(
        "exec java {options} -Dlog4j2.configurationFile='{}' -cp '{class_path}' {class} \"$@\"",
        log4j.display()
    )
}

fn write_tool(bin: &Path, name: &str, line: &str) -> Result<()> {
    let path = bin.join(name);
    fs::write(&path, format!("#!/bin/sh\n{line}\n"))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

fn install_jars(folder: &Path, pom: &Path) -> Result<()> {
    once(folder, &[pom.to_owned()], "Apache Kafka's jars from Maven", || {
        let output = format!("-DoutputDirectory={}", folder.join("libs").display());
        shell::run(
            Command::new("mvn")
                .args(["-q", "-B", "-f"])
                .arg(pom)
                .args(["dependency:copy-dependencies", &output]),
        )
    })
}

fn compile(folder: &Path, sources: &Path, jars: &str) -> Result<()> {
    let entries = fs::read_dir(sources)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    let files: Vec<PathBuf> =
        entries.into_iter().filter(|path| path.extension().is_some_and(|e| e == "java")).collect();
    once(folder, &files, "our Java program", || {
        let classes = folder.join("classes");
        shell::run(Command::new("javac").args(["-nowarn", "-cp", jars, "-d"]).arg(classes).args(&files))
    })
}

fn install_python(folder: &Path, requirements: &Path) -> Result<()> {
    once(folder, &[requirements.to_owned()], "Python clients from PyPI", || {
        shell::run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        let pip = ["-m", "pip", "install", "-q", "--disable-pip-version-check", "-r"];
        shell::run(Command::new(folder.join("bin/python")).args(pip).arg(requirements))
    })
}

/// Makes `folder` anew unless its stamp says that it was made from these very inputs.
fn once(folder: &Path, inputs: &[PathBuf], what: &str, make: impl FnOnce() -> Result<()>) -> Result<()> {
    let mut stamp = String::new();
    for input in inputs {
        stamp += &fs::read_to_string(input).with_context(|| format!("cannot read {}", input.display()))?;
    }
    let mark = folder.join("made-from");
    if fs::read_to_string(&mark).is_ok_and(|made| made == stamp) {
        return Ok(());
    }
    println!("   installing {what}");
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    make().with_context(|| format!("cannot install {what}"))?;
    Ok(fs::write(mark, stamp)?)
}
