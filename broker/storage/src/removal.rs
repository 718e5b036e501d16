//! What is no longer part of any log, renamed out of the way; unlinking large files takes time, so it is done aside.

use klamm_world::Disk;
use std::{fmt, path::PathBuf, sync::Arc};

/// Files and directories to unlink. Dropped without being run, they go at the next start.
pub struct Removal {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) directories: Vec<PathBuf>,
}

impl fmt::Debug for Removal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Removal")
            .field("files", &self.files)
            .field("directories", &self.directories)
            .finish_non_exhaustive()
    }
}

impl Removal {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.directories.is_empty()
    }

    /// Unlinks. Blocks. Readers that have a file open keep its bytes.
    pub fn run(self) {
        let files = self.files.iter().map(|path| (path, self.disk.remove_file(path)));
        let directories = self.directories.iter().map(|path| (path, self.disk.remove_directory(path)));
        for (path, result) in files.chain(directories) {
            match result {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    tracing::warn!(path = %path.display(), %error, "could not be removed; the next start tries again");
                }
                _ => {}
            }
        }
    }
}
