//! A broker's disk: a file system of its own, so that it can be full.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::fs::{FallocateFlags, fallocate, statvfs};

use crate::kubernetes::process::line;

/// Much more than a long run writes, little enough for the memory that it is in.
const SIZE: u64 = 192 << 20;

/// A mounted file system.
pub struct Disk {
    path: PathBuf,
}

impl Disk {
    /// Makes one: ext4 on the loop device of a file `<path>.image`.
    pub fn create(path: &Path) -> Result<Disk> {
        fs::create_dir_all(path)?;
        let image = path.with_extension("image");
        File::create(&image)?.set_len(SIZE)?;
        let (image, at) = (image.display(), path.display());
        line(&format!("mkfs.ext4 -q -m 0 {image}"))?;
        line(&format!("mount -o loop {image} {at}"))?; // the device goes with the mount
        Ok(Disk { path: path.to_owned() })
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves no byte free, whatever the broker writes meanwhile.
    pub fn fill(&self) -> Result<()> {
        let mut file = File::create(self.filler()).context("the disk cannot be filled")?;
        let free = statvfs(&self.path)?;
        let _ = fallocate(&file, FallocateFlags::empty(), 0, free.f_bavail * free.f_frsize); // the quick part, if it fits
        let block = [0; 4096];
        loop {
            match file.write_all(&block) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return Ok(()),
                Err(error) => return Err(error).context("the disk cannot be filled"),
            }
        }
    }

    /// Gives the room back.
    pub fn free(&self) -> Result<()> {
        fs::remove_file(self.filler()).context("the disk cannot be freed")
    }

    fn filler(&self) -> PathBuf {
        self.path.join("filler")
    }
}
