//! Masking (RFC 6455 section 5.3). It does not choose keys.

/// A frame's masking key, turned so that its first byte belongs to the next byte of the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MaskingKey(u32);

impl MaskingKey {
    /// The key as it stands in the frame.
    pub(crate) fn new(bytes: [u8; 4]) -> Self {
        Self(u32::from_be_bytes(bytes))
    }

    /// Masks or unmasks the next bytes of the payload; a payload may be cut anywhere.
    ///
    /// > j = i MOD 4
    /// > transformed-octet-i = original-octet-i XOR masking-key-octet-j (section 5.3)
    pub(crate) fn apply(&mut self, payload: &mut [u8]) {
        let key = u64::from(self.0) << 32 | u64::from(self.0);
        let turned_by = payload.len() % 4;
        let (words, rest) = payload.as_chunks_mut::<8>();
        for word in words {
            *word = (u64::from_be_bytes(*word) ^ key).to_be_bytes();
        }
        for (byte, key) in rest.iter_mut().zip(key.to_be_bytes()) {
            *byte ^= key;
        }
        self.0 = self.0.rotate_left(8 * turned_by as u32);
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
        MaskingKey::new(KEY).apply(&mut payload);
        assert_eq!(&payload, b"Hello");
    }

    #[test]
    fn a_payload_cut_anywhere_is_unmasked_as_a_whole() {
        let whole: [u8; 40] = core::array::from_fn(|i| i as u8);
        let expected: [u8; 40] = core::array::from_fn(|i| i as u8 ^ KEY[i % 4]);
        for first in 0..=whole.len() {
            for second in first..=whole.len() {
                let (mut payload, mut key) = (whole, MaskingKey::new(KEY));
                key.apply(&mut payload[..first]);
                key.apply(&mut payload[first..second]);
                key.apply(&mut payload[second..]);
                assert_eq!(payload, expected, "cut at {first} and {second}");
            }
        }
    }
}
