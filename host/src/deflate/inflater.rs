//! Inflates messages (RFC 7692 section 7.2.2), piece by piece.

use std::fmt;

use ws_echo_core::Window;
use zlib_rs::{Inflate, InflateFlush, Status};

use super::TAIL;

/// The window of zlib-rs, whatever was agreed on: in a smaller one, what it refuses would depend on
/// where its input is cut.
const WINDOW_BITS: u8 = 15;

/// An empty block, which ends with the tail, and a byte that follows it.
const ANOTHER_BLOCK: [u8; 2 + TAIL.len()] = {
    let [a, b, c, d] = TAIL;
    [0, a, b, c, d, 0]
};

/// An inflater of messages.
pub struct Inflater {
    inflate: Inflate,
    /// What the sender compresses with.
    window: Window,
    next: Next,
    /// The last bytes of the message.
    last: [u8; TAIL.len()],
}

/// What can follow in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// A first byte.
    Start,
    /// Any bytes.
    Bytes,
    /// More of what the last bytes inflate to: there was no room for it.
    Output,
    /// A new stream, or the end: the last block was marked as the final one.
    Stream,
}

/// The compressed bytes of a message are not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCompression;

impl Inflater {
    /// The memory that one takes, in bytes.
    pub const MEMORY: usize = 48 * 1024;

    /// An inflater for a sender that compresses with this window. It refers to earlier messages if
    /// that is [kept](Window::is_kept).
    pub fn new(window: Window) -> Self {
        Self {
            inflate: Inflate::new(false, WINDOW_BITS),
            window,
            next: Next::Start,
            last: [0; TAIL.len()],
        }
    }

    /// What the sender compresses with.
    pub fn window(&self) -> Window {
        self.window
    }

    /// Inflates as much of the next bytes of a message as `room`, which must not be empty, has
    /// place for, and takes them from `bytes`. Returns what they inflate to: nothing if all of
    /// `bytes` are inflated. What follows may be more of the same message, in any pieces.
    ///
    /// # Errors
    ///
    /// [`InvalidCompression`]: then it must be [reset](Self::reset).
    pub fn inflate<'a>(
        &mut self,
        bytes: &mut &[u8],
        room: &'a mut [u8],
    ) -> Result<&'a [u8], InvalidCompression> {
        while !bytes.is_empty() || self.next == Next::Output {
            if self.next == Next::Stream {
                // What follows may refer to nothing before it.
                self.inflate.reset(false);
            }
            let (consumed, produced) = self.step(bytes, room, InflateFlush::NoFlush)?;
            let (now, later) = bytes.split_at(consumed);
            self.remember(now);
            *bytes = later;
            if produced > 0 {
                return Ok(&room[..produced]);
            }
        }
        Ok(&[])
    }

    /// Ends the message, of which all bytes were inflated. Then the next one can be inflated.
    ///
    /// > Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message.
    /// > (RFC 7692 section 7.2.2)
    ///
    /// # Errors
    ///
    /// [`InvalidCompression`] if the message is cut inside a block. The same follows.
    pub fn end_message(&mut self) -> Result<(), InvalidCompression> {
        match self.next {
            // As others, it takes no bytes at all for an empty message, and a tail that was not
            // left out, or not needed, for the end.
            Next::Start | Next::Stream => {}
            _ if self.last == TAIL => self.append(&ANOTHER_BLOCK)?,
            _ => self.append(&ANOTHER_BLOCK[1..])?,
        }
        if !self.window.is_kept() || self.next == Next::Stream {
            self.inflate.reset(false);
        }
        self.begin_message();
        Ok(())
    }

    /// Forgets all that was inflated. What follows is the first message of a sender that compresses
    /// with this window.
    pub fn reset(&mut self, window: Window) {
        self.window = window;
        self.inflate.reset(false);
        self.begin_message();
    }

    fn begin_message(&mut self) {
        self.next = Next::Start;
        self.last = [0; TAIL.len()];
    }

    /// Appends these bytes up to the last one, which must end a block, and be no part of anything
    /// else.
    fn append(&mut self, bytes: &[u8]) -> Result<(), InvalidCompression> {
        // It stops between blocks, so before the last byte.
        let (consumed, produced) = self.step(bytes, &mut [0], InflateFlush::Block)?;
        if (consumed, produced) != (bytes.len() - 1, 0) {
            return Err(InvalidCompression);
        }
        Ok(())
    }

    /// Inflates some bytes. Returns how many were consumed and produced.
    fn step(
        &mut self,
        bytes: &[u8],
        room: &mut [u8],
        flush: InflateFlush,
    ) -> Result<(usize, usize), InvalidCompression> {
        let before = [self.inflate.total_in(), self.inflate.total_out()];
        let status = self.inflate.decompress(bytes, room, flush);
        let consumed = (self.inflate.total_in() - before[0]) as usize;
        let produced = (self.inflate.total_out() - before[1]) as usize;
        self.next = match status {
            Ok(Status::StreamEnd) => Next::Stream,
            Ok(_) if produced == room.len() => Next::Output,
            Ok(_) => Next::Bytes,
            Err(_) => return Err(InvalidCompression),
        };
        Ok((consumed, produced))
    }

    /// Remembers the last bytes of a message.
    fn remember(&mut self, bytes: &[u8]) {
        match bytes.last_chunk() {
            Some(last) => self.last = *last,
            None => {
                self.last.rotate_left(bytes.len());
                let start = self.last.len() - bytes.len();
                self.last[start..].copy_from_slice(bytes);
            }
        }
    }
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { window, next, .. } = self;
        write!(f, "Inflater({window:?}, {next:?})")
    }
}
