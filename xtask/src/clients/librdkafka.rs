//! Runs librdkafka's own test suite, a named list of it. What is expected to fail is written down with its reason; the list may only
//! shrink, so an expected failure that passes is a failure too.

use super::{Run, Summary};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, mpsc};
use std::time::Instant;

/// A test of theirs that takes longer has failed.
const TEST_SECONDS: u32 = 90;

/// Lines of `NAME REASON`, without comments.
fn parse(text: &str) -> BTreeMap<&str, &str> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once(' ').unwrap_or((line, ""))).collect()
}

/// Their tests mostly wait: so many run at once.
const WORKERS: usize = 4;

/// Runs the tests named in `tests.txt` beside their sources.
pub fn run(run: &mut Run, built: &Path) -> Result<()> {
    let folder = run.sources.join("librdkafka");
    let tests = fs::read_to_string(folder.join("tests.txt")).context("the list of librdkafka's tests")?;
    let expected =
        fs::read_to_string(folder.join("expected-failures.txt")).context("the list of expected failures")?;
    let expected = if run.target == "klamm" { parse(&expected) } else { BTreeMap::new() };
    for (name, reason) in &expected {
        ensure!(
            parse(&tests).contains_key(name),
            "expected-failures.txt names {name}, which tests.txt does not"
        );
        ensure!(!reason.is_empty(), "expected-failures.txt gives no reason for {name}");
    }
    prepare(run, built)?;
    let (waiting, mut summary) = (Mutex::new(parse(&tests).into_iter()), std::mem::take(&mut run.summary));
    let (finished, results) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            let (finished, waiting, run) = (finished.clone(), &waiting, &*run);
            scope.spawn(move || {
                let next = || waiting.lock().ok().and_then(|mut tests| tests.next());
                while let Some((test, about)) = next() {
                    let began = Instant::now();
                    let output = command(run, built, test).output();
                    // Only a receiver that is gone refuses, and then no one wants the result.
                    let _ = finished.send((test, about, began, output));
                }
            });
        }
        drop(finished);
        for (test, about, began, output) in results {
            let output = output.context("cannot start librdkafka's test runner")?;
            let (name, said) =
                (format!("librdkafka's {test}, {about}"), String::from_utf8_lossy(&output.stdout));
            judge(&mut summary, &name, output.status.success(), &said, expected.get(test).copied(), began);
        }
        anyhow::Ok(())
    })?;
    run.summary = summary;
    Ok(())
}

/// Their runner reads `test.conf` and `../src` where it runs, and calls `$KAFKA_PATH/bin/kafka-topics.sh`.
fn prepare(run: &Run, built: &Path) -> Result<()> {
    fs::create_dir_all(run.folder.join("tests"))?;
    fs::write(run.folder.join("tests/test.conf"), format!("bootstrap.servers={}\n", run.bootstrap))?;
    std::os::unix::fs::symlink(built.join("src"), run.folder.join("src"))?;
    fs::copy(run.folder.join("bin/kafka-topics"), run.folder.join("bin/kafka-topics.sh"))?;
    Ok(())
}

fn command(run: &Run, built: &Path, test: &str) -> Command {
    let mut command = run.shell(TEST_SECONDS, "exec \"$RUNNER\" -p1 -a 2>&1");
    command.current_dir(run.folder.join("tests"));
    command.env("RUNNER", built.join("tests/test-runner")).env("TESTS", test);
    command.env("LD_LIBRARY_PATH", format!("{0}/src:{0}/src-cpp", built.display()));
    // Newer versions add tests of APIs that are not Kafka's core (share groups).
    command.env("TEST_KAFKA_VERSION", "4.1.0");
    command.env("KAFKA_PATH", &run.folder).env("BROKERS", &run.bootstrap);
    command
}

fn judge(
    summary: &mut Summary,
    name: &str,
    passed: bool,
    output: &str,
    expected: Option<&str>,
    began: Instant,
) {
    match (passed, expected) {
        (true, None) => summary.passed(name, began),
        (false, Some(reason)) => summary.passed(&format!("{name} fails as expected: {reason}"), began),
        (false, None) => summary.failed(name, output),
        (true, Some(_)) => summary.failed(name, "it passes: take it off expected-failures.txt"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_names_with_reasons() {
        let list = parse("# why\n0001\n\n0052  because of it\n");
        assert_eq!(list.into_iter().collect::<Vec<_>>(), [("0001", ""), ("0052", " because of it")]);
    }

    #[test]
    fn an_expected_failure_that_passes_is_a_failure() {
        for (passed, expected, failures) in
            [(true, None, 0), (false, None, 1), (false, Some("why"), 0), (true, Some("why"), 1)]
        {
            let mut summary = Summary::default();
            judge(&mut summary, "name", passed, "", expected, Instant::now());
            assert_eq!(summary.failed.len(), failures);
        }
    }
}
