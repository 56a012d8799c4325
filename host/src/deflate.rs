//! The compression of messages (RFC 7692 section 7.2), by zlib-rs. Only what is here uses it.

pub(crate) mod checked_inflater;
pub(crate) mod deflater;
pub(crate) mod inflater;

/// What ends the compressed bytes of each message, and is left out of its frames.
///
/// > Remove 4 octets (that are 0x00 0x00 0xff 0xff) from the tail end. (RFC 7692 section 7.2.1)
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

#[cfg(test)]
mod tests;
