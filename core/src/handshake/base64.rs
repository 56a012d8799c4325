//! Base64 (RFC 4648 section 4) for two header fields: a key is checked, a digest or a key is
//! encoded.

use crate::handshake::http;

/// The length of a key: 16 bytes in base64.
pub(crate) const KEY_LEN: usize = 24;

/// Whether `text` is base64 of 16 bytes: 22 digits and two characters of padding. Like most
/// decoders, it ignores the four unused bits of the last digit.
pub(crate) fn is_16_bytes(text: &[u8]) -> bool {
    match text.as_array::<KEY_LEN>() {
        Some([digits @ .., b'=', b'=']) => http::is_made_of(digits, b"+/"),
        _ => false,
    }
}

/// Encodes a SHA-1 digest, or a key. The first byte is the most significant of its word.
pub(crate) fn encode<const WORDS: usize, const LEN: usize>(mut bytes: [u32; WORDS]) -> [u8; LEN] {
    let mut text = [b'='; LEN];
    for character in text.iter_mut().take((32 * WORDS).div_ceil(6)) {
        // Everything moves up by six bits. Those that fall out are a digit.
        let mut out = 0;
        for word in bytes.iter_mut().rev() {
            let top = *word >> 26;
            *word = *word << 6 | out;
            out = top;
        }
        *character = digit(out as u8);
    }
    text
}

/// The digit for six bits.
fn digit(bits: u8) -> u8 {
    match bits {
        0..26 => b'A' + bits,
        26..52 => b'a' + (bits - 26),
        52..62 => b'0' + (bits - 52),
        62 => b'+',
        _ => b'/',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_encoded_as_in_section_1_3() {
        let digest = [
            0xb37a_4f2c,
            0xc062_4f16,
            0x90f6_4606,
            0xcf38_5945,
            0xb2be_c4ea,
        ];
        assert_eq!(&encode(digest), b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn only_22_digits_and_two_characters_of_padding_are_16_bytes() {
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
