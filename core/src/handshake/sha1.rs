//! SHA-1 (RFC 3174) for `Sec-WebSocket-Accept` only, where it is not for security. It hashes
//! messages of one length, and takes 2.7 KB of flash less than the crate `sha1`.

/// The length of the message: a key and the GUID.
pub(crate) const MESSAGE_LEN: usize = 60;

const BLOCK_LEN: usize = 16;

/// The digest of a message.
pub(crate) fn sha1(message: &[u8; MESSAGE_LEN]) -> [u32; 5] {
    // The message is followed by a bit, zeros, and its length in bits.
    let mut first = [1 << 31; BLOCK_LEN];
    for (word, bytes) in first.iter_mut().zip(message.as_chunks().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    let mut second = [0; BLOCK_LEN];
    second[BLOCK_LEN - 1] = 8 * MESSAGE_LEN as u32;
    let mut state = [
        0x6745_2301,
        0xEFCD_AB89,
        0x98BA_DCFE,
        0x1032_5476,
        0xC3D2_E1F0,
    ];
    add_block(&mut state, &mut first);
    add_block(&mut state, &mut second);
    state
}

fn add_block(state: &mut [u32; 5], words: &mut [u32; BLOCK_LEN]) {
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for t in 0..80_usize {
        let (f, k) = match t {
            0..20 => (b & c | !b & d, 0x5A82_7999),
            20..40 => (b ^ c ^ d, 0x6ED9_EBA1),
            40..60 => (b & c | b & d | c & d, 0x8F1B_BCDC),
            _ => (b ^ c ^ d, 0xCA62_C1D6_u32),
        };
        let word = words[t % BLOCK_LEN];
        let sum = a.rotate_left(5).wrapping_add(f).wrapping_add(e);
        let next = sum.wrapping_add(word).wrapping_add(k);
        (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
        // The word for 16 steps later replaces this one.
        let later = word ^ words[(t + 2) % 16] ^ words[(t + 8) % 16] ^ words[(t + 13) % 16];
        words[t % BLOCK_LEN] = later.rotate_left(1);
    }
    for (sum, word) in state.iter_mut().zip(&[a, b, c, d, e]) {
        *sum = sum.wrapping_add(*word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha1::Digest;

    #[test]
    fn the_digest_is_the_same_as_from_the_crate_sha1() {
        for seed in 0..=255_u8 {
            let message = core::array::from_fn(|i| (i as u8).wrapping_mul(seed) ^ seed);
            let digest = sha1(&message).map(u32::to_be_bytes);
            let expected = sha1::Sha1::digest(message);
            assert_eq!(digest.as_flattened(), &expected[..], "seed {seed}");
        }
    }
}
