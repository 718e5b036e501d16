//! Whole frames: headers, sizes, and records that are passed on without a copy.

use klamm_protocol::{
    ApiKey, ApiVersionsRequest, ApiVersionsResponse, DecodeError, EncodeError, FetchRequest, FetchResponse,
    FrameError, Message as _, MetadataRecord, ProduceRequest, Records, RequestFrame, TopicRecord,
    decode_response, encode_request, encode_response, fetch_response,
};
use klamm_types::{Bytes, Chunk, FileHandle, FileSlice, Str, chunks_len};
use std::sync::Arc;

fn joined(chunks: &[Chunk]) -> Bytes {
    let bytes = chunks.iter().map(|chunk| match chunk {
        Chunk::Bytes(bytes) => bytes.clone(),
        Chunk::File(slice) => Bytes::from(vec![0; slice.length as usize]),
    });
    Bytes::from(bytes.collect::<Vec<_>>().concat())
}

/// The frame without its size, which must be right.
fn unsized_frame(chunks: &[Chunk]) -> Bytes {
    let whole = joined(chunks);
    assert_eq!(whole[..4], (chunks_len(chunks) as i32 - 4).to_be_bytes());
    whole.slice(4..)
}

#[test]
fn a_request_comes_back() {
    for version in ApiKey::Fetch.versions() {
        let request = FetchRequest { max_bytes: 7, min_bytes: 3, ..Default::default() };
        let chunks = encode_request(9, Some(Str::from("me")), version, &request).unwrap();
        let frame = RequestFrame::decode(unsized_frame(&chunks)).unwrap();
        assert_eq!((frame.key, frame.version, frame.correlation_id), (ApiKey::Fetch, version, 9));
        assert_eq!(frame.client_id, Some(Str::from("me")));
        assert_eq!(frame.body::<FetchRequest>().unwrap(), request);
    }
}

#[test]
fn the_answer_to_api_versions_has_the_old_header() {
    for version in 0..=5 {
        let answer = ApiVersionsResponse { error_code: 35, ..Default::default() };
        let frame = unsized_frame(&encode_response(1, version, &answer).unwrap());
        assert_eq!(frame[..6], [0, 0, 0, 1, 0, 35], "no tagged fields between correlation id and error code");
    }
}

#[test]
fn an_unknown_version_keeps_its_correlation_id() {
    let chunks = encode_request(77, None, 4, &ApiVersionsRequest::default()).unwrap();
    let mut frame = unsized_frame(&chunks).to_vec();
    frame[2..4].copy_from_slice(&99i16.to_be_bytes());
    let frame = RequestFrame::decode(Bytes::from(frame)).unwrap();
    assert_eq!((frame.version, frame.correlation_id), (99, 77));
    let refused = frame.body::<ApiVersionsRequest>();
    assert_eq!(refused, Err(DecodeError::UnknownVersion { message: "ApiVersionsRequest", version: 99 }));
}

#[test]
fn an_unknown_key_keeps_its_correlation_id() {
    let refused = RequestFrame::decode(Bytes::from_static(&[3, 231, 0, 5, 0, 0, 0, 8])).unwrap_err();
    assert_eq!(refused, FrameError::UnknownKey { key: 999, version: 5, correlation_id: 8 });
}

#[test]
fn bytes_after_the_body_are_ignored() {
    let chunks = encode_request(1, None, 7, &ProduceRequest::default()).unwrap();
    let mut frame = unsized_frame(&chunks).to_vec();
    frame.push(0);
    let request = RequestFrame::decode(Bytes::from(frame)).unwrap().body::<ProduceRequest>();
    assert_eq!(request, Ok(ProduceRequest::default()));
}

#[derive(Debug)]
struct NoFile;
impl FileHandle for NoFile {
    fn read_at(&self, _: &mut [u8], _: u64) -> std::io::Result<usize> {
        Ok(0)
    }

    fn is_cached(&self, _: u64, _: u64) -> bool {
        true
    }

    fn read_ahead(&self, _: u64, _: u64) {}
}

#[test]
fn records_in_files_are_passed_on() {
    let slice = FileSlice { file: Arc::new(NoFile), position: 5, length: 100_000 };
    let memory = Bytes::from(vec![1; 5000]);
    let records = Records::from(vec![Chunk::File(slice), Chunk::Bytes(memory.clone())]);
    let partition = fetch_response::PartitionData { records: Some(records), ..Default::default() };
    let topic = fetch_response::FetchableTopicResponse { partitions: vec![partition], ..Default::default() };
    let answer = FetchResponse { responses: vec![topic], ..Default::default() };

    let chunks = encode_response(1, 16, &answer).unwrap();
    let [Chunk::Bytes(_), Chunk::File(file), Chunk::Bytes(shared), Chunk::Bytes(_)] = chunks.as_slice()
    else {
        panic!("{chunks:?}");
    };
    assert_eq!((file.position, file.length), (5, 100_000));
    assert_eq!(shared.as_ptr(), memory.as_ptr(), "not copied");

    let (correlation_id, back) = decode_response::<FetchResponse>(unsized_frame(&chunks), 16).unwrap();
    assert_eq!(correlation_id, 1);
    let back = back.responses[0].partitions[0].records.as_ref().and_then(Records::bytes).unwrap().clone();
    assert_eq!((back.len(), &back[100_000..]), (105_000, &memory[..]));
    assert_eq!(answer.to_bytes(16), Err(EncodeError::FileInMemory));
}

#[test]
fn metadata_records_have_kafkas_frame() {
    let record = MetadataRecord::from(TopicRecord { name: Str::from("t"), ..Default::default() });
    let value = record.to_value(0).unwrap();
    assert_eq!(value[..5], [1, 2, 0, 2, b't']);
    assert_eq!(MetadataRecord::from_value(value, |_| i16::MAX).unwrap(), record);
}
