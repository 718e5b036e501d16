//! How much memory a message may cost: a bound that follows from its bytes, whatever they say. Alone in its program: it counts every byte.

#[path = "wire/codecs.rs"]
mod codecs;

use codecs::CODECS;
use klamm_protocol::{DecodeError, FetchRequest, Message as _, MetadataRequest};
use klamm_schema::Random;
use klamm_types::Bytes;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The most bytes of memory per byte of message: the largest structure in memory for the smallest on the wire.
const FACTOR: usize = 64;

fn allocated(read: impl FnOnce() -> bool) -> usize {
    let region = Region::new(ALLOCATOR);
    std::hint::black_box(read());
    region.change().bytes_allocated
}

/// One test, because another one beside it would be counted too.
#[test]
fn memory_is_bounded_by_the_bytes_that_came() {
    no_list_is_believed();
    no_bytes_cost_more_than_their_share();
}

fn no_list_is_believed() {
    let mut count = 0x7fff_ffffu32.to_be_bytes().to_vec();
    let cost = allocated(|| MetadataRequest::from_bytes(Bytes::from(count.clone()), 1).is_ok());
    assert!(cost < 200, "{cost} bytes for a list of 2147483647 topics in four bytes");
    count.resize(1000, 0);
    let refused = MetadataRequest::from_bytes(Bytes::from(count), 1);
    assert_eq!(refused, Err(DecodeError::BadLength { at: 0, length: 0x7fff_ffff, remaining: 996 }));
}

fn no_bytes_cost_more_than_their_share() {
    let mut random = Random(3);
    let mut worst = (0, "", 0);
    for codec in CODECS {
        for version in 0..=18 {
            for bound in [2, 3, 128, 256] {
                let length = 2000 + random.below(2000) as usize;
                let bytes: Bytes = (0..length).map(|_| random.below(bound) as u8).collect();
                let cost = allocated(|| (codec.read)(bytes.clone(), version));
                worst = worst.max((cost / length, codec.name, version));
                if let Ok((written, _)) = (codec.again)(bytes, version) {
                    assert!(written.len() <= length, "{} v{version} has grown", codec.name);
                }
            }
        }
    }
    println!("at most {} bytes of memory per byte: {} v{}", worst.0, worst.1, worst.2);
    assert!(worst.0 <= FACTOR, "{worst:?}");
    let mut topics = vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0x03];
    topics.resize(65_000, 0);
    let cost = allocated(|| FetchRequest::from_bytes(Bytes::from(topics.clone()), 13).is_ok());
    assert!(cost <= FACTOR * topics.len(), "{cost} bytes for {} bytes of topics", topics.len());
}
