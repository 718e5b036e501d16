//! What may be linked into our programs: the licences that deny.toml allows, checked by cargo-deny.
//!
//! cargo-deny takes minutes to build, so it is not installed for this; where it is missing, the allow-list is applied to
//! what `cargo metadata` tells, which is the same check without the texts of the licences and without advisories.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::shell;

pub fn check() -> Result<Vec<String>> {
    if shell::has("cargo-deny") {
        let deny = shell::cargo()
            .args(["deny", "--log-level", "error", "check", "licenses", "bans", "sources"])
            .status()?;
        return Ok(if deny.success() { vec![] } else { vec!["cargo deny check complains".into()] });
    }
    let allowed = allowed(&std::fs::read_to_string(shell::root().join("deny.toml"))?)?;
    let text = shell::read(shell::cargo().args(["metadata", "--format-version", "1", "--all-features"]))?;
    let metadata: Value = serde_json::from_str(&text)?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    Ok(packages.iter().filter_map(|package| complaint(package, &allowed)).collect())
}

fn complaint(package: &Value, allowed: &BTreeSet<String>) -> Option<String> {
    let name = package["name"].as_str().unwrap_or("?");
    let Some(licence) = package["license"].as_str() else {
        return Some(format!("{name} names no licence"));
    };
    (!satisfied(licence, allowed))
        .then(|| format!("{name} is under {licence}, which deny.toml does not allow"))
}

/// The quoted names of `allow = [ … ]` in the section `[licenses]`.
fn allowed(deny: &str) -> Result<BTreeSet<String>> {
    let section = deny.split("[licenses]").nth(1).context("deny.toml has no section [licenses]")?;
    let list = section.split("allow = [").nth(1).and_then(|l| l.split(']').next());
    let list = list.context("deny.toml allows no licences")?;
    Ok(list.split('"').skip(1).step_by(2).map(str::to_owned).collect())
}

/// Whether a licence expression can be met: one side of an OR, both sides of an AND (SPDX 2.3, annex D).
fn satisfied(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let expression = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = expression.split_whitespace().peekable();
    let met = any(&mut words, allowed);
    met && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut met = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= all(words, allowed);
    }
    met
}

fn all(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let met = any(words, allowed);
        return words.next_if_eq(&")").is_some() && met;
    }
    let Some(licence) = words.next() else { return false };
    if words.next_if_eq(&"WITH").is_some() {
        words.next(); // an exception only ever gives more
    }
    allowed.contains(licence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str, met: bool) {
        let allowed = allowed("[licenses]\nallow = [\"MIT\", \"Apache-2.0\", \"Unicode-3.0\"]").unwrap();
        assert_eq!(satisfied(expression, &allowed), met, "{expression}");
    }

    #[test]
    fn a_licence_is_met_by_what_is_allowed() {
        check("MIT", true);
        check("MIT/GPL-3.0", true);
        check("GPL-3.0 OR Apache-2.0 WITH LLVM-exception", true);
        check("(MIT OR GPL-3.0) AND Unicode-3.0", true);
        check("MIT AND GPL-3.0", false);
        check("GPL-3.0", false);
        check("(MIT", false);
    }
}
