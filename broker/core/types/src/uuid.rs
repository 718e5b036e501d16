//! Kafka's 128-bit ids: 16 bytes on the wire, 22 characters of unpadded URL-safe base64 in text (KIP-516).

use std::{fmt, str::FromStr};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A 128-bit id.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub [u8; 16]);

/// The text is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadUuid;

impl Uuid {
    /// Kafka's "no id".
    pub const ZERO: Uuid = Uuid([0; 16]);

    /// Makes 16 random bytes a version 4 id (RFC 9562 §5.4). The bytes come from `world::Entropy`.
    #[must_use]
    pub fn from_random(mut bytes: [u8; 16]) -> Self {
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Self(bytes)
    }

    /// Whether this is "no id".
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = u128::from_be_bytes(self.0);
        // 22 digits of 6 bits hold 132 bits: the last digit has 4 bits of zero at its end
        for digit in 0..22 {
            let shift = 122 - 6 * digit;
            let index = if shift >= 0 { bits >> shift } else { bits << -shift } & 0x3f;
            f.write_str(std::str::from_utf8(&ALPHABET[index as usize..=index as usize]).expect("ASCII"))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Uuid {
    type Err = BadUuid;

    fn from_str(text: &str) -> Result<Self, BadUuid> {
        let text = text.trim_end_matches('=').as_bytes();
        if text.len() != 22 {
            return Err(BadUuid);
        }
        let mut bits = 0u128;
        for (digit, character) in text.iter().enumerate() {
            let value = ALPHABET.iter().position(|letter| letter == character).ok_or(BadUuid)? as u128;
            bits = if digit < 21 {
                bits << 6 | value
            } else if value & 0xf == 0 {
                bits << 2 | value >> 4
            } else {
                return Err(BadUuid);
            };
        }
        Ok(Self(bits.to_be_bytes()))
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// A topic (KIP-516): a topic made anew under an old name has another id.
    TopicId
}
id! {
    /// A log directory (KIP-858): a recreated volume has another id.
    DirectoryId
}

impl DirectoryId {
    /// A replica whose broker has not said yet where it has it (KIP-858).
    pub const UNASSIGNED: DirectoryId = DirectoryId(reserved(1));
    /// A replica in some directory that is offline (KIP-858).
    pub const LOST: DirectoryId = DirectoryId(reserved(2));

    /// Whether it names no directory: the first hundred ids are kept for such meanings (KIP-858).
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        u128::from_be_bytes(self.0.0) < 100
    }
}

const fn reserved(last: u8) -> Uuid {
    let mut bytes = [0; 16];
    bytes[15] = last;
    Uuid(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_kafkas() {
        // the id of the metadata topic, as Kafka prints it
        let mut one = [0; 16];
        one[15] = 1;
        assert_eq!(Uuid(one).to_string(), "AAAAAAAAAAAAAAAAAAAAAQ");
        for bytes in [[0; 16], one, [0xff; 16], *b"0123456789abcdef"] {
            assert_eq!(Uuid(bytes).to_string().parse(), Ok(Uuid(bytes)));
        }
        assert_eq!("AAAAAAAAAAAAAAAAAAAAAB".parse::<Uuid>(), Err(BadUuid));
        assert_eq!("short".parse::<Uuid>(), Err(BadUuid));
    }
}
