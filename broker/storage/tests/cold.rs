//! What is no more in the page cache is named before anybody waits for it, and brought there away from the log's thread.
#![allow(missing_docs)]

mod common;

use common::{memory::MemoryDisk, *};
use klamm_storage::{Limit, LogDir};
use klamm_types::{FileSlice, Offset};
use klamm_world::{Disk, World};
use std::{path::Path, sync::Arc};

fn length(slice: Option<FileSlice>) -> u32 {
    slice.map_or(0, |slice| slice.length)
}

#[tokio::test]
async fn a_cold_log_says_what_to_warm() {
    let (disk, folder) = (MemoryDisk::default(), Path::new("/data"));
    let world = World { disk: Arc::new(disk.clone()), ..klamm_world::real::world() };
    disk.create_directory(folder).expect("made");
    format(&disk, folder);
    let dir = LogDir::open(Arc::clone(&world.disk), folder).expect("formatted");
    let config = klamm_storage::LogConfig { segment_bytes: 4 << 20, ..small() };
    let mut log = dir.create_log(&name(0), topic(), Arc::new(config), now(0)).expect("created");
    for _ in 0..1200 {
        append(&mut log, batch(1, 4000, 0)).expect("appended");
    }
    flush(&mut log);
    assert_eq!(length(log.cold(Offset(500), 1 << 20).expect("told")), 0, "it was just written");

    disk.forget();
    assert_eq!(length(log.cold(Offset(1199), 1 << 20).expect("told")), 0, "the log knows its tail by heart");
    let index = log.cold(Offset(500), 1 << 20).expect("told").expect("all is cold");
    assert!(index.length < 64 << 10, "{} bytes are no index of some 1,000 batches", index.length);
    world.warm([index]).await;
    let near = log.cold(Offset(500), 1 << 20).expect("told").expect("the records are cold");
    assert_eq!(near.length, 1 << 20);
    world.warm([near]).await;
    assert_eq!(length(log.cold(Offset(500), 1 << 20).expect("told")), 0);
    let read = log.read(Offset(500), Limit::End, 1 << 20, true).expect("in range").records.expect("records");
    assert!(read.file.is_cached(read.position, 900 << 10), "what was warmed is what is read");
    assert_eq!(length(log.cold(Offset(5000), 1).expect("told")), 0, "the read says that it is out of range");
}
