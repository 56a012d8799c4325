//! Inflates (decompresses) messages (RFC 7692 section 7.2.2). How a block looks is in `blocks` (RFC
//! 1951).

mod bits;
mod blocks;
mod codes;
mod window;

use core::fmt;

use crate::frame::error::ProtocolError;
use crate::inflate::bits::{BitReader, Bits, Stop};
use crate::inflate::codes::Codes;
use crate::inflate::window::Window;

/// Inflates the messages of one peer, for an application that needs what is in them. An echo
/// needs none.
///
/// [`Exchange::gather_inflated`](crate::Exchange::gather_inflated) uses it for whole messages. For
/// messages that are longer than memory:
///
/// - Give it the bytes of each compressed [`Chunk`](crate::Chunk), until it returns no
///   [`piece`](Self::piece).
/// - After the last chunk, [end the message](Self::end_message).
/// - Then [`reset`](Self::reset) it, unless the peer [keeps its window](crate::Window::is_kept).
///
/// It is as large as its window, of `LEN` bytes, and about 1,100 bytes more. `LEN` is a power of
/// two from 256 to 32,768: two to the power of the [`bits`](crate::Window::bits) that were agreed
/// on, or more. Otherwise a message may refer to bytes that are not there any more, and is refused.
/// A server keeps it small by answering an offer with
/// [`request.deflate(Window::new(9))`](crate::Request::deflate).
///
/// It takes no other memory, and has no unsafe code and no panic. It is strict, as inflaters
/// rarely are: it refuses each distance beyond the window or before the first byte, and a message
/// that is cut inside a block or a code.
///
/// ```
/// use ws_echo_core::Inflate;
///
/// let mut inflate = Inflate::<512>::new();
/// let mut text: Vec<u8> = Vec::new();
/// // "Hello" (RFC 7692 section 7.2.3.1), in two chunks.
/// for chunk in [&[0xf2, 0x48, 0xcd][..], &[0xc9, 0xc9, 0x07, 0x00]] {
///     let mut bytes = chunk;
///     while let Some(piece) = inflate.piece(&mut bytes)? {
///         text.extend(piece);
///     }
/// }
/// inflate.end_message()?;
/// assert_eq!(text, b"Hello");
/// # Ok::<(), ws_echo_core::ProtocolError>(())
/// ```
#[derive(Clone)]
pub struct Inflate<const LEN: usize> {
    window: Window<LEN>,
    bits: Bits,
    state: State,
    /// Whether the block has BFINAL set.
    is_final: bool,
    /// Whether the codes are the fixed ones (RFC 1951 section 3.2.6).
    is_fixed: bool,
    codes: Codes,
}

/// What comes next.
#[derive(Clone, Copy, Debug)]
enum State {
    /// The header of a block.
    Header,
    /// This many bytes that are not compressed, then the end of the block.
    Stored(u16),
    /// The length of the code of a length. `counts` says how many lengths there are.
    LengthLengths { read: u16, counts: u16 },
    /// The length of the code of a symbol.
    Lengths { read: u16, counts: u16 },
    /// This many bytes that are at a distance, then symbols.
    Symbols { left: u16, distance: u16 },
    /// Nothing: the message is invalid.
    Failed,
}

impl<const LEN: usize> Default for Inflate<LEN> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const LEN: usize> fmt::Debug for Inflate<LEN> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut inflate = f.debug_struct("Inflate");
        inflate.field("state", &self.state).finish_non_exhaustive()
    }
}

impl<const LEN: usize> Inflate<LEN> {
    /// For the first message of a connection.
    pub const fn new() -> Self {
        const {
            assert!(LEN.is_power_of_two() && LEN >= 256 && LEN <= 32_768);
        }
        Self {
            window: Window::EMPTY,
            bits: Bits::NONE,
            state: State::Header,
            is_final: false,
            is_fixed: false,
            codes: Codes::NONE,
        }
    }

    /// Inflates up to `LEN` bytes of `bytes`, which then are what is left of it. Ask again
    /// until it returns `None`: then all of `bytes` were read. They may end anywhere.
    ///
    /// # Errors
    ///
    /// [`ProtocolError::InvalidCompression`] if it is no compressed message, from then on each
    /// time: pass it to [`Exchange::fail`](crate::Exchange::fail). What was inflated before it
    /// by the same call is not returned.
    pub fn piece(&mut self, bytes: &mut &[u8]) -> Result<Option<&[u8]>, ProtocolError> {
        let start = self.window.make_room();
        let mut reader = BitReader {
            bits: self.bits,
            bytes,
        };
        let stop = loop {
            if let Err(stop) = self.step(&mut reader) {
                break stop;
            }
        };
        *bytes = reader.bytes;
        self.bits = reader.bits;
        if stop == Stop::Invalid {
            return Err(self.fail());
        }
        let piece = self.window.written(start);
        Ok(Some(piece).filter(|piece| !piece.is_empty()))
    }

    /// Ends a message, all of which was [inflated](Self::piece). The next message may refer to
    /// its bytes, unless it is [`reset`](Self::reset).
    ///
    /// # Errors
    ///
    /// [`ProtocolError::InvalidCompression`] if the message is cut: it ends inside a block.
    pub fn end_message(&mut self) -> Result<(), ProtocolError> {
        // > Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message.
        // > (RFC 7692 section 7.2.2)
        //
        // They are the length of a block that is not compressed and is empty. At most its header
        // came before them: three bits, and up to seven before a byte. Without a header there is
        // nothing that they could belong to, as in a message of no bytes.
        let is_header = self.bits.peek() & 0b110 == 0 && self.bits.len() <= 10;
        if !is_header || !matches!(self.state, State::Header) {
            return Err(self.fail());
        }
        self.bits = Bits::NONE;
        Ok(())
    }

    /// Makes it as good as a new one. The next message cannot refer to those before it.
    pub const fn reset(&mut self) {
        self.window.clear();
        self.bits = Bits::NONE;
        self.state = State::Header;
    }

    fn fail(&mut self) -> ProtocolError {
        self.state = State::Failed;
        ProtocolError::InvalidCompression
    }
}
