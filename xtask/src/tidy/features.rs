//! What the programs that users run are built without: seeded bugs, and the simulation (docs/simulation.md).

use anyhow::{Result, ensure};

use crate::shell;

/// The feature of the seeded bugs.
const FORBIDDEN: &str = "mutants";

pub fn check() -> Result<Vec<String>> {
    // of the default members only: what a plain `cargo build` makes
    let arguments =
        ["tree", "--locked", "--edges", "normal,build", "--prefix", "none", "--format", "{p}|{f}"];
    let tree = shell::read(shell::cargo().args(arguments))?;
    ensure!(tree.contains("klamm-server "), "cargo tree does not list klamm-server:\n{tree}");
    Ok(complaints(&tree))
}

/// `tree` has a line `name version (place)|features` for each crate.
fn complaints(tree: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for (package, features) in tree.lines().filter_map(|line| line.split_once('|')) {
        let name = package.split(' ').next().unwrap_or_default();
        // a crate that was listed before ends with (*)
        let features = features.split(' ').next().unwrap_or_default();
        if features.split(',').any(|feature| feature == FORBIDDEN) {
            complaints.push(format!("{name} is built for users with the feature {FORBIDDEN}"));
        }
        if name == "klamm-sim" {
            complaints.push("klamm-sim is part of what users build".to_owned());
        }
    }
    complaints.sort();
    complaints.dedup();
    complaints
}

#[cfg(test)]
mod tests {
    use super::complaints;

    #[test]
    fn seeded_bugs_are_found() {
        let tidy = "klamm-server v0.1.0 (/k/broker/server)|default\nklamm-world v0.1.0 (/k/broker/world)|\n";
        assert_eq!(complaints(tidy), Vec::<String>::new());
        let mutated = format!("{tidy}klamm-world v0.1.0 (/k/broker/world)|default,mutants (*)\n");
        assert_eq!(complaints(&mutated), ["klamm-world is built for users with the feature mutants"]);
        let simulated = format!("{tidy}klamm-sim v0.1.0 (/k/broker/sim)|\n");
        assert_eq!(complaints(&simulated), ["klamm-sim is part of what users build"]);
    }
}
