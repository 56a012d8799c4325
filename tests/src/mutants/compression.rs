//! Compressed messages (RFC 7692 section 7.2).

use ws_echo_core::Window;
use zlib_rs::{Inflate, InflateFlush, Status};

use super::conversation::MESSAGE_LEN_MAX;
use super::fault::{Fault, Faults};
use crate::deflate::{Compressor, TAIL};

const PIECE_LEN: usize = 64 << 10;
const WINDOW_LEN: usize = 32 << 10;
/// A final block without content. Only behind a complete message it ends the stream.
const END: [u8; 5] = [0x01, 0x00, 0x00, 0xFF, 0xFF];
/// The bits of the kind of the first block; they are zero for one that is stored.
const BLOCK_KIND: u8 = 0x06;

const INVALID_DATA: u16 = 1007;
const TOO_BIG: u16 = 1009;

/// The compression of one connection.
pub(super) struct Compression {
    faults: Faults,
    compressor: Compressor,
    other: Window,
    /// The end of the messages before, if they can be referred to.
    history: Vec<u8>,
    stream: Inflate,
    /// Whether the rest of the message is ignored.
    has_stopped: bool,
    is_at_start: bool,
}

impl Compression {
    /// `own` is the window of what is sent.
    pub(super) fn new(own: Window, other: Window, faults: Faults) -> Self {
        let bits = match faults.has(Fault::IgnoresOwnBits) {
            true => Window::MAX.bits(),
            false => own.bits(),
        };
        let is_kept = own.is_kept() || faults.has(Fault::IgnoresOwnTakeover);
        let sized = Window::new(bits).unwrap_or(own);
        Self {
            faults,
            compressor: Compressor::new(match is_kept {
                true => sized.kept(),
                false => sized.fresh(),
            }),
            other,
            history: Vec::new(),
            stream: Inflate::new(false, Window::MAX.bits()),
            has_stopped: false,
            is_at_start: true,
        }
    }

    pub(super) fn compress(&mut self, message: &[u8]) -> Vec<u8> {
        self.compressor.compress(message)
    }

    /// Inflates a part of a message, and adds it. The error is a close code.
    pub(super) fn inflate(&mut self, bytes: &[u8], message: &mut Vec<u8>) -> Result<(), u16> {
        let is_stored = bytes.len() > 1 && bytes[0] & BLOCK_KIND == 0;
        if self.is_at_start && is_stored && self.faults.has(Fault::RefusesStoredBlocks) {
            return Err(INVALID_DATA);
        }
        self.is_at_start &= bytes.is_empty();
        self.push(bytes, message).map(|_| ())
    }

    /// Ends a fragment that is not the last one.
    pub(super) fn end_fragment(&mut self, message: &mut Vec<u8>) -> Result<(), u16> {
        match self.faults.has(Fault::EndsAtEachFragment) {
            true => self.end_message(message),
            false => Ok(()),
        }
    }

    /// Inflates what the sender has left out at the end.
    pub(super) fn end_message(&mut self, message: &mut Vec<u8>) -> Result<(), u16> {
        let is_complete = match self.has_stopped {
            true => true,
            false => self.push(&TAIL, message).is_ok() && self.push(&END, message) == Ok(true),
        };
        if !is_complete && !self.faults.has(Fault::TakesInvalidCompression) {
            return Err(INVALID_DATA);
        }
        if self.other.is_kept() && !self.faults.has(Fault::ForgetsContext) {
            self.history.extend_from_slice(message);
            let surplus = self.history.len().saturating_sub(WINDOW_LEN);
            self.history.drain(..surplus);
        }
        self.restart(&[]);
        self.has_stopped = false;
        self.is_at_start = true;
        Ok(())
    }

    /// Returns whether the bytes end with a final block.
    fn push(&mut self, mut bytes: &[u8], message: &mut Vec<u8>) -> Result<bool, u16> {
        let mut piece = vec![0; PIECE_LEN];
        let mut is_final = false;
        while !self.has_stopped {
            let before = (self.stream.total_in(), self.stream.total_out());
            let flush = InflateFlush::NoFlush;
            let status = self.stream.decompress(bytes, &mut piece, flush);
            let consumed = (self.stream.total_in() - before.0) as usize;
            let produced = (self.stream.total_out() - before.1) as usize;
            message.extend_from_slice(&piece[..produced]);
            bytes = &bytes[consumed..];
            if message.len() > MESSAGE_LEN_MAX {
                return Err(TOO_BIG);
            }
            match status {
                Ok(Status::StreamEnd) => {
                    is_final = bytes.is_empty();
                    self.has_stopped = self.faults.has(Fault::StopsAtFinalBlock);
                    self.restart(message);
                }
                Err(_) if self.faults.has(Fault::TakesInvalidCompression) => {
                    self.has_stopped = true;
                }
                Err(_) => return Err(INVALID_DATA),
                Ok(_) if produced < piece.len() && bytes.is_empty() => break,
                Ok(_) if produced == 0 && consumed == 0 => return Err(INVALID_DATA),
                Ok(_) => {}
            }
            if is_final {
                break;
            }
        }
        Ok(is_final)
    }

    /// Begins a stream that can refer to what was inflated before.
    fn restart(&mut self, message: &[u8]) {
        let start = message.len().saturating_sub(WINDOW_LEN);
        let before = [&self.history, &message[start..]].concat();
        let start = before.len().saturating_sub(WINDOW_LEN);
        self.stream = Inflate::new(false, Window::MAX.bits());
        // Refused only for another kind of stream.
        let _ = self.stream.set_dictionary(&before[start..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::{HELLO, HELLO_AGAIN};

    /// What each message is inflated to.
    fn inflated(other: Window, messages: &[&[u8]]) -> Vec<Result<Vec<u8>, u16>> {
        let mut compression = Compression::new(Window::MAX, other, Faults(None));
        let inflate = |bytes: &&[u8]| {
            let mut message = Vec::new();
            for byte in bytes.chunks(1) {
                compression.inflate(byte, &mut message)?;
            }
            compression.end_message(&mut message)?;
            Ok(message)
        };
        messages.iter().map(inflate).collect()
    }

    #[test]
    fn the_examples_of_the_rfc_are_inflated() {
        let hello = || Ok(b"Hello".to_vec());
        let kept = inflated(Window::MAX.kept(), &[HELLO, HELLO_AGAIN]);
        assert_eq!(kept, [hello(), hello()]);
        let examples: [&[u8]; 3] = [
            // A block without compression, a final block, and two blocks.
            b"\x00\x05\x00\xFA\xFF\x48\x65\x6c\x6c\x6f\x00",
            b"\xF3\x48\xCD\xC9\xC9\x07\x00\x00",
            b"\xF2\x48\x05\x00\x00\x00\xFF\xFF\xCA\xC9\xC9\x07\x00",
        ];
        for example in examples {
            assert_eq!(inflated(Window::MAX.fresh(), &[example]), [hello()]);
        }
    }

    #[test]
    fn a_message_that_is_cut_or_refers_to_nothing_is_refused() {
        for bad in [&HELLO[..3], HELLO_AGAIN, b"\xFF", b"\x00\x05\x00"] {
            assert_eq!(inflated(Window::MAX.fresh(), &[bad]), [Err(INVALID_DATA)]);
        }
    }
}
