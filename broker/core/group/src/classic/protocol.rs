//! Which protocol a group uses, and which topics its members read.

use super::{Group, State};
use klamm_types::{Buf, Bytes, Str};
use std::collections::{BTreeMap, BTreeSet};

/// The protocol type of consumers; their metadata can be read (KIP-496).
const CONSUMER: &str = "consumer";

impl Group {
    /// Whether someone of this type with these protocols can be a member besides those who are.
    pub(crate) fn supports_protocols<'a>(
        &self,
        protocol_type: &str,
        mut protocols: impl Iterator<Item = &'a str>,
    ) -> bool {
        if matches!(self.state, State::Empty) {
            return !protocol_type.is_empty() && protocols.next().is_some();
        }
        self.protocol_type.as_ref().is_some_and(|mine| *mine == *protocol_type)
            && protocols.any(|name| self.members.values().all(|member| member.supports(name)))
    }

    /// The protocol that all members support and most prefer; the first by name when that is no decision.
    pub(crate) fn select_protocol(&self) -> Option<Str> {
        let common = |name: &Str| self.members.values().all(|member| member.supports(name));
        let first = self.members.values().next()?;
        let candidates: BTreeSet<&Str> =
            first.protocols.iter().map(|protocol| &protocol.name).filter(|name| common(name)).collect();
        let mut votes: BTreeMap<&Str, usize> = BTreeMap::new();
        for member in self.members.values() {
            if let Some(choice) = member.protocols.iter().find(|protocol| candidates.contains(&protocol.name))
            {
                *votes.entry(&choice.name).or_default() += 1;
            }
        }
        let most = votes.values().max().copied()?;
        votes.into_iter().find(|(_, count)| *count == most).map(|(name, _)| name.clone())
    }

    pub(crate) fn is_of_consumers(&self) -> bool {
        self.protocol_type.as_ref().is_some_and(|mine| *mine == *CONSUMER)
    }

    /// Reads the topics that the members want from their metadata; nothing when that cannot be told.
    pub(crate) fn subscription(&self) -> Option<BTreeSet<Str>> {
        if !self.is_of_consumers() {
            return None;
        }
        let mut topics = BTreeSet::new();
        for member in self.members.values() {
            topics.extend(subscribed_topics(member.metadata(self.protocol.as_ref()?))?);
        }
        Some(topics)
    }

    /// Whether its members may be reading the topic: then its offsets are not to be deleted (KIP-496).
    pub(crate) fn is_subscribed_to(&self, topic: &str) -> bool {
        self.subscribed.as_ref().map_or(self.is_of_consumers(), |topics| topics.contains(topic))
    }
}

/// The topics of a consumer's subscription: version (2 bytes), then an array of strings. Later versions only add
/// fields behind.
fn subscribed_topics(mut metadata: Bytes) -> Option<Vec<Str>> {
    let _version = metadata.try_get_i16().ok()?;
    let count = usize::try_from(metadata.try_get_i32().ok()?).ok()?;
    let mut topics = Vec::with_capacity(count.min(metadata.remaining() / 2));
    for _ in 0..count {
        let length = usize::try_from(metadata.try_get_i16().ok()?).ok()?;
        if length > metadata.remaining() {
            return None;
        }
        topics.push(Str::from_utf8(metadata.split_to(length)).ok()?);
    }
    Some(topics)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_a_subscription_and_nothing_else() {
        let check = |bytes: &'static [u8], expected: Option<&[&str]>| {
            let topics = subscribed_topics(Bytes::from_static(bytes));
            let topics = topics.as_ref().map(|topics| topics.iter().map(Str::as_str).collect::<Vec<_>>());
            assert_eq!(topics.as_deref(), expected, "{bytes:?}");
        };
        check(b"\0\0\0\0\0\x02\0\x01a\0\x02bc", Some(&["a", "bc"]));
        check(b"\0\x03\0\0\0\x01\0\x01a\xff\xff\xff\xff\0\0\0\0", Some(&["a"]));
        check(b"\0\0\0\0\0\0", Some(&[]));
        check(b"", None);
        check(b"\0\0\x7f\xff\xff\xff\0\x01a", None);
        check(b"\0\0\xff\xff\xff\xff", None);
        check(b"\0\0\0\0\0\x01\0\x05a", None);
        check(b"\0\0\0\0\0\x01\0\x01\xff", None);
    }
}
