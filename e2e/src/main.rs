//! `local-kubernetes`: a real Kubernetes on this machine for the tests and for people. See `e2e/README.md`.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;
use klamm_e2e::kubernetes::{Machine, Tools, inside};

/// What can be done with local Kubernetes.
#[derive(Parser)]
#[command(name = "local-kubernetes", about = "A real Kubernetes on one Linux machine, without Docker")]
enum Command {
    /// Start one, and print its folder when all nodes are ready
    Up {
        /// How many nodes it has
        #[arg(long, default_value_t = 3)]
        nodes: usize,
    },
    /// End it; nothing is left
    Down { folder: Option<PathBuf> },
    /// Print the folders of those that run
    List,
    /// Import archives of images into every node
    Load { folder: PathBuf, archives: Vec<PathBuf> },
    /// Print the path of the Go program that is every component, which kind's node image is made of too
    Program,
    /// Run a program inside, where cluster names resolve and KUBECONFIG is set
    Enter {
        folder: PathBuf,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        program: Vec<String>,
    },
    /// Be the first process of a machine; `up` starts this
    #[command(hide = true)]
    Inside { folder: PathBuf, nodes: usize },
}

fn main() -> Result<()> {
    match Command::parse() {
        Command::Up { nodes } => println!("{}", Machine::start(nodes)?.folder().display()),
        Command::Down { folder: Some(folder) } => Machine::at(&folder)?.stop()?,
        Command::Down { folder: None } => {
            Machine::running().iter().try_for_each(|f| Machine::at(f)?.stop())?
        }
        Command::List => Machine::running().iter().for_each(|folder| println!("{}", folder.display())),
        Command::Load { folder, archives } => load(&Machine::at(&folder)?, &archives)?,
        Command::Program => {
            println!("{}", std::fs::canonicalize(Tools::prepare()?.program("kubectl"))?.display())
        }
        Command::Enter { folder, program } => {
            let error = Machine::at(&folder)?.enter(&program)?.exec();
            return Err(error).with_context(|| format!("{} could not be started", program[0]));
        }
        Command::Inside { folder, nodes } => inside::run(&folder, nodes)?,
    }
    Ok(())
}

fn load(machine: &Machine, archives: &[PathBuf]) -> Result<()> {
    for number in 1..=machine.nodes() {
        for archive in archives {
            machine.node(number).load(archive)?;
        }
    }
    Ok(())
}
