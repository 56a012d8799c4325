//! Turns complete messages of one frame each into their echoes (RFC 6455 sections 5.2 and 5.4).
//! Most messages are like this. It reports no error in a header: `frame` and `connection` process
//! everything else.

use crate::buffer::echo_window::EchoWindow;
use crate::frame::header::encoded_len;
use crate::frame::layout::{
    FIN, LEN_IS_16_BITS, LEN_IS_64_BITS, MASK, MASKING_KEY_LEN, MIN_UNMASKED_LEN, Opcode,
};
use crate::frame::mask::{Charset, MaskingKey, apply_and_move_long};
use crate::frame::utf8::{self, InvalidUtf8};

const TEXT: u8 = FIN | Opcode::Text as u8;
const BINARY: u8 = FIN | Opcode::Binary as u8;

/// Turns the next frame in a window into its echo, and returns the length of the echo. `None` if it
/// is not such a message, or not complete. `ignored` is RSV1 if compressed messages are echoed too,
/// otherwise 0. A compressed message is no text, whatever it will be.
///
/// > An unfragmented message consists of a single frame with the FIN bit set and an opcode other
/// > than 0. (section 5.4)
#[inline(always)]
pub(crate) fn echo_next(
    window: &mut EchoWindow<'_>,
    ignored: u8,
) -> Option<Result<usize, InvalidUtf8>> {
    let [first, second, ..] = *window.bytes.get(window.frame_start..)? else {
        return None;
    };
    match first {
        TEXT | BINARY => {}
        // Asked last, so that it costs the others nothing.
        _ if matches!(first & !ignored, TEXT | BINARY) => {}
        _ => return None,
    }
    // The header keeps its length, without the masking key.
    match second ^ MASK {
        0..LEN_IS_16_BITS => SingleFrame::<2>::echo(window),
        LEN_IS_16_BITS => SingleFrame::<4>::echo(window),
        LEN_IS_64_BITS => SingleFrame::<10>::echo(window),
        _ => None,
    }
}

/// A message whose header has `N` bytes without the masking key.
struct SingleFrame<const N: usize> {
    /// With MASK clear.
    header: [u8; N],
    key: MaskingKey,
    payload_len: usize,
}

impl<const N: usize> SingleFrame<N> {
    #[inline(always)]
    fn echo(window: &mut EchoWindow<'_>) -> Option<Result<usize, InvalidUtf8>> {
        let message = Self::decode(window.bytes.get(window.frame_start..)?)?;
        let distance = window.frame_start + MASKING_KEY_LEN - window.echo_start;
        let echo = window.bytes.get_mut(window.echo_start..)?;
        let (header, payload) = echo.split_first_chunk_mut()?;
        let charset = message.unmask(payload, distance)?;
        *header = message.header;
        if message.header[0] == TEXT && charset != Charset::Ascii {
            let end = utf8::incomplete_end(payload.get(..message.payload_len)?);
            if end != Ok(&[]) {
                return Some(Err(InvalidUtf8));
            }
        }
        window.extended_len += N - MIN_UNMASKED_LEN;
        window.first_bytes |= message.header[0];
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

    /// Unmasks the payload, which starts at `distance` in `bytes`, and moves it to the start.
    #[inline(always)]
    fn unmask(&self, bytes: &mut [u8], distance: usize) -> Option<Charset> {
        if N == 2 {
            self.key.apply_and_move(bytes, distance, self.payload_len)
        } else {
            self.unmask_long(bytes, distance)
        }
    }

    /// The same for a longer payload. One that is no text and does not move is not checked.
    #[inline(never)]
    fn unmask_long(&self, bytes: &mut [u8], distance: usize) -> Option<Charset> {
        if self.header[0] != TEXT && distance == 0 {
            let mut key = self.key;
            key.apply(bytes.get_mut(..self.payload_len)?);
            return Some(Charset::Unchecked);
        }
        apply_and_move_long(self.key, bytes, distance, self.payload_len)
    }
}
