//! A client's frames as bytes (RFC 6455 section 5.2), all with the same masking key.

use crate::frame_header::header;
pub(super) use crate::frame_header::{BINARY, CLOSE, FIN, MASKED, PING, PONG, RSV1, TEXT};
use crate::options::bench::Echo;

/// The key of every frame. An unpredictable key protects proxies from pages in a browser, and there
/// are none here. The key is not zero, or a server that does not unmask would pass.
const MASKING_KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// Returns a final frame as a client sends it. To the opcode [`RSV1`] may be added.
pub(super) fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(FIN | opcode, MASKED, payload.len());
    frame.extend(MASKING_KEY);
    frame.extend(masked_payload(payload));
    frame
}

/// Returns the header of a final frame as a server sends it. To the opcode [`RSV1`] may be added.
pub(super) fn unmasked_header(opcode: u8, payload_len: usize) -> Vec<u8> {
    const UNMASKED: u8 = 0;
    header(FIN | opcode, UNMASKED, payload_len)
}

/// Returns a payload as the server sends it back.
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
