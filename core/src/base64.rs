//! Base64 (RFC 4648 section 4) for the two fields of the handshake: a key is looked at, a digest is
//! written.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Whether `text` is base64 of 16 bytes: 22 digits and two signs of padding. Like most decoders,
/// it does not ask for zeros in the four bits of the last digit that carry nothing.
pub(crate) fn is_16_bytes(text: &[u8]) -> bool {
    let Some((digits, b"==")) = text.split_last_chunk::<2>() else {
        return false;
    };
    digits.len() == 22
        && digits
            .iter()
            .all(|&digit| digit.is_ascii_alphanumeric() || digit == b'+' || digit == b'/')
}

/// A SHA-1 digest, in base64.
pub(crate) fn encode(digest: [u8; 20]) -> [u8; 28] {
    let mut text = [b'='; 28];
    let groups = text.as_chunks_mut::<4>().0;
    for (group, bytes) in groups.iter_mut().zip(digest.chunks(3)) {
        let bits = bytes
            .iter()
            .chain([&0; 3])
            .take(3)
            .fold(0, |bits, &byte| bits << 8 | usize::from(byte));
        for (i, digit) in group.iter_mut().enumerate().take(bytes.len() + 1) {
            *digit = ALPHABET[bits >> (18 - 6 * i) & 63];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_written_as_in_section_1_3() {
        let digest = [
            0xb3, 0x7a, 0x4f, 0x2c, 0xc0, 0x62, 0x4f, 0x16, 0x90, 0xf6, 0x46, 0x06, 0xcf, 0x38,
            0x59, 0x45, 0xb2, 0xbe, 0xc4, 0xea,
        ];
        assert_eq!(&encode(digest), b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn only_22_digits_and_two_paddings_are_16_bytes() {
        for (text, expected) in [
            ("dGhlIHNhbXBsZSBub25jZQ==", true),
            ("+/+/+/+/+/+/+/+/+/+/+/==", true),
            ("", false),
            ("==", false),
            ("dGhlIHNhbXBsZSBub25jZQ", false),
            ("dGhlIHNhbXBsZSBub25jZQ=", false),
            ("dGhlIHNhbXBsZSBub25jZ===", false),
            ("dGhlIHNhbXBsZSBub25jZQQ=", false),
            ("dGhlIHNhbXBsZSBub25jZQQQ==", false),
            ("dGhlIHNhbXBsZSBub25j_Q==", false),
            ("dGhlIHNhbXBsZSBub25jZ Q=", false),
        ] {
            assert_eq!(is_16_bytes(text.as_bytes()), expected, "{text}");
        }
    }
}
