//! The header of a frame as bytes (RFC 6455 section 5.2), for what reads frames or writes them
//! without the core: that writes only what an application may send.

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

/// The second byte of a header, without [`MASKED`], that is followed by a length of two bytes, or
/// of eight.
pub(crate) const LEN_16: u8 = 126;
pub(crate) const LEN_64: u8 = 127;

/// What the header of a frame says, right or wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    /// The byte with FIN, the reserved bits and the opcode.
    pub(crate) first: u8,
    /// The length of the payload in bytes.
    pub(crate) len: u64,
    /// Whether the length is in the shortest form.
    pub(crate) is_shortest: bool,
    /// How many bytes the header itself has, with the masking key.
    pub(crate) header_len: usize,
    /// `None` if the frame is not masked.
    pub(crate) key: Option<[u8; 4]>,
}

/// Reads the header that these bytes are; `None` if it is not complete.
pub(crate) fn read_header(bytes: &[u8]) -> Option<FrameHeader> {
    let all_len = bytes.len();
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    let (len, shortest_min, rest) = match second & !MASKED {
        LEN_16 => {
            let (len, rest) = rest.split_first_chunk()?;
            (u16::from_be_bytes(*len).into(), LEN_16.into(), rest)
        }
        LEN_64 => {
            let (len, rest) = rest.split_first_chunk()?;
            (u64::from_be_bytes(*len), 1 << 16, rest)
        }
        len => (len.into(), 0, rest),
    };
    let (key, rest) = match second & MASKED {
        0 => (None, rest),
        _ => {
            let (key, rest) = rest.split_first_chunk()?;
            (Some(*key), rest)
        }
    };
    Some(FrameHeader {
        first,
        len,
        is_shortest: len >= shortest_min,
        header_len: all_len - rest.len(),
        key,
    })
}

/// The header of a frame with this first byte, [`MASKED`] or 0, and the length of the payload in
/// the shortest form. A masking key follows it if it is masked.
pub(crate) fn header(first: u8, mask: u8, len: usize) -> Vec<u8> {
    let mut header = Vec::new();
    write_header(first, mask, len, &mut header);
    header
}

/// The same, added to `bytes`.
pub(crate) fn write_header(first: u8, mask: u8, len: usize, bytes: &mut Vec<u8>) {
    bytes.push(first);
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(short @ ..LEN_16), _) => bytes.push(mask | short),
        (_, Ok(medium)) => {
            bytes.push(mask | LEN_16);
            bytes.extend(medium.to_be_bytes());
        }
        _ => {
            bytes.push(mask | LEN_64);
            bytes.extend((len as u64).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_the_shortest_form_of_each_length() {
        for (len, expected) in [
            (0, &b"\x81\x00"[..]),
            (125, b"\x81\x7D"),
            (126, b"\x81\x7E\x00\x7E"),
            (65_535, b"\x81\x7E\xFF\xFF"),
            (65_536, b"\x81\x7F\0\0\0\0\0\x01\0\0"),
        ] {
            assert_eq!(header(FIN | TEXT, 0, len), expected, "{len}");
        }
    }
}
