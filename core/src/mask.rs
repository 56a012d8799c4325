//! Masking (RFC 6455 section 5.3). It does not choose keys.

/// A frame's masking key, turned so that its first byte belongs to the next byte of the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MaskingKey(u32);

impl MaskingKey {
    /// The key, whose first byte in the frame is its most significant.
    pub(crate) const fn new(key: u32) -> Self {
        Self(key)
    }

    /// Adds the key's next byte, of four.
    pub(crate) fn push(&mut self, byte: u8) {
        self.0 = self.0 << 8 | u32::from(byte);
    }

    /// Masks or unmasks the next bytes of the payload; a payload may be cut anywhere.
    ///
    /// > j = i MOD 4
    /// > transformed-octet-i = original-octet-i XOR masking-key-octet-j (section 5.3)
    pub(crate) fn apply(&mut self, payload: &mut [u8]) {
        let (words, rest) = payload.as_chunks_mut::<4>();
        for word in words {
            *word = (u32::from_be_bytes(*word) ^ self.0).to_be_bytes();
        }
        for byte in rest {
            self.0 = self.0.rotate_left(8);
            *byte ^= self.0 as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6455 section 5.7: a single-frame masked text message that contains "Hello".
    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    #[test]
    fn the_masked_hello_of_section_5_7_reads_hello() {
        let mut payload = [0x7f, 0x9f, 0x4d, 0x51, 0x58];
        MaskingKey::new(u32::from_be_bytes(KEY)).apply(&mut payload);
        assert_eq!(&payload, b"Hello");
    }

    #[test]
    fn a_payload_cut_anywhere_is_unmasked_as_a_whole() {
        let whole: [u8; 40] = core::array::from_fn(|i| i as u8);
        let expected: [u8; 40] = core::array::from_fn(|i| i as u8 ^ KEY[i % 4]);
        for first in 0..=whole.len() {
            for second in first..=whole.len() {
                let (mut payload, mut key) = (whole, MaskingKey::new(u32::from_be_bytes(KEY)));
                key.apply(&mut payload[..first]);
                key.apply(&mut payload[first..second]);
                key.apply(&mut payload[second..]);
                assert_eq!(payload, expected, "cut at {first} and {second}");
            }
        }
    }
}
