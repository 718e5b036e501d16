//! Reads the Test Anything Protocol, in which our Java and Python programs speak. Must never judge: it counts.

use super::Summary;
use anyhow::{Context, Result};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

/// One line of a program's output.
#[derive(Debug, PartialEq)]
enum Line<'a> {
    Plan(usize),
    Ok(&'a str),
    NotOk(&'a str),
    /// A diagnosis of the check above, or noise of the client.
    Other(&'a str),
}

fn parse(line: &str) -> Line<'_> {
    if let Some(name) = line.strip_prefix("ok - ") {
        Line::Ok(name)
    } else if let Some(name) = line.strip_prefix("not ok - ") {
        Line::NotOk(name)
    } else if let Some(count) = line.strip_prefix("1..").and_then(|count| count.parse().ok()) {
        Line::Plan(count)
    } else {
        Line::Other(line)
    }
}

/// Runs a program and counts its checks as they come; one that ends before its plan is fulfilled has failed.
pub fn follow(command: &mut Command, program: &str, summary: &mut Summary) -> Result<()> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {program}"))?;
    let output = child.stdout.take().context("standard output is piped")?;
    let (mut planned, mut seen, mut began) = (None, 0, Instant::now());
    // What was said since the last check: with a failure it is the diagnosis, else it is dropped.
    let mut said = String::new();
    for line in BufReader::new(output).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        match parse(line.trim_end()) {
            Line::Plan(count) => planned = Some(count),
            Line::Other(text) => said += &format!("{text}\n"),
            Line::Ok(name) => summary.passed(&format!("{program}: {name}"), began),
            Line::NotOk(name) => summary.failed(&format!("{program}: {name}"), &said),
        }
        if matches!(parse(line.trim_end()), Line::Ok(_) | Line::NotOk(_)) {
            (seen, began) = (seen + 1, Instant::now());
            said.clear();
        }
    }
    let status = child.wait()?;
    if planned != Some(seen) {
        let plan = planned.map_or_else(|| "no plan".to_owned(), |count| format!("{count} planned"));
        summary.failed(
            &format!("{program}: runs to its end"),
            &format!("{said}{seen} checks of {plan}; ended with {status}"),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        let cases = [
            ("1..12", Line::Plan(12)),
            ("ok - a b", Line::Ok("a b")),
            ("not ok - c", Line::NotOk("c")),
            ("okay", Line::Other("okay")),
        ];
        for (line, expected) in cases {
            assert_eq!(parse(line), expected);
        }
    }
}
