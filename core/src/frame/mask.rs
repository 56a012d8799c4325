//! Masking (RFC 6455 section 5.3). It does not choose keys.

use core::mem;

#[cfg(feature = "std")]
use multiversion::multiversion;

/// A frame's masking key, rotated so that its first byte belongs to the next byte of the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MaskingKey(u32);

/// What is known of bytes that were unmasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charset {
    /// All are ASCII.
    Ascii,
    /// Some are not ASCII.
    Other,
    /// Nothing: they were not checked.
    Unchecked,
}

impl MaskingKey {
    /// The key. Its first byte in the frame is the most significant.
    pub(crate) const fn new(key: u32) -> Self {
        Self(key)
    }

    /// Adds the next of the key's four bytes.
    pub(crate) fn push(&mut self, byte: u8) {
        self.0 = self.0 << 8 | u32::from(byte);
    }

    /// Masks or unmasks the next bytes of the payload. The payload may be cut anywhere.
    ///
    /// > j = i MOD 4
    /// > transformed-octet-i = original-octet-i XOR masking-key-octet-j (section 5.3)
    pub(crate) fn apply(&mut self, payload: &mut [u8]) {
        let (words, rest) = payload.as_chunks_mut();
        apply_to_words(*self, words);
        for byte in rest {
            self.0 = self.0.rotate_left(8);
            *byte ^= self.0 as u8;
        }
    }

    /// Masks or unmasks a whole payload of `len` bytes that starts at `distance` in `bytes`, and
    /// moves it to the start of `bytes`. Returns what is known of the result, or `None` if fewer
    /// than `len` bytes are there.
    // Most payloads are a few bytes long: a call would cost as much as the work.
    #[inline(always)]
    pub(crate) fn apply_and_move(
        self,
        bytes: &mut [u8],
        distance: usize,
        len: usize,
    ) -> Option<Charset> {
        let mut moving = UnmaskAndMove::new(self, bytes, distance, len);
        moving.pass_blocks::<16>()?;
        moving.pass_rest()?;
        Some(moving.charset())
    }

    /// The masking key for the next bytes of the payload.
    fn bytes(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }

    fn applied(self, word: [u8; 4]) -> [u8; 4] {
        (u32::from_be_bytes(word) ^ self.0).to_be_bytes()
    }
}

/// Masks or unmasks many bytes.
#[cfg_attr(feature = "std", multiversion(targets("x86_64+avx2")))]
fn apply_to_words(key: MaskingKey, words: &mut [[u8; 4]]) {
    // A block of fixed length compiles to a row of vector instructions. Without them it is not
    // worth its flash.
    let (blocks, rest) = match words {
        words if cfg!(feature = "std") => words.as_chunks_mut::<128>(),
        words => (&mut [][..], words),
    };
    for block in blocks {
        for word in block {
            *word = key.applied(*word);
        }
    }
    for word in rest {
        *word = key.applied(*word);
    }
}

/// The same as [`MaskingKey::apply_and_move`], for a payload of many bytes.
#[cfg_attr(feature = "std", multiversion(targets("x86_64+avx2")))]
pub(crate) fn apply_and_move_long(
    key: MaskingKey,
    bytes: &mut [u8],
    distance: usize,
    len: usize,
) -> Option<Charset> {
    let mut moving = UnmaskAndMove::new(key, bytes, distance, len);
    moving.pass_blocks::<256>()?;
    moving.pass_blocks::<32>()?;
    moving.pass_rest()?;
    Some(moving.charset())
}

/// A payload that is being unmasked and moved to the left.
struct UnmaskAndMove<'b> {
    /// The bytes from the target of the next byte on.
    bytes: &'b mut [u8],
    /// How far the next byte moves.
    distance: usize,
    /// How many bytes are left to move.
    len: usize,
    key: MaskingKey,
    /// The bits that are set in any byte of a block that was moved, at one of four places each, in
    /// as many words as a vector of AVX2 has.
    bits: [u32; 8],
    /// The same of the bytes after the blocks. One word of the others, changed alone, would break
    /// the vector.
    rest_bits: u32,
}

impl<'b> UnmaskAndMove<'b> {
    #[inline(always)]
    fn new(key: MaskingKey, bytes: &'b mut [u8], distance: usize, len: usize) -> Self {
        Self {
            bytes,
            distance,
            len,
            key,
            bits: [0; 8],
            rest_bits: 0,
        }
    }

    /// Moves as many blocks of `N` bytes as there are. `N` is a multiple of 4.
    // Two loops: as one they compile to vector instructions of AVX2, but not of SSE2 or NEON.
    #[inline(always)]
    fn pass_blocks<const N: usize>(&mut self) -> Option<()> {
        while self.len >= N {
            let mut block = *self.bytes.get(self.distance..)?.first_chunk::<N>()?;
            for word in block.as_chunks_mut().0 {
                *word = self.key.applied(*word);
            }
            for words in block.as_chunks().0.chunks(self.bits.len()) {
                for (bits, word) in self.bits.iter_mut().zip(words) {
                    *bits |= u32::from_ne_bytes(*word);
                }
            }
            self.put(block)?;
        }
        Some(())
    }

    #[inline(always)]
    fn pass_rest(&mut self) -> Option<()> {
        while self.len >= 4 {
            let word = *self.bytes.get(self.distance..)?.first_chunk()?;
            let word = self.key.applied(word);
            self.rest_bits |= u32::from_ne_bytes(word);
            self.put(word)?;
        }
        for byte in self.key.bytes().into_iter().take(self.len) {
            let byte = self.bytes.get(self.distance)? ^ byte;
            self.rest_bits |= u32::from(byte);
            self.put([byte])?;
        }
        Some(())
    }

    #[inline(always)]
    fn put<const N: usize>(&mut self, block: [u8; N]) -> Option<()> {
        let (target, rest) = mem::take(&mut self.bytes).split_first_chunk_mut()?;
        *target = block;
        self.bytes = rest;
        self.len -= N;
        Some(())
    }

    fn charset(&self) -> Charset {
        let bits = self
            .bits
            .iter()
            .fold(self.rest_bits, |all, bits| all | bits);
        if bits & u32::from_ne_bytes([0x80; 4]) == 0 {
            Charset::Ascii
        } else {
            Charset::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6455 section 5.7: a single-frame masked text message that contains "Hello".
    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    #[test]
    fn the_masked_hello_of_section_5_7_is_unmasked() {
        let mut payload = [0x7f, 0x9f, 0x4d, 0x51, 0x58];
        MaskingKey::new(u32::from_be_bytes(KEY)).apply(&mut payload);
        assert_eq!(&payload, b"Hello");
    }

    /// The most bytes that are moved here.
    const ROOM: usize = 4096;

    /// `len` masked ASCII bytes after `distance` others, and the same bytes unmasked.
    fn masked(distance: usize, len: usize) -> ([u8; ROOM], [u8; ROOM]) {
        let plain: [u8; ROOM] = core::array::from_fn(|at| at as u8 & 0x7F);
        let mut bytes = [b'!'; ROOM];
        for (at, byte) in bytes[distance..distance + len].iter_mut().enumerate() {
            *byte = plain[at] ^ KEY[at % 4];
        }
        (bytes, plain)
    }

    #[test]
    fn a_payload_of_any_length_is_unmasked_and_moved() {
        let key = MaskingKey::new(u32::from_be_bytes(KEY));
        for len in (0..300).chain([511, 512, 513, 1024, 1100]) {
            for distance in [0, 1, 4, 8, 200, 2000] {
                let (mut bytes, plain) = masked(distance, len);
                let before = bytes;
                let mut long = bytes;
                let charset = key.apply_and_move(&mut bytes, distance, len);
                assert_eq!(charset, Some(Charset::Ascii), "{len} bytes, {distance}");
                assert_eq!(bytes[..len], plain[..len], "{len} bytes, {distance}");
                assert_eq!(bytes[len..], before[len..], "{len} bytes, {distance}");
                let charset = apply_and_move_long(key, &mut long, distance, len);
                assert_eq!((charset, long), (Some(Charset::Ascii), bytes));
            }
        }
    }

    /// Bytes that start where a vector may start.
    #[derive(Clone)]
    #[repr(align(64))]
    struct Aligned([u8; 1024]);

    /// Bytes of every value, in an order that does not come again.
    static RECEIVED: Aligned = {
        let mut bytes = [0; 1024];
        let mut at = 0;
        while at < bytes.len() {
            bytes[at] = (at * 167 + at / 256) as u8;
            at += 1;
        }
        Aligned(bytes)
    };

    /// Masks byte by byte, from one of the key's bytes on.
    fn apply_by_bytes(bytes: &mut [u8], first: usize) {
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte ^= KEY[(first + at) % 4];
        }
    }

    /// The same with moving.
    fn apply_by_bytes_and_move(bytes: &mut [u8], distance: usize, len: usize) -> Charset {
        bytes.copy_within(distance..distance + len, 0);
        apply_by_bytes(&mut bytes[..len], 0);
        if bytes[..len].is_ascii() {
            Charset::Ascii
        } else {
            Charset::Other
        }
    }

    #[test]
    fn a_payload_of_any_bytes_is_unmasked_and_moved_from_any_place_to_any_place() {
        let key = MaskingKey::new(u32::from_be_bytes(KEY));
        for target in 0..16 {
            for distance in (0..=17).chain([31, 32, 33, 255, 256, 257]) {
                for len in (0..=300).chain([511, 512, 513, 543, 544, 549, 607]) {
                    let mut expected = RECEIVED.clone();
                    let bytes = &mut expected.0[target..];
                    let charset = Some(apply_by_bytes_and_move(bytes, distance, len));
                    let mut short = RECEIVED.clone();
                    let bytes = &mut short.0[target..];
                    assert_eq!(key.apply_and_move(bytes, distance, len), charset);
                    let mut long = RECEIVED.clone();
                    let bytes = &mut long.0[target..];
                    assert_eq!(apply_and_move_long(key, bytes, distance, len), charset);
                    let place = (target, distance, len);
                    assert!(short.0 == expected.0, "{place:?}: {:?}", short.0);
                    assert!(long.0 == expected.0, "{place:?}: {:?}", long.0);
                }
            }
        }
    }

    #[test]
    fn a_part_of_any_length_is_unmasked_at_any_place_with_the_key_at_any_byte() {
        for start in 0..16 {
            for len in (0..=80).chain(500..=530).chain([640, 900]) {
                for first in 0..4 {
                    let mut key = MaskingKey::new(u32::from_be_bytes(KEY));
                    key.apply(&mut [0; 3][..first]);
                    let mut expected = RECEIVED.clone();
                    apply_by_bytes(&mut expected.0[start..start + len], first);
                    let mut bytes = RECEIVED.clone();
                    key.apply(&mut bytes.0[start..start + len]);
                    assert!(bytes.0 == expected.0, "{len} at {start}: {:?}", bytes.0);
                    assert_eq!(key.bytes()[0], KEY[(first + len) % 4]);
                }
            }
        }
    }

    #[test]
    fn a_byte_that_is_not_ascii_is_seen_at_every_place() {
        let key = MaskingKey::new(u32::from_be_bytes(KEY));
        for place in 0..600 {
            let (mut bytes, _) = masked(0, 600);
            bytes[place] ^= 0x80;
            let charset = apply_and_move_long(key, &mut bytes.clone(), 0, 600);
            assert_eq!(charset, Some(Charset::Other), "{place}");
            let charset = key.apply_and_move(&mut bytes, 0, 600);
            assert_eq!(charset, Some(Charset::Other));
        }
    }

    #[test]
    fn a_payload_that_is_incomplete_is_not_moved() {
        let key = MaskingKey::new(0);
        for (distance, len) in [(0, 41), (1, 40), (41, 1), (usize::MAX, 1), (4, usize::MAX)] {
            assert_eq!(key.apply_and_move(&mut [0; 40], distance, len), None);
            let charset = apply_and_move_long(key, &mut [0; 40], distance, len);
            assert_eq!(charset, None);
        }
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
