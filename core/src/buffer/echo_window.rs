//! The place in a buffer in which complete frames are echoed one after the other, without checking
//! for room (RFC 6455 section 5.3: each is longer than its echo, by the masking key). It does not
//! look at what a frame contains.

use core::mem;
use core::ops::Range;

use super::Buffer;
use crate::frame::layout::MASKING_KEY_LEN;
use crate::storage::Storage;

/// Received bytes in which the complete frames of a client are echoed, one after the other.
pub(crate) struct EchoWindow<'b> {
    /// From where the next echo can start, to the end of what was received.
    pub(crate) bytes: &'b mut [u8],
    /// Where in `bytes` the next frame starts.
    pub(crate) frame_start: usize,
    /// Where in `bytes` its echo must start: at most the length of the masking key after
    /// `frame_start`.
    pub(crate) echo_start: usize,
    /// By how many bytes the headers of all echoes are longer than the shortest ones. Counting this
    /// rather than payload costs short messages nothing.
    pub(crate) extended_len: usize,
    /// The bits that are set in the first byte of any echo.
    pub(crate) first_bytes: u8,
}

impl EchoWindow<'_> {
    /// Moves past the next frame and its echo, which is `len` bytes long.
    #[inline(always)]
    pub(crate) fn advance(&mut self, len: usize) {
        let bytes = mem::take(&mut self.bytes);
        self.bytes = bytes.get_mut(self.echo_start + len..).unwrap_or_default();
        self.frame_start = self.frame_start + MASKING_KEY_LEN - self.echo_start;
        self.echo_start = 0;
    }
}

impl<S: Storage> Buffer<S> {
    /// All that was received, as a window in which complete frames can be echoed. The payload of
    /// the first frame is not moved if nothing is ready before it.
    pub(crate) fn echo_window(&mut self) -> EchoWindow<'_> {
        let start = self.echo_window_start();
        let frame_start = self.received.start - start;
        let echo_start = if self.ready.is_empty() {
            MASKING_KEY_LEN
        } else {
            0
        };
        let storage = self.storage.as_mut();
        let bytes = storage.get_mut(start..self.received.end);
        EchoWindow {
            bytes: bytes.unwrap_or_default(),
            frame_start,
            echo_start,
            extended_len: 0,
            first_bytes: 0,
        }
    }

    fn echo_window_start(&self) -> usize {
        if self.ready.is_empty() {
            self.received.start
        } else {
            self.ready.end
        }
    }

    /// Makes the echoes ready that were written in an [`echo_window`](Self::echo_window). The first
    /// byte that was not read is at `unread` in the window.
    pub(crate) fn commit_echoes(&mut self, echoes: Range<usize>, unread: usize) {
        let start = self.echo_window_start();
        if self.ready.is_empty() {
            self.ready.start = start + echoes.start;
        }
        self.ready.end = start + echoes.end;
        self.received.start = start + unread;
    }
}
