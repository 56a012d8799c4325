//! The header of a frame as bytes (RFC 6455 section 5.2), for clients that write frames themselves:
//! the core writes only what an application may send.

pub(crate) const FIN: u8 = 0x80;
/// The bit of a compressed message, in its first frame (RFC 7692 section 6).
pub(crate) const RSV1: u8 = 0x40;
pub(crate) const MASKED: u8 = 0x80;
pub(crate) const CONTINUATION: u8 = 0x0;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xA;

/// The header of a frame with this first byte, [`MASKED`] or 0, and the length of the payload in
/// the shortest form. A masking key follows it if it is masked.
pub(crate) fn header(first: u8, mask: u8, len: usize) -> Vec<u8> {
    let mut header = vec![first];
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
