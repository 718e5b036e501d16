//! Zig-zag variable-length integers, as records use them: seven bits a byte, the lowest first.

use klamm_types::{Buf, Bytes};

pub(crate) fn put(buffer: &mut Vec<u8>, value: i64) {
    let mut bits = ((value << 1) ^ (value >> 63)) as u64;
    while bits >= 0x80 {
        buffer.push(bits as u8 | 0x80);
        bits >>= 7;
    }
    buffer.push(bits as u8);
}

pub(crate) fn size(value: i64) -> usize {
    let bits = ((value << 1) ^ (value >> 63)) as u64;
    (64 - (bits | 1).leading_zeros() as usize).div_ceil(7)
}

/// `None` when the bytes end early or the number has more than 64 bits.
pub(crate) fn take(bytes: &mut Bytes) -> Option<i64> {
    let mut bits = 0u64;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        if index == 9 && *byte > 1 {
            return None;
        }
        bits |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            bytes.advance(index + 1);
            return Some((bits >> 1) as i64 ^ -((bits & 1) as i64));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips() {
        for value in
            [0, -1, 1, 63, 64, -64, -65, 300, i64::from(i32::MAX), i64::from(i32::MIN), i64::MAX, i64::MIN]
        {
            let mut buffer = Vec::new();
            put(&mut buffer, value);
            assert_eq!(size(value), buffer.len(), "{value}");
            assert_eq!(take(&mut Bytes::from(buffer)), Some(value));
        }
        assert_eq!(take(&mut Bytes::from_static(&[0xff; 10])), None);
        assert_eq!(take(&mut Bytes::from_static(&[0x80])), None);
    }
}
