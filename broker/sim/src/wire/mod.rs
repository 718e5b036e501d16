//! What hosts say to each other, read off the wire: requests as they are sent, and answers beside what they answer.
//!
//! Knows frames and nothing of what they mean; [`crate::invariants`] judge. Only APIs that an invariant looks at are decoded.

mod frames;
mod said;

pub use said::{Answered, Asked};

use crate::{HostId, Sent};
use frames::Frames;
use klamm_protocol::RequestFrame;
use klamm_types::Bytes;
use std::collections::{BTreeMap, VecDeque};

/// A request or an answer that went over the wire.
#[derive(Debug)]
pub enum Said {
    /// A request.
    Asked(Asked),
    /// An answer.
    Answered(Answered),
}

/// Who said it to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speech {
    /// The connection: answers on one are in the order of their requests.
    pub connection: u64,
    /// Who sent it.
    pub from: HostId,
    /// Whom it is for.
    pub to: HostId,
}

/// Puts pieces together, per connection.
#[derive(Default)]
pub struct Wiretap(BTreeMap<u64, Conversation>);

#[derive(Default)]
struct Conversation {
    asked: Frames,
    answered: Frames,
    /// Correlation id, and the request if an invariant cares.
    open: VecDeque<(i32, Option<(i16, Asked)>)>,
    /// It does not speak Kafka's protocol.
    foreign: bool,
}

impl Wiretap {
    /// Some bytes were sent; `heard` gets every message that they complete.
    pub fn hear(&mut self, sent: &Sent, bytes: &Bytes, mut heard: impl FnMut(&Speech, Said)) {
        let conversation = self.0.entry(sent.connection).or_default();
        if conversation.foreign {
            return;
        }
        let speech = Speech { connection: sent.connection, from: sent.from, to: sent.to };
        let frames = if sent.asks { &mut conversation.asked } else { &mut conversation.answered };
        frames.push(bytes);
        loop {
            let frames = if sent.asks { &mut conversation.asked } else { &mut conversation.answered };
            match frames.next() {
                Ok(Some(frame)) if sent.asks => conversation.ask(frame, |asked| heard(&speech, asked)),
                Ok(Some(frame)) => {
                    conversation.answer(&frame).into_iter().for_each(|said| heard(&speech, said));
                }
                Ok(None) => return,
                Err(_) => conversation.foreign = true,
            }
            if conversation.foreign {
                return;
            }
        }
    }
}

impl Conversation {
    fn ask(&mut self, frame: Bytes, heard: impl FnOnce(Said)) {
        let Ok(frame) = RequestFrame::decode(frame) else {
            self.foreign = true;
            return;
        };
        let asked = Asked::read(&frame);
        self.open.push_back((frame.correlation_id, asked.clone().map(|asked| (frame.version, asked))));
        if let Some(asked) = asked {
            heard(Said::Asked(asked));
        }
    }

    fn answer(&mut self, frame: &Bytes) -> Option<Said> {
        let correlation = i32::from_be_bytes(frame.get(..4)?.try_into().ok()?);
        // requests that expect no answer (acks=0) are passed over
        let at = self.open.iter().position(|(id, _)| *id == correlation)?;
        let (_, asked) = self.open.drain(..=at).next_back()?;
        let (version, asked) = asked?;
        asked.answered(frame.clone(), version).map(Said::Answered)
    }
}
