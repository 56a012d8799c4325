//! Compressed messages (RFC 7692 section 7.2.1), by zlib-rs.

use zlib_rs::{Deflate, DeflateFlush};

/// The bit of a compressed message, on its first frame.
pub const RSV1: u8 = 0x40;
/// The header that most clients offer compression with.
pub const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

/// `Hello`, as the RFC compresses it in section 7.2.3.1.
pub const HELLO: &[u8] = b"\xF2\x48\xCD\xC9\xC9\x07\x00";
/// `Hello` once more, by a reference to the first one (section 7.2.3.2).
pub const HELLO_AGAIN: &[u8] = b"\xF2\x00\x11\x00\x00";

/// What ends each message, and is left out.
const TAIL: &[u8] = b"\x00\x00\xFF\xFF";

/// The compressed bytes of a message that does not refer to others.
pub fn compressed(message: &[u8]) -> Vec<u8> {
    let mut with_tail = flushed(message);
    with_tail.truncate(with_tail.len() - TAIL.len());
    with_tail
}

/// So many MiB of zeros, a thousand times shorter.
pub fn zeros(mib: usize) -> Vec<u8> {
    let mut with_tail = flushed(&vec![0; 1 << 20]).repeat(mib);
    with_tail.truncate(with_tail.len() - TAIL.len());
    with_tail
}

/// The compressed bytes with the tail.
fn flushed(message: &[u8]) -> Vec<u8> {
    let mut deflate = Deflate::new(6, false, 15);
    let mut bytes = vec![0; message.len() + message.len() / 100 + 100];
    let flushed = deflate.compress(message, &mut bytes, DeflateFlush::SyncFlush);
    flushed.expect("there is room");
    bytes.truncate(deflate.total_out() as usize);
    assert!(bytes.ends_with(TAIL));
    bytes
}
