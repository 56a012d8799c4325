//! What is sent, prepared once for all connections: a message as one masked frame (RFC 6455
//! section 5.2), and many copies of it in a row.

use crate::options::bench::{Echo, PayloadKind};

pub(super) const FIN: u8 = 0x80;
pub(super) const MASKED: u8 = 0x80;
pub(super) const TEXT: u8 = 0x1;
pub(super) const BINARY: u8 = 0x2;
pub(super) const CLOSE: u8 = 0x8;
pub(super) const PING: u8 = 0x9;
pub(super) const PONG: u8 = 0xA;

/// One for all frames: it guards browsers' users against proxies, and none of them is here. It is
/// not zero, or a server could be measured that leaves unmasking out.
const MASKING_KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// How many bytes of frames are prepared, at least one frame: what one write may take.
const BATCH_LEN: usize = 256 << 10;

/// The message that is sent over and over.
#[derive(Debug)]
pub(super) struct PreparedMessage {
    /// Text or binary.
    pub(super) opcode: u8,
    /// The payload of its echo.
    pub(super) payload: Vec<u8>,
    /// The header of its echo when that is one frame: a server of messages masks nothing.
    pub(super) reply_header: Vec<u8>,
    /// The length of its frame, masking key included.
    pub(super) frame_len: u64,
    /// Its frame, at least once.
    pub(super) batch: Vec<u8>,
}

impl PreparedMessage {
    /// A message of `len` bytes; up to `count` of them may be sent at once.
    pub(super) fn new(kind: PayloadKind, len: usize, count: u64, echo: Echo) -> Self {
        let (opcode, payload) = match kind {
            PayloadKind::Binary => (BINARY, bytes(len)),
            PayloadKind::Ascii => (TEXT, ascii(len)),
            PayloadKind::Chinese => (TEXT, chinese(len)),
        };
        let frame = masked(opcode, &payload);
        let copies = usize::try_from(count).unwrap_or(usize::MAX);
        let copies = copies.min(BATCH_LEN / frame.len()).max(1);
        Self {
            opcode,
            reply_header: match echo {
                Echo::Messages => header(opcode, 0, payload.len()),
                Echo::Bytes => frame[..frame.len() - payload.len()].to_vec(),
            },
            payload: echoed(payload, echo),
            frame_len: frame.len() as u64,
            batch: frame.repeat(copies),
        }
    }

    /// How a report names what the payload is made of.
    pub(super) fn name(kind: PayloadKind) -> &'static str {
        match kind {
            PayloadKind::Binary => "binary",
            PayloadKind::Ascii => "ascii",
            PayloadKind::Chinese => "chinese",
        }
    }
}

/// A final frame, as a client sends it.
pub(super) fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(opcode, MASKED, payload.len());
    frame.extend(MASKING_KEY);
    frame.extend(masked_payload(payload));
    frame
}

/// A payload as it comes back.
pub(super) fn echoed(payload: Vec<u8>, echo: Echo) -> Vec<u8> {
    match echo {
        Echo::Messages => payload,
        Echo::Bytes => masked_payload(&payload).collect(),
    }
}

fn masked_payload(payload: &[u8]) -> impl Iterator<Item = u8> {
    let key = MASKING_KEY.iter().cycle();
    payload.iter().zip(key).map(|(byte, key)| byte ^ key)
}

fn header(opcode: u8, mask: u8, len: usize) -> Vec<u8> {
    let mut header = vec![FIN | opcode];
    match len {
        0..126 => header.push(mask | len as u8),
        126..=0xFFFF => {
            header.push(mask | 126);
            header.extend((len as u16).to_be_bytes());
        }
        _ => {
            header.push(mask | 127);
            header.extend((len as u64).to_be_bytes());
        }
    }
    header
}

/// Bytes of every value, without a period that a wrong echo could hide in.
fn bytes(len: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        // The constants are Knuth's; the upper bits are the good ones.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
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
            ] {
                let message = PreparedMessage::new(kind, len, 1, Echo::Messages);
                assert_eq!(message.payload.len(), len);
                assert!(kind == PayloadKind::Binary || str::from_utf8(&message.payload).is_ok());
            }
        }
    }

    #[test]
    fn chinese_is_made_of_characters_of_three_bytes() {
        let message = PreparedMessage::new(PayloadKind::Chinese, 100, 1, Echo::Messages);
        let text = str::from_utf8(&message.payload).expect("UTF-8");
        assert_eq!(text.chars().filter(|it| it.len_utf8() == 3).count(), 33);
        assert!(text.ends_with('.'));
    }

    #[test]
    fn frames_are_masked_and_have_the_shortest_length() {
        assert_eq!(
            masked(TEXT, b"Hello"),
            *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
        );
        assert_eq!(masked(BINARY, &[0; 126])[..4], [0x82, 0xFE, 0, 126]);
        let long = masked(BINARY, &[0; 0x1_0000]);
        assert_eq!(long[..10], [0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0]);
        assert_eq!(masked(CLOSE, b""), *b"\x88\x80\x37\xfa\x21\x3d");
    }

    #[test]
    fn as_many_frames_are_prepared_as_may_be_sent_at_once_and_one_at_least() {
        let message = PreparedMessage::new(PayloadKind::Binary, 16, 16, Echo::Messages);
        assert_eq!(message.batch.len(), 16 * 22);
        assert_eq!(message.batch[..22], message.batch[15 * 22..]);
        let message = PreparedMessage::new(PayloadKind::Binary, 1 << 20, 16, Echo::Messages);
        assert_eq!(message.batch.len() as u64, message.frame_len);
    }
}
