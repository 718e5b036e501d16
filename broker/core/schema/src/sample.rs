//! Random messages as bytes, straight from the description: a second opinion on every encoding rule, and food for differential tests.
//!
//! What comes out is what Kafka would write: a tagged field is there only if it differs from its default.

use crate::{Default, Field, Message, Structure, Type};

/// A small generator of random numbers (SplitMix64): the same seed, the same messages, on every machine.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// A number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.number() % bound
    }
}

/// A random message in a version.
#[must_use]
pub fn sample(message: &Message, version: i16, random: &mut Random) -> Vec<u8> {
    let mut sampler = Sampler { message, version, random, out: Vec::new() };
    sampler.structure(&message.structures[0]);
    sampler.out
}

/// `each` random messages of every version of every message: the same ones each time.
pub fn samples(messages: &[Message], each: u64, mut visit: impl FnMut(&Message, i16, Vec<u8>)) {
    for message in messages {
        for version in message.versions.from..=message.versions.to {
            let mut random = Random(u64::from(version.cast_unsigned()) << 32);
            (0..each).for_each(|_| visit(message, version, sample(message, version, &mut random)));
        }
    }
}

struct Sampler<'a> {
    message: &'a Message,
    version: i16,
    random: &'a mut Random,
    out: Vec<u8>,
}

impl Sampler<'_> {
    fn structure(&mut self, structure: &Structure) {
        let present = |field: &&Field| field.versions.contains(self.version);
        let (tagged, plain): (Vec<_>, Vec<_>) =
            structure.fields.iter().filter(present).partition(|field| field.tag.is_some());
        for field in plain {
            self.field(field, false);
        }
        if self.message.is_flexible(self.version) {
            self.tagged(tagged);
        }
    }

    fn tagged(&mut self, mut fields: Vec<&Field>) {
        fields.sort_by_key(|field| field.tag);
        fields.retain(|_| self.random.below(2) == 0);
        let values: Vec<_> =
            fields.into_iter().filter_map(|field| Some((field, self.tagged_value(field)?))).collect();
        self.uvarint(values.len());
        for (field, value) in values {
            self.uvarint(field.tag.unwrap_or_default() as usize);
            self.uvarint(value.len());
            self.out.extend(value);
        }
    }

    /// The bytes of a field that is not its default; `None` when chance gives only defaults.
    fn tagged_value(&mut self, field: &Field) -> Option<Vec<u8>> {
        let default = self.default_bytes(field);
        (0..8).find_map(|_| {
            let outer = std::mem::take(&mut self.out);
            self.field(field, true);
            let value = std::mem::replace(&mut self.out, outer);
            (Some(&value) != default.as_ref()).then_some(value)
        })
    }

    /// How the default of a tagged field would look.
    fn default_bytes(&self, field: &Field) -> Option<Vec<u8>> {
        Some(match (&field.default, &field.kind) {
            (Default::Null, _) => vec![0],
            (Default::True, _) => vec![1],
            (Default::Number(number), kind) => tail(*number, self.message.least(kind, self.version)),
            (Default::Zero, Type::Structure(name)) => {
                let structure = self.message.structure(name)?;
                let mut bytes = Vec::new();
                for field in structure.fields.iter().filter(|field| field.versions.contains(self.version)) {
                    if field.tag.is_none() {
                        bytes.extend(self.default_bytes(field)?);
                    }
                }
                bytes.push(0);
                bytes
            }
            (Default::Zero, Type::String | Type::Bytes | Type::Records | Type::Array(_)) => vec![1],
            (Default::Zero, kind) => vec![0; self.message.least(kind, self.version)],
        })
    }

    fn field(&mut self, field: &Field, present: bool) {
        let flexible = self.message.is_flexible(self.version) && !field.inflexible;
        let may_be_null = field.nullable.is_some_and(|nullable| nullable.contains(self.version));
        let is_structure = matches!(field.kind, Type::Structure(_));
        if may_be_null && !(present && field.default == Default::Null) && self.random.below(4) == 0 {
            return match &field.kind {
                Type::Structure(_) => self.out.push(0xff),
                _ if flexible => self.uvarint(0),
                Type::String => self.out.extend([0xff; 2]),
                _ => self.out.extend([0xff; 4]),
            };
        }
        if may_be_null && is_structure {
            self.out.push(1);
        }
        self.value(&field.kind, flexible);
    }

    fn value(&mut self, kind: &Type, flexible: bool) {
        match kind {
            Type::Bool => {
                let value = self.random.below(2) as u8;
                self.out.push(value);
            }
            Type::Number("f64") => {
                let value = self.random.below(1 << 40) as f64 / 8.0;
                self.out.extend(value.to_be_bytes());
            }
            Type::Number(_) => self.number(self.message.least(kind, self.version)),
            Type::Uuid => (0..2).for_each(|_| {
                let half = self.random.number();
                self.out.extend(half.to_be_bytes());
            }),
            Type::String => self.text(flexible),
            Type::Bytes | Type::Records => {
                let length = self.some_length(300);
                self.length(length, flexible);
                (0..length).for_each(|_| {
                    let byte = self.random.number() as u8;
                    self.out.push(byte);
                });
            }
            Type::Structure(name) => {
                let message = self.message;
                if let Some(structure) = message.structure(name) {
                    self.structure(structure);
                }
            }
            Type::Array(element) => {
                let count = self.random.below(4) as usize;
                self.length(count, flexible);
                (0..count).for_each(|_| self.value(element, flexible));
            }
        }
    }

    /// Small, any, or at the ends of its range.
    fn number(&mut self, size: usize) {
        let number = match self.random.below(4) {
            0 => self.random.below(3) as i64 - 1,
            1 => self.random.below(1000) as i64,
            2 => i64::MAX >> (64 - 8 * size),
            _ => self.random.number() as i64,
        };
        self.out.extend(tail(number, size));
    }

    /// Letters and digits, so that every printed form of a text is the same; now and then long enough for two bytes of compact length.
    fn text(&mut self, flexible: bool) {
        let length = self.some_length(200);
        if flexible {
            self.uvarint(length + 1)
        } else {
            self.out.extend((length as i16).to_be_bytes())
        }
        (0..length).for_each(|_| {
            let letter = b"abcdefghijklmnopqrstuvwxyz0123456789"[self.random.below(36) as usize];
            self.out.push(letter);
        });
    }

    fn some_length(&mut self, most: u64) -> usize {
        let bound = if self.random.below(16) == 0 { most } else { 8 };
        self.random.below(bound) as usize
    }

    fn length(&mut self, length: usize, flexible: bool) {
        if flexible { self.uvarint(length + 1) } else { self.out.extend((length as i32).to_be_bytes()) }
    }

    fn uvarint(&mut self, mut value: usize) {
        while value >= 0x80 {
            self.out.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.out.push(value as u8);
    }
}

fn tail(number: i64, size: usize) -> Vec<u8> {
    number.to_be_bytes()[8 - size..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_repeat_and_carry_no_defaults_in_tags() {
        let text = "data A versions 0-1 flexible 1+ {\n a: int8\n b: int32 1+ tag 3 = -1\n}";
        let message = &crate::messages(text).unwrap()[0];
        let all: Vec<_> = (0..200).map(|seed| sample(message, 1, &mut Random(seed))).collect();
        assert!(
            all.iter().all(
                |bytes| bytes[1] == 0 && bytes.len() == 2 || bytes[1..4] == [1, 3, 4] && bytes.len() == 8
            )
        );
        assert!(all.iter().any(|bytes| bytes.len() == 2) && all.iter().any(|bytes| bytes.len() == 8));
        assert!(!all.iter().any(|bytes| bytes.ends_with(&[0xff; 4])));
        assert_eq!(all[7], sample(message, 1, &mut Random(7)));
    }
}
