//! The message that is sent over and over, prepared once for all connections: as one masked frame,
//! and as many copies of it in a row.

use ws_echo_core::Window;

use super::frame::{self, BINARY, RSV1, TEXT};
use super::frame_reader::DataPiece;
use super::{json, random};
use crate::deflate::deflater::Deflater;
use crate::options::bench::{Echo, PayloadKind};

/// The length of the prepared frames in bytes, unless one frame is longer: what one write may take.
const BATCH_LEN: usize = 256 << 10;

/// The message that is sent over and over.
#[derive(Debug)]
pub(super) struct PreparedMessage {
    /// Text or binary.
    pub(super) opcode: u8,
    /// The payload of its echo. If that is compressed, what it inflates to.
    pub(super) echo_payload: Vec<u8>,
    /// What the payload was compressed to, if it was.
    pub(super) compressed: Option<Vec<u8>>,
    /// Its echo as it is on the wire, if that is a single frame.
    pub(super) echo_frame: EchoFrame,
    /// The length of its frame, masking key included.
    pub(super) frame_len: u64,
    /// Its frame, at least once.
    pub(super) batch: Vec<u8>,
}

/// A message of one frame, as a server sends it.
#[derive(Debug)]
pub(super) struct EchoFrame {
    pub(super) header: Vec<u8>,
    pub(super) payload_len: usize,
}

impl EchoFrame {
    /// To the opcode [`RSV1`] may be added.
    pub(super) fn new(opcode: u8, payload_len: usize) -> Self {
        Self {
            header: frame::unmasked_header(opcode, payload_len),
            payload_len,
        }
    }
}

impl PreparedMessage {
    /// A message of `len` bytes; up to `count` of them may be sent at once.
    pub(super) fn new(kind: PayloadKind, len: usize, count: u64, echo: Echo) -> Self {
        let (opcode, payload) = payload(kind, len);
        let frame = frame::masked(opcode, &payload);
        Self {
            opcode,
            echo_frame: match echo {
                Echo::Messages => EchoFrame::new(opcode, len),
                Echo::Bytes => EchoFrame {
                    header: frame[..frame.len() - len].to_vec(),
                    payload_len: len,
                },
            },
            echo_payload: frame::echoed(payload, echo),
            compressed: None,
            frame_len: frame.len() as u64,
            batch: batch(&frame, count),
        }
    }

    /// The same, compressed for a server that inflates with this window. No message refers to an
    /// earlier one: as all are the same, hardly a byte of the later ones would be left.
    pub(super) fn compressed(kind: PayloadKind, len: usize, count: u64, window: Window) -> Self {
        let (opcode, payload) = payload(kind, len);
        let mut compressed = Vec::new();
        Deflater::new(window.fresh()).compress(&payload, &mut compressed);
        let frame = frame::masked(opcode | RSV1, &compressed);
        Self {
            opcode,
            echo_frame: EchoFrame::new(opcode | RSV1, compressed.len()),
            echo_payload: payload,
            compressed: Some(compressed),
            frame_len: frame.len() as u64,
            batch: batch(&frame, count),
        }
    }

    /// Whether a message is this one, compressed in the same way, up to the end of a piece of it,
    /// provided that it is so up to the beginning of the piece.
    pub(super) fn is_continued_by(&self, piece: &DataPiece<'_>) -> bool {
        let before = self.compressed_before(piece);
        let sent = self.compressed.as_deref().unwrap_or_default();
        let rest = &sent[before.len()..];
        let is_end = rest.len() == piece.bytes.len();
        let is_same = rest.starts_with(piece.bytes) && (is_end || !piece.is_last);
        is_same && piece.opcode == self.opcode
    }

    /// What the message was compressed to, up to the beginning of a piece of it.
    pub(super) fn compressed_before(&self, piece: &DataPiece<'_>) -> &[u8] {
        let sent = self.compressed.as_deref().unwrap_or_default();
        let len = usize::try_from(piece.offset).map_or(sent.len(), |it| it.min(sent.len()));
        &sent[..len]
    }
}

/// The opcode and the payload of a message.
fn payload(kind: PayloadKind, len: usize) -> (u8, Vec<u8>) {
    match kind {
        PayloadKind::Binary => (BINARY, random::bytes().take(len).collect()),
        PayloadKind::Ascii => (TEXT, ascii(len)),
        PayloadKind::Chinese => (TEXT, chinese(len)),
        PayloadKind::Json => (TEXT, json::records(len)),
    }
}

/// Up to `count` copies of a frame, at least one.
fn batch(frame: &[u8], count: u64) -> Vec<u8> {
    let copies = usize::try_from(count).unwrap_or(usize::MAX);
    frame.repeat(copies.min(BATCH_LEN / frame.len()).max(1))
}

fn ascii(len: usize) -> Vec<u8> {
    (b' '..=b'~').cycle().take(len).collect()
}

fn chinese(len: usize) -> Vec<u8> {
    const CHARACTERS: &str = "天地玄黃宇宙洪荒日月盈昃辰宿列張寒來暑往秋收冬藏";
    let characters = CHARACTERS.chars().cycle().take(len / 3);
    let mut text: String = characters.collect();
    text.extend(std::iter::repeat_n('.', len % 3));
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_has_the_length_asked_for_and_text_is_utf_8() {
        for len in [0, 1, 2, 3, 4, 5, 125, 126, 1024, 70_000] {
            for kind in [
                PayloadKind::Binary,
                PayloadKind::Ascii,
                PayloadKind::Chinese,
                PayloadKind::Json,
            ] {
                let message = PreparedMessage::new(kind, len, 1, Echo::Messages);
                assert_eq!(message.echo_payload.len(), len);
                assert!(
                    kind == PayloadKind::Binary || str::from_utf8(&message.echo_payload).is_ok()
                );
            }
        }
    }

    #[test]
    fn chinese_is_made_of_characters_of_three_bytes() {
        let message = PreparedMessage::new(PayloadKind::Chinese, 100, 1, Echo::Messages);
        let text = str::from_utf8(&message.echo_payload).expect("UTF-8");
        assert_eq!(
            text.chars()
                .filter(|character| character.len_utf8() == 3)
                .count(),
            33
        );
        assert!(text.ends_with('.'));
    }

    #[test]
    fn one_frame_is_prepared_for_each_message_that_may_be_in_flight_and_at_least_one() {
        let message = PreparedMessage::new(PayloadKind::Binary, 16, 16, Echo::Messages);
        assert_eq!(message.batch.len(), 16 * 22);
        assert_eq!(message.batch[..22], message.batch[15 * 22..]);
        let message = PreparedMessage::new(PayloadKind::Binary, 1 << 20, 16, Echo::Messages);
        assert_eq!(message.batch.len() as u64, message.frame_len);
    }
}
