//! The two ends of a connection, and which of them masks its frames (RFC 6455 sections 5.1 and
//! 5.3). Everything else is the same for both.

use core::fmt;

use heapless::Vec;

use crate::frame::error::ProtocolError;
use crate::frame::layout::{MASK, MASKING_KEY_LEN};
use crate::frame::mask::MaskingKey;

/// An end of a connection: [`Server`] or [`Client`]. Nothing else implements it.
pub trait Role: Masking {}

impl<R: Masking> Role for R {}

/// The end of a connection that accepted it.
#[derive(Clone, Copy, Debug)]
pub struct Server;

/// The end of a connection that made it. Its masking keys come from `F`.
pub struct Client<F> {
    next_key: F,
}

impl<F: FnMut() -> [u8; MASKING_KEY_LEN]> Client<F> {
    pub(crate) const fn new(next_key: F) -> Self {
        Self { next_key }
    }
}

impl<F> fmt::Debug for Client<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// What the two ends do differently. Other crates cannot name this trait: its items are not part of
/// the public interface.
pub trait Masking {
    /// The MASK bit in each frame from the other end.
    const RECEIVED_MASK: u8;
    /// The error of a frame with another MASK bit.
    const WRONG_MASK: ProtocolError;
    /// The length of the masking key in each frame that is sent.
    const SENT_KEY_LEN: usize;

    /// The masking key of the next frame that is sent, if this end masks.
    fn next_key(&mut self) -> Option<[u8; MASKING_KEY_LEN]>;
}

impl Masking for Server {
    // > The server MUST close the connection upon receiving a frame that is not masked.
    // > (section 5.1)
    const RECEIVED_MASK: u8 = MASK;
    const WRONG_MASK: ProtocolError = ProtocolError::Unmasked;
    // > A server MUST NOT mask any frames that it sends to the client. (section 5.1)
    const SENT_KEY_LEN: usize = 0;

    fn next_key(&mut self) -> Option<[u8; MASKING_KEY_LEN]> {
        None
    }
}

impl<F: FnMut() -> [u8; MASKING_KEY_LEN]> Masking for Client<F> {
    // > A client MUST close a connection if it detects a masked frame. (section 5.1)
    const RECEIVED_MASK: u8 = 0;
    const WRONG_MASK: ProtocolError = ProtocolError::Masked;
    // > [...] a client MUST mask all frames that it sends to the server [...] (section 5.1)
    const SENT_KEY_LEN: usize = MASKING_KEY_LEN;

    fn next_key(&mut self) -> Option<[u8; MASKING_KEY_LEN]> {
        Some((self.next_key)())
    }
}

/// Turns the header of an unmasked frame into one that this end may send.
pub(crate) fn finish_header<const N: usize>(role: &mut impl Role, header: &mut Vec<u8, N, u8>) {
    // > [...] the client MUST pick a fresh masking key from the set of allowed 32-bit values.
    // > (section 5.3)
    if let Some(key) = role.next_key()
        && let Some(second) = header.get_mut(1)
    {
        *second |= MASK;
        let _ = header.extend_from_slice(&key);
    }
}

/// Masks the payload that is sent after this header, if this end masks.
pub(crate) fn mask<R: Role>(header: &[u8], payload: &mut [u8]) {
    if R::SENT_KEY_LEN > 0 {
        let key = header.last_chunk().copied().unwrap_or_default();
        MaskingKey::new(u32::from_be_bytes(key)).apply(payload);
    }
}
