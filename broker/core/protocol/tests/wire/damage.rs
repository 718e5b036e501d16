//! What is cut, flipped or made up never panics, and what is still read can be written and read again.

use crate::{codecs::CODECS, samples};
use klamm_schema::Random;
use klamm_types::Bytes;
use std::collections::BTreeMap;

#[test]
fn a_cut_message_is_refused() {
    let codecs: BTreeMap<_, _> = CODECS.iter().map(|codec| (codec.name, codec)).collect();
    samples(5, |message, version, bytes| {
        for length in 0..bytes.len().min(400) {
            let read = (codecs[message.name.as_str()].read)(bytes.slice(..length), version);
            assert!(!read, "{} v{version} cut to {length} of {} bytes", message.name, bytes.len());
        }
    });
}

#[test]
fn flipped_bits_never_panic() {
    let codecs: BTreeMap<_, _> = CODECS.iter().map(|codec| (codec.name, codec)).collect();
    let mut random = Random(1);
    let (mut read, mut refused) = (0, 0);
    samples(40, |message, version, bytes| {
        if bytes.is_empty() {
            return;
        }
        let mut bytes = bytes.to_vec();
        for _ in 0..=random.below(3) {
            let bit = random.below(8 * bytes.len() as u64) as usize;
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        match (codecs[message.name.as_str()].again)(Bytes::from(bytes), version) {
            Ok(_) => read += 1,
            Err(_) => refused += 1,
        }
    });
    assert!(read > 1000 && refused > 1000, "both happen: {read} read, {refused} refused");
}

#[test]
fn made_up_bytes_never_panic() {
    let mut random = Random(2);
    samples(1, |message, version, _| {
        let codec = CODECS.iter().find(|codec| codec.name == message.name).unwrap();
        for _ in 0..200 {
            let length = random.below(64) as usize;
            // small bytes make lengths that fit more often
            let bound = [3, 20, 256][random.below(3) as usize];
            let bytes: Vec<u8> = (0..length).map(|_| random.below(bound) as u8).collect();
            let _ = (codec.again)(Bytes::from(bytes), version);
        }
    });
}
