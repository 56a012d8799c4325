//! SHA-1 (RFC 3174), for `Sec-WebSocket-Accept` alone: it proves nothing about security there, and a
//! small one spares a microcontroller 2.7 KB of flash.

const BLOCK_LEN: usize = 64;
/// The bytes of a block before the length of the message, in the last block.
const LEN_AT: usize = BLOCK_LEN - 8;

/// The digest of a message.
pub(crate) fn sha1(message: &[u8]) -> [u8; 20] {
    let mut state = [
        0x6745_2301,
        0xEFCD_AB89,
        0x98BA_DCFE,
        0x1032_5476,
        0xC3D2_E1F0,
    ];
    // One byte 0x80 and eight of length follow the message.
    let blocks =
        (message.len() + 1).div_ceil(BLOCK_LEN) + usize::from(message.len() % BLOCK_LEN >= LEN_AT);
    for block in 0..blocks {
        let mut words = [0_u32; 16];
        for (i, word) in words.iter_mut().enumerate() {
            for j in 0..4 {
                let at = block * BLOCK_LEN + i * 4 + j;
                *word = *word << 8 | u32::from(padded(message, at, blocks));
            }
        }
        add_block(&mut state, words);
    }
    let mut digest = [0; 20];
    for (bytes, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    digest
}

/// The byte at `at` of the message, padded to a number of blocks.
fn padded(message: &[u8], at: usize, blocks: usize) -> u8 {
    if let Some(&byte) = message.get(at) {
        return byte;
    }
    if at == message.len() {
        return 0x80;
    }
    let bits = (message.len() as u64) << 3;
    let from_end = blocks * BLOCK_LEN - 1 - at;
    if from_end < 8 {
        (bits >> (8 * from_end)) as u8
    } else {
        0
    }
}

fn add_block(state: &mut [u32; 5], mut words: [u32; 16]) {
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for t in 0..80_usize {
        if t >= 16 {
            let word = words[(t + 13) % 16] ^ words[(t + 8) % 16] ^ words[(t + 2) % 16];
            words[t % 16] = (words[t % 16] ^ word).rotate_left(1);
        }
        let (f, k) = match t {
            0..20 => (b & c | !b & d, 0x5A82_7999),
            20..40 => (b ^ c ^ d, 0x6ED9_EBA1),
            40..60 => (b & c | b & d | c & d, 0x8F1B_BCDC),
            _ => (b ^ c ^ d, 0xCA62_C1D6_u32),
        };
        let sum = a.rotate_left(5).wrapping_add(f).wrapping_add(e);
        let next = sum.wrapping_add(words[t % 16]).wrapping_add(k);
        (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
    }
    for (sum, word) in state.iter_mut().zip([a, b, c, d, e]) {
        *sum = sum.wrapping_add(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha1::Digest;

    #[test]
    fn the_digest_is_rustcryptos_at_every_length_of_four_blocks() {
        let message: [u8; 256] = core::array::from_fn(|i| (i * 7) as u8);
        for len in 0..=message.len() {
            let expected: [u8; 20] = sha1::Sha1::digest(&message[..len]).into();
            assert_eq!(sha1(&message[..len]), expected, "{len} bytes");
        }
    }
}
