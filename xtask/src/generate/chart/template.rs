//! As much of Helm's template language as the chart uses: a value, `if` of a value, `else`, `end`, and `{{-`.
//!
//! It keeps Helm out of the build. Whoever installs with Helm gets the same objects.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

/// Values by their path: `Values.image.registry`.
#[derive(Default)]
pub(super) struct Values(BTreeMap<String, String>);

impl Values {
    pub(super) fn insert(&mut self, path: &str, value: &str) {
        self.0.insert(path.to_owned(), value.to_owned());
    }

    /// The scalars of YAML that has nothing but maps, two spaces a level.
    pub(super) fn insert_yaml(&mut self, root: &str, yaml: &str) {
        let mut path: Vec<&str> = vec![root];
        for line in yaml.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        {
            let Some((key, value)) = line.trim().split_once(':') else { continue };
            path.truncate(1 + (line.len() - line.trim_start().len()) / 2);
            path.push(key);
            self.insert(&path.join("."), value.trim().trim_matches('"'));
        }
    }
}

pub(super) fn render(template: &str, values: &Values) -> Result<String> {
    let mut out = String::new();
    let mut rest = template;
    let mut shown: Vec<bool> = Vec::new(); // of every open `if`: is this branch the one
    while let Some((text, action)) = rest.split_once("{{") {
        let Some((action, after)) = action.split_once("}}") else { bail!("{{{{ without }}}}") };
        let (text, action) = match action.strip_prefix('-') {
            Some(action) => (text.trim_end(), action),
            None => (text, action),
        };
        if shown.iter().all(|shown| *shown) {
            out.push_str(text);
        }
        let value = |path: &str| values.0.get(path.trim_start_matches('.'));
        match action.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["if", path] => shown.push(value(path).is_some_and(|value| value == "true")),
            ["else"] => {
                let Some(branch) = shown.last_mut() else { bail!("else without if") };
                *branch = !*branch;
            }
            ["end"] if shown.pop().is_some() => {}
            [path] if path.starts_with('.') => {
                let Some(value) = value(path) else { bail!("there is no value {path}") };
                if shown.iter().all(|shown| *shown) {
                    out.push_str(value);
                }
            }
            _ => bail!("{{{{{action}}}}} is more than is understood here"),
        }
        rest = after;
    }
    if !shown.is_empty() {
        bail!("if without end");
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_as_helm_does() {
        let mut values = Values::default();
        values.insert_yaml("Values", "# what\nall: true\nimage:\n  name: \"x\"\n  tag: 1\nlast: y\n");
        let check = |template: &str, expected: Option<&str>| {
            assert_eq!(render(template, &values).ok().as_deref(), expected, "{template}");
        };
        check("a: {{ .Values.image.name }}:{{ .Values.image.tag }}\n", Some("a: x:1\n"));
        check("{{ if .Values.all }}A{{ else }}B{{ end }}{{ .Values.last }}", Some("Ay"));
        check("a:\n  {{- if .Values.none }}\n  b\n  {{- else }}\n  c\n  {{- end }}\nd", Some("a:\n  c\nd"));
        check("{{ .Values.none }}", None);
        check("{{ if .Values.all }}", None);
        check("{{ toYaml .Values.image }}", None);
    }
}
