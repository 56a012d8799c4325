//! A server's frames as bytes, the right ones and the wrong ones (RFC 6455 section 5.2).

use crate::frame_header::{self, CLOSE, CONTINUATION, LEN_64, MASKED, PING, PONG};
pub(super) use crate::frame_header::{BINARY, FIN, RSV1, TEXT};
use crate::serve::behaviour::Violation;

const RSV2: u8 = 0x20;
/// In the place of [`MASKED`].
const UNMASKED: u8 = 0;
/// The first of the opcodes that are reserved for data.
const RESERVED: u8 = 0x3;

/// A code that must not be sent (RFC 6455 section 7.4.1).
const NO_STATUS_RECEIVED: u16 = 1005;
/// What is in frames that break a rule.
const TEXT_OF_VIOLATION: &[u8] = b"violation";

/// Adds the header of an unmasked frame.
pub(super) fn write_header(first: u8, len: usize, bytes: &mut Vec<u8>) {
    frame_header::write_header(first, UNMASKED, len, bytes);
}

/// A frame in one piece.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_header(first, payload.len(), &mut bytes);
    bytes.extend_from_slice(payload);
    bytes
}

/// A Ping with a number as its payload.
pub(super) fn ping(number: u64) -> Vec<u8> {
    frame(FIN | PING, number.to_string().as_bytes())
}

/// A Pong that nobody has asked for.
pub(super) fn unasked_pong() -> Vec<u8> {
    frame(FIN | PONG, b"")
}

/// The first byte of the next frame of a message, of which `first` is the first byte, with FIN.
pub(super) fn first_byte(first: u8, is_continued: bool, is_last: bool) -> u8 {
    let opcode = if is_continued {
        CONTINUATION
    } else {
        first & !FIN
    };
    if is_last { opcode | FIN } else { opcode }
}

/// What no server may send.
pub(super) fn violation(violation: Violation) -> Vec<u8> {
    let text = TEXT_OF_VIOLATION;
    match violation {
        Violation::Mask => {
            let key = [0x37, 0xFA, 0x21, 0x3D];
            let masked = text.iter().zip(key.iter().cycle());
            let masked = masked.map(|(byte, key)| byte ^ key).collect();
            let header = vec![FIN | TEXT, MASKED | text.len() as u8];
            [header, key.to_vec(), masked].concat()
        }
        Violation::ReservedBit => frame(FIN | RSV2 | TEXT, text),
        Violation::Opcode => frame(FIN | RESERVED, text),
        // These bytes are in no character (RFC 3629 section 3).
        Violation::Utf8 => frame(FIN | TEXT, b"\xFF\xFE"),
        // One that is only not minimal would be accepted by most clients.
        Violation::Length => {
            let len = 1 << 63 | text.len() as u64;
            [&[FIN | TEXT, LEN_64][..], &len.to_be_bytes(), text].concat()
        }
        Violation::Fragment => [frame(TEXT, text), frame(FIN | TEXT, text)].concat(),
        Violation::Control => frame(FIN | PING, &[b'.'; 126]),
        Violation::CloseCode => frame(FIN | CLOSE, &NO_STATUS_RECEIVED.to_be_bytes()),
        Violation::Continuation => frame(FIN | CONTINUATION, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_violation_is_the_one_that_its_name_says() {
        for (kind, expected) in [
            (Violation::ReservedBit, &b"\xA1\x09violation"[..]),
            (Violation::Opcode, b"\x83\x09violation"),
            (Violation::Utf8, b"\x81\x02\xFF\xFE"),
            (Violation::Length, b"\x81\x7F\x80\0\0\0\0\0\0\x09violation"),
            (Violation::Fragment, b"\x01\x09violation\x81\x09violation"),
            (Violation::CloseCode, b"\x88\x02\x03\xED"),
            (Violation::Continuation, b"\x80\x09violation"),
        ] {
            assert_eq!(violation(kind), expected, "{kind:?}");
        }
        let control = violation(Violation::Control);
        assert_eq!(control[..4], *b"\x89\x7E\x00\x7E");
        assert_eq!(control.len(), 4 + 126);
        let masked = violation(Violation::Mask);
        assert_eq!(masked[..2], *b"\x81\x89");
        assert_eq!(masked.len(), 2 + 4 + 9);
        let plain = masked[6..].iter().zip(masked[2..6].iter().cycle());
        let plain: Vec<u8> = plain.map(|(byte, key)| byte ^ key).collect();
        assert_eq!(plain, b"violation");
    }
}
