//! The message that is sent over and over, prepared once for all connections: as one masked frame,
//! and as many copies of it in a row.

use super::frame::{self, BINARY, TEXT};
use super::{json, random};
use crate::options::bench::{Echo, PayloadKind};

/// The length of the prepared frames in bytes, unless one frame is longer: what one write may take.
const BATCH_LEN: usize = 256 << 10;

/// The message that is sent over and over.
#[derive(Debug)]
pub(super) struct PreparedMessage {
    /// Text or binary.
    pub(super) opcode: u8,
    /// The payload of its echo.
    pub(super) echo_payload: Vec<u8>,
    /// The header of its echo, if that is a single frame.
    pub(super) echo_header: Vec<u8>,
    /// The length of its frame, masking key included.
    pub(super) frame_len: u64,
    /// Its frame, at least once.
    pub(super) batch: Vec<u8>,
}

impl PreparedMessage {
    /// A message of `len` bytes; up to `count` of them may be sent at once.
    pub(super) fn new(kind: PayloadKind, len: usize, count: u64, echo: Echo) -> Self {
        let (opcode, payload) = match kind {
            PayloadKind::Binary => (BINARY, random::bytes().take(len).collect()),
            PayloadKind::Ascii => (TEXT, ascii(len)),
            PayloadKind::Chinese => (TEXT, chinese(len)),
            PayloadKind::Json => (TEXT, json::records(len)),
        };
        let frame = frame::masked(opcode, &payload);
        let copies = usize::try_from(count).unwrap_or(usize::MAX);
        let copies = copies.min(BATCH_LEN / frame.len()).max(1);
        Self {
            opcode,
            echo_header: match echo {
                Echo::Messages => frame::unmasked_header(opcode, payload.len()),
                Echo::Bytes => frame[..frame.len() - payload.len()].to_vec(),
            },
            echo_payload: frame::echoed(payload, echo),
            frame_len: frame.len() as u64,
            batch: frame.repeat(copies),
        }
    }
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
