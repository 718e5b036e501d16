//! `klamm groups`.

use crate::{
    output::{Form, print},
    target::Target,
};
use clap::{Args, Subcommand};
use klamm_types::Str;
use serde_json::Value;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    target: Target,
    /// The form of the output
    #[arg(long, short = 'o', value_enum, default_value_t = Form::Table, global = true)]
    output: Form,
}

#[derive(Subcommand)]
enum Action {
    /// All groups (the default)
    List,
    /// A group's committed offsets and its lag
    Describe { group: String },
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut client = arguments.target.client()?;
    match arguments.action.unwrap_or(Action::List) {
        Action::List => {
            let groups = client.groups().await?;
            let rows: Vec<Vec<Value>> = groups
                .iter()
                .map(|group| vec![group.id.as_str().into(), group.state.as_str().into()])
                .collect();
            print(arguments.output, &["GROUP", "STATE"], &rows)
        }
        Action::Describe { group } => {
            let lags = client.group_lags(&Str::from(group)).await?;
            let rows: Vec<Vec<Value>> = lags
                .iter()
                .map(|lag| {
                    vec![
                        lag.topic.as_str().into(),
                        lag.partition.0.into(),
                        lag.committed.0.into(),
                        lag.end.0.into(),
                        (lag.end.0 - lag.committed.0).into(),
                    ]
                })
                .collect();
            print(arguments.output, &["TOPIC", "PARTITION", "COMMITTED", "END", "LAG"], &rows)
        }
    }
}
