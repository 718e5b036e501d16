//! Bytes against bytes: our codec against the schema's own samples, against two codecs that others wrote, and against damage.

mod codecs;
mod damage;
mod differential;
mod oracles;
mod tree;

use klamm_schema::Message;
use klamm_types::Bytes;

/// The schema, read anew.
fn schema() -> Vec<Message> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/schema");
    let files = std::fs::read_dir(folder).expect("the schema lies beside the crate");
    let text = |file: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(file?.path());
    files
        .flat_map(|file| {
            klamm_schema::messages(&text(file).expect("a readable file")).expect("the schema is valid")
        })
        .collect()
}

/// Random messages of every kind and version.
fn samples(each: u64, mut visit: impl FnMut(&Message, i16, Bytes)) {
    klamm_schema::samples(&schema(), each, |message, version, bytes| {
        visit(message, version, Bytes::from(bytes))
    });
}
