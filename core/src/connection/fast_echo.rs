//! Messages that have come whole, in one frame each, turned into their echoes (RFC 6455 sections 5.2
//! and 5.4): what most messages are. It finds no fault with a header: what is not such a message is
//! `frame`'s and `connection`'s.

use crate::frame::header::encoded_len;
use crate::frame::layout::{FIN, LEN_IS_16_BITS, LEN_IS_64_BITS, MASK, MASKING_KEY_LEN, Opcode};
use crate::frame::mask::{MaskingKey, apply_and_move_long};
use crate::frame::utf8::{self, InvalidUtf8};

const TEXT: u8 = FIN | Opcode::Text as u8;
const BINARY: u8 = FIN | Opcode::Binary as u8;

/// Turns the message whose masked frame stands at `from` in `bytes` into an unmasked frame at `to`,
/// at most four bytes behind that, and returns the new frame's length. `None` when no such message
/// stands there whole.
///
/// > An unfragmented message consists of a single frame with the FIN bit set and an opcode other
/// > than 0. (section 5.4)
#[inline(always)]
pub(crate) fn answer(
    bytes: &mut [u8],
    from: usize,
    to: usize,
) -> Option<Result<usize, InvalidUtf8>> {
    let [TEXT | BINARY, second, ..] = *bytes.get(from..)? else {
        return None;
    };
    // The header keeps its length, but for the masking key.
    match second ^ MASK {
        0..LEN_IS_16_BITS => SingleFrame::<2>::answer(bytes, from, to),
        LEN_IS_16_BITS => SingleFrame::<4>::answer(bytes, from, to),
        LEN_IS_64_BITS => SingleFrame::<10>::answer(bytes, from, to),
        _ => None,
    }
}

/// A message whose header has `N` bytes without the masking key.
struct SingleFrame<const N: usize> {
    /// Without MASK.
    header: [u8; N],
    key: MaskingKey,
    payload_len: usize,
}

impl<const N: usize> SingleFrame<N> {
    #[inline(always)]
    fn answer(bytes: &mut [u8], from: usize, to: usize) -> Option<Result<usize, InvalidUtf8>> {
        let message = Self::decode(bytes.get(from..)?)?;
        let (header, payload) = bytes.get_mut(to..)?.split_first_chunk_mut()?;
        let is_ascii = message.unmask(payload, from + MASKING_KEY_LEN - to)?;
        *header = message.header;
        if message.header[0] == TEXT && !is_ascii {
            let begun = utf8::begun(payload.get(..message.payload_len)?);
            if begun != Ok(&[]) {
                return Some(Err(InvalidUtf8));
            }
        }
        Some(Ok(N + message.payload_len))
    }

    #[inline(always)]
    fn decode(bytes: &[u8]) -> Option<Self> {
        let (header, rest) = bytes.split_first_chunk()?;
        let (key, payload) = rest.split_first_chunk()?;
        let mut header: [u8; N] = *header;
        header[1] ^= MASK;
        let payload_len = match header[..] {
            [_, len] => len.into(),
            [_, _, g, h] => u16::from_be_bytes([g, h]).into(),
            [_, _, a, b, c, d, e, f, g, h] => {
                let len = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
                len.try_into().ok()?
            }
            _ => return None,
        };
        let is_minimal = encoded_len(payload_len) == N;
        (is_minimal && payload_len <= payload.len()).then_some(Self {
            header,
            key: MaskingKey::new(u32::from_be_bytes(*key)),
            payload_len,
        })
    }

    /// Unmasks the payload, which stands `distance` bytes behind the start of `bytes`, and moves it
    /// there. Tells whether it is ASCII.
    #[inline(always)]
    fn unmask(&self, bytes: &mut [u8], distance: usize) -> Option<bool> {
        if N == 2 {
            self.key.apply_and_move(bytes, distance, self.payload_len)
        } else {
            self.unmask_long(bytes, distance)
        }
    }

    /// The same for a longer payload; of one that is binary, not whether it is ASCII.
    #[inline(never)]
    fn unmask_long(&self, bytes: &mut [u8], distance: usize) -> Option<bool> {
        if self.header[0] == BINARY && distance == 0 {
            let mut key = self.key;
            key.apply(bytes.get_mut(..self.payload_len)?);
            return Some(false);
        }
        apply_and_move_long(self.key, bytes, distance, self.payload_len)
    }
}
