//! Owns the format of `e2e/clients/checks/*.checks`: shell lines as a user would type them, and what they must answer.
//! Must never run anything: `mod.rs` does.
//!
//! ```text
//! check kcat reads back what it wrote
//! $ printf 'a\nb\n' | kcat -P -b $B -t letters
//! $ kcat -C -b $B -t letters -e -q
//! > a              a line of the output has this text ("..." stands for anything), in this order
//! >! error         no line of the output has this text
//! @ restart        the broker stops cleanly and starts again (or: kill)
//! ```
//! An indented line continues the command above it. `on klamm` / `on kafka` narrows a check to one broker.

use anyhow::{Context, Result, bail, ensure};

/// One named check: its steps run in order and the first that fails ends it.
#[derive(Debug, Default, PartialEq)]
pub struct Check {
    pub name: String,
    /// `klamm` or `kafka` if the check is true of one broker only.
    pub only_on: Option<String>,
    pub steps: Vec<Step>,
}

/// What a check does next.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// A shell script that must exit with 0, and what its output must look like.
    Run { script: String, expected: Vec<String>, forbidden: Vec<String> },
    /// SIGTERM, wait, start.
    Restart,
    /// SIGKILL, start.
    Kill,
}

impl Check {
    /// Whether the check needs the broker's process or its files, not just its address.
    pub fn needs_process(&self) -> bool {
        self.steps.iter().any(|step| match step {
            Step::Run { script, .. } => script.contains("$DATA"),
            Step::Restart | Step::Kill => true,
        })
    }
}

/// Reads a file of checks.
pub fn parse(text: &str) -> Result<Vec<Check>> {
    let mut checks: Vec<Check> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        parse_line(line, &mut checks).with_context(|| format!("line {}: {line}", number + 1))?;
    }
    Ok(checks)
}

fn parse_line(line: &str, checks: &mut Vec<Check>) -> Result<()> {
    if line.trim().is_empty() || line.starts_with('#') {
        return Ok(());
    }
    if let Some(name) = line.strip_prefix("check ") {
        checks.push(Check { name: name.to_owned(), ..Check::default() });
        return Ok(());
    }
    let check = checks.last_mut().context("a file begins with `check NAME`")?;
    if let Some(broker) = line.strip_prefix("on ") {
        ensure!(matches!(broker, "klamm" | "kafka"), "a check is `on klamm` or `on kafka`");
        check.only_on = Some(broker.to_owned());
    } else if let Some(script) = line.strip_prefix("$ ") {
        check.steps.push(Step::Run {
            script: script.to_owned(),
            expected: Vec::new(),
            forbidden: Vec::new(),
        });
    } else if let Some(step) = line.strip_prefix("@ ") {
        check.steps.push(match step {
            "restart" => Step::Restart,
            "kill" => Step::Kill,
            _ => bail!("a step is `@ restart` or `@ kill`"),
        });
    } else {
        extend_run(line, check.steps.last_mut())?;
    }
    Ok(())
}

fn extend_run(line: &str, step: Option<&mut Step>) -> Result<()> {
    let Some(Step::Run { script, expected, forbidden }) = step else {
        bail!("there is no `$ command` above")
    };
    if let Some(text) = line.strip_prefix(">! ") {
        forbidden.push(text.to_owned());
    } else if let Some(text) = line.strip_prefix("> ") {
        expected.push(text.to_owned());
    } else if line.starts_with(' ') {
        script.push('\n');
        script.push_str(line);
    } else {
        bail!("expected `check`, `on`, `$`, `>`, `>!`, `@` or an indented line");
    }
    Ok(())
}

/// The first expectation that the output misses, in words.
pub fn mismatch(output: &str, expected: &[String], forbidden: &[String]) -> Option<String> {
    let mut lines = output.lines();
    if let Some(text) = expected.iter().find(|text| !lines.any(|line| has(line, text))) {
        return Some(format!("no line (after those already matched) has: {text}"));
    }
    let text = forbidden.iter().find(|text| output.lines().any(|line| has(line, text)))?;
    Some(format!("a line has what must not be there: {text}"))
}

/// Whether the parts of `text` between its `...` occur in the line, in order.
fn has(line: &str, text: &str) -> bool {
    let mut rest = line;
    text.split("...").map(str::trim).all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_checks_of_steps() {
        let checks = parse(
            "# why\ncheck one\non klamm\n$ echo a |\n  cat\n> a\n>! b\n@ kill\n\ncheck two\n$ ls $DATA\n",
        )
        .unwrap();
        let run = Step::Run {
            script: "echo a |\n  cat".into(),
            expected: vec!["a".into()],
            forbidden: vec!["b".into()],
        };
        assert_eq!(
            checks[0],
            Check { name: "one".into(), only_on: Some("klamm".into()), steps: vec![run, Step::Kill] }
        );
        assert_eq!((checks.len(), checks[1].needs_process()), (2, true));
    }

    #[test]
    fn a_line_out_of_place_is_refused() {
        for text in ["> a", "check x\n> a", "check x\non mars", "check x\n@ dance", "check x\n$ ls\nwhat"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn output_matches_in_order() {
        let check = |expected: &[&str], forbidden: &[&str]| {
            let owned = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
            mismatch("Topic: a\tPartitionCount: 3\nb\n", &owned(expected), &owned(forbidden)).is_none()
        };
        assert!(check(&["Topic: a ... Count: 3", "b"], &["error"]));
        assert!(!check(&["b", "Topic"], &[]));
        assert!(!check(&["Count: 3 ... Topic"], &[]));
        assert!(!check(&[], &["Topic"]));
    }
}
