//! The value of Sec-WebSocket-Accept (RFC 6455 sections 1.3 and 4.2.2): a server sends it, and a
//! client checks it.

use crate::handshake::base64::{self, KEY_LEN};
use crate::handshake::sha1::{MESSAGE_LEN, sha1};

/// The length of the value in bytes.
pub(crate) const ACCEPT_LEN: usize = 28;

/// What is appended to the key before it is hashed (section 1.3).
const GUID: &[u8; 36] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const _: () = assert!(MESSAGE_LEN == KEY_LEN + GUID.len());

/// The value that answers this Sec-WebSocket-Key.
///
/// > [...] concatenating /key/, [...] with the string "258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
/// > taking the SHA-1 hash [...] and base64-encoding [...] this 20-byte hash. (section 4.2.2)
pub(crate) fn accept(key: &[u8; KEY_LEN]) -> [u8; ACCEPT_LEN] {
    let mut concatenated = [0; MESSAGE_LEN];
    let (start, end) = concatenated.split_at_mut(KEY_LEN);
    start.copy_from_slice(key);
    end.copy_from_slice(GUID);
    base64::encode(sha1(&concatenated))
}
