//! Frames out of pieces.

use klamm_types::Bytes;

/// No frame of Kafka's is larger in the simulation; what says so speaks another protocol.
const FRAME_BYTES_MAX: usize = 64 << 20;

/// One direction of a connection.
#[derive(Default)]
pub(super) struct Frames(Vec<u8>);

/// The bytes are no frames.
#[derive(Debug)]
pub(super) struct NoFrames;

impl Frames {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The next whole frame, without its size.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, NoFrames> {
        let Some(head) = self.0.first_chunk::<4>() else { return Ok(None) };
        let size = usize::try_from(i32::from_be_bytes(*head)).map_err(|_| NoFrames)?;
        if size > FRAME_BYTES_MAX {
            return Err(NoFrames);
        }
        if self.0.len() < 4 + size {
            return Ok(None);
        }
        let frame = Bytes::copy_from_slice(&self.0[4..4 + size]);
        self.0.drain(..4 + size);
        Ok(Some(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_become_frames() {
        let mut frames = Frames::default();
        let all = [&[0, 0, 0, 2, 7, 8][..], &[0, 0, 0, 0], &[0, 0, 0, 1, 9]].concat();
        let mut found = Vec::new();
        for byte in all {
            frames.push(&[byte]);
            while let Some(frame) = frames.next().unwrap() {
                found.push(frame.to_vec());
            }
        }
        assert_eq!(found, [vec![7, 8], vec![], vec![9]]);
        frames.push(b"GET / HTTP/1.1");
        assert!(frames.next().is_err());
    }
}
