//! Every message in every version: what the schema's sampler wrote must come back from our codec byte for byte, and from others' codecs
//! too, and all must read the same values.

use crate::{
    codecs::CODECS,
    oracles::{KACRAB, KAFKA_PROTOCOL, Oracle},
    samples,
    tree::Tree,
};
use std::collections::{BTreeMap, BTreeSet};

/// Where another codec is wrong: codec, message, versions, why.
const EXCEPTIONS: &[(&str, &str, std::ops::RangeInclusive<i16>, &str)] = &[
    ("kafka-protocol", "LeaderChangeMessage", 0..=1, SHADOWED),
    ("kafka-protocol", "VotersRecord", 0..=0, SHADOWED),
];
const SHADOWED: &str =
    "the field Version shadows the version that it reads the rest in (kafka-protocol 0.18)";

#[test]
fn every_message_comes_back_byte_for_byte() {
    let codecs: BTreeMap<_, _> = CODECS.iter().map(|codec| (codec.name, codec)).collect();
    let mut seen = BTreeSet::new();
    samples(50, |message, version, bytes| {
        let (written, _) = (codecs[message.name.as_str()].again)(bytes.clone(), version)
            .unwrap_or_else(|error| panic!("{} v{version}: {error}\n{bytes:?}", message.name));
        assert_eq!(written, bytes, "{} v{version}", message.name);
        seen.insert(message.name.clone());
    });
    assert_eq!(seen.len(), CODECS.len(), "every codec is of the schema");
}

fn check(oracles: &[Oracle], least_pairs: usize) {
    let codecs: BTreeMap<_, _> = CODECS.iter().map(|codec| (codec.name, codec)).collect();
    let oracles: BTreeMap<_, _> = oracles.iter().map(|oracle| (oracle.name, oracle)).collect();
    let mut pairs = BTreeSet::new();
    let mut differences = BTreeMap::new();
    samples(50, |message, version, bytes| {
        let Some(oracle) = oracles.get(message.name.as_str()).filter(|oracle| (oracle.knows)(version)) else {
            return;
        };
        let (_, ours) =
            (codecs[message.name.as_str()].again)(bytes.clone(), version).expect("a sample is valid");
        let difference = match (oracle.again)(bytes.clone(), version) {
            Err(error) => Some(error),
            Ok((written, _)) if written != bytes => Some(format!("{written:?}\n  is not {bytes:?}")),
            Ok((_, theirs)) => Tree::of(&ours).differs(&Tree::of(&theirs), ""),
        };
        pairs.insert((message.name.clone(), version));
        if let Some(difference) = difference {
            differences.entry((oracle.codec, message.name.clone(), version)).or_insert(difference);
        }
    });
    for (codec, name, versions, why) in EXCEPTIONS {
        for version in versions.clone() {
            let known = differences.remove(&(*codec, (*name).to_owned(), version));
            let served = oracles.get(name).is_some_and(|oracle| oracle.codec == *codec);
            assert!(!served || known.is_some(), "{codec} is right about {name} v{version} now: {why}");
        }
    }
    println!("{} pairs of message and version were compared", pairs.len());
    assert!(differences.is_empty(), "{differences:#?}");
    assert!(pairs.len() >= least_pairs, "only {} pairs were compared", pairs.len());
}

#[test]
fn kacrab_protocol_agrees() {
    check(KACRAB, 400);
}

#[test]
fn kafka_protocol_agrees() {
    check(KAFKA_PROTOCOL, 437);
}
