//! The folder of a run: where its files lie, and the files that are filled templates.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// All files of a run lie here; its name is the name of the run.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(path: impl Into<PathBuf>) -> Folder {
        Folder(path.into())
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }

    /// The name of the run, unique on the machine: what is not in the run's namespaces (cgroups) carries it.
    pub fn name(&self) -> String {
        self.0.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Writes a template with its `${names}` filled; `${folder}` is this folder.
    pub fn fill(&self, name: &str, template: &str, values: &[(&str, &str)]) -> Result<PathBuf> {
        let mut text = template.replace("${folder}", &self.0.to_string_lossy());
        for (key, value) in values {
            text = text.replace(&format!("${{{key}}}"), value);
        }
        self.write(name, text)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<PathBuf> {
        let path = self.join(name);
        let parent = path.parent().expect("a file of the run lies in its folder");
        std::fs::create_dir_all(parent).with_context(|| format!("{} could not be made", parent.display()))?;
        std::fs::write(&path, content).with_context(|| format!("{} could not be written", path.display()))?;
        Ok(path)
    }
}
