//! How results are printed: a table for people, JSON for programs.

use clap::ValueEnum;
use serde_json::Value;

/// The form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// A table.
    Table,
    /// JSON.
    Json,
}

/// Prints rows under their heads. In JSON each row is an object with the heads in lower case as keys.
pub fn print(form: Form, heads: &[&str], rows: &[Vec<Value>]) -> anyhow::Result<()> {
    match form {
        Form::Json => {
            let object = |row: &Vec<Value>| {
                let pairs = heads.iter().zip(row).map(|(head, value)| (head.to_lowercase(), value.clone()));
                Value::Object(pairs.collect())
            };
            println!("{}", serde_json::to_string_pretty(&rows.iter().map(object).collect::<Vec<_>>())?);
        }
        Form::Table => print!("{}", table(heads, rows)),
    }
    Ok(())
}

fn table(heads: &[&str], rows: &[Vec<Value>]) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let mut lines = vec![heads.iter().map(|head| (*head).to_owned()).collect::<Vec<_>>()];
    lines.extend(rows.iter().map(|row| row.iter().map(text).collect()));
    let widths: Vec<usize> = (0..heads.len())
        .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0))
        .collect();
    let line = |cells: &Vec<String>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let rows = [vec![Value::from("orders"), Value::from(12)], vec![Value::from("x"), Value::from(1)]];
        assert_eq!(table(&["TOPIC", "PARTITIONS"], &rows), "TOPIC   PARTITIONS\norders  12\nx       1\n");
    }
}
