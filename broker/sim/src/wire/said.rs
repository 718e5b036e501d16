//! The messages that invariants look at.

use klamm_protocol::{self as protocol, ApiKey, RequestFrame, decode_response};
use klamm_types::Bytes;

macro_rules! said {
    ($($name:ident $request:ident $response:ident),* $(,)?) => {
        /// A request.
        #[derive(Clone, Debug)]
        #[allow(missing_docs)] // Kafka's names
        pub enum Asked { $($name(protocol::$request)),* }

        /// A request and its answer.
        #[derive(Clone, Debug)]
        #[allow(missing_docs)] // Kafka's names
        pub enum Answered { $($name(protocol::$request, protocol::$response)),* }

        impl Asked {
            /// The body of a request that an invariant looks at. One that is malformed is the receiver's to refuse.
            pub(super) fn read(frame: &RequestFrame) -> Option<Self> {
                match frame.key {
                    $(ApiKey::$name => frame.body().ok().map(Self::$name),)*
                    _ => None,
                }
            }

            /// With the answer in `frame`.
            pub(super) fn answered(self, frame: Bytes, version: i16) -> Option<Answered> {
                match self {
                    $(Self::$name(request) => {
                        decode_response(frame, version).ok().map(|(_, answer)| Answered::$name(request, answer))
                    })*
                }
            }
        }
    };
}

said! {
    AlterPartition AlterPartitionRequest AlterPartitionResponse,
    BeginQuorumEpoch BeginQuorumEpochRequest BeginQuorumEpochResponse,
    EndQuorumEpoch EndQuorumEpochRequest EndQuorumEpochResponse,
    Fetch FetchRequest FetchResponse,
    FetchSnapshot FetchSnapshotRequest FetchSnapshotResponse,
    Metadata MetadataRequest MetadataResponse,
    Produce ProduceRequest ProduceResponse,
    Vote VoteRequest VoteResponse,
}
