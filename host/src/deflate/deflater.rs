//! Compresses messages (RFC 7692 section 7.2.1).

use std::fmt;

use ws_echo_core::{Fin, Window};
use zlib_rs::{Deflate, DeflateFlush};

use super::TAIL;

/// zlib's own, a compromise between time and length.
const LEVEL: i32 = 6;
/// The smallest window of zlib-rs. With it, no distance is longer than the 256 bytes that are the
/// smallest window of the RFC: the longest is the window less 262 bytes.
const WINDOW_BITS_MIN: u8 = 9;
/// How much room is made at once.
const ROOM_LEN: usize = 4096;

/// A compressor of messages.
pub struct Deflater {
    deflate: Deflate,
    is_kept: bool,
}

impl Deflater {
    /// A compressor with this window. It refers to earlier messages if that is
    /// [kept](Window::is_kept).
    pub fn new(window: Window) -> Self {
        Self::with_level(window, LEVEL)
    }

    /// The same with another level of zlib, from 0 to 9.
    pub fn with_level(window: Window, level: i32) -> Self {
        let bits = window.bits().max(WINDOW_BITS_MIN);
        Self {
            deflate: Deflate::new(level, false, bits),
            is_kept: window.is_kept(),
        }
    }

    /// Compresses a message. `compressed` becomes the payload of its frame.
    pub fn compress(&mut self, message: &[u8], compressed: &mut Vec<u8>) {
        self.compress_fragment(message, Fin::Last, compressed);
    }

    /// Compresses the next fragment of a message. `compressed` becomes the payload of its frame.
    pub fn compress_fragment(&mut self, fragment: &[u8], fin: Fin, compressed: &mut Vec<u8>) {
        compressed.clear();
        let mut rest = fragment;
        let mut len = 0;
        loop {
            compressed.resize(len + ROOM_LEN.max(rest.len()), 0);
            let before = [self.deflate.total_in(), self.deflate.total_out()];
            let room = &mut compressed[len..];
            let room_len = room.len();
            // It can fail only with a wrong configuration.
            let _ = self.deflate.compress(rest, room, DeflateFlush::SyncFlush);
            let consumed = (self.deflate.total_in() - before[0]) as usize;
            let produced = (self.deflate.total_out() - before[1]) as usize;
            rest = &rest[consumed..];
            len += produced;
            if produced < room_len {
                break;
            }
        }
        compressed.truncate(len);
        if fin == Fin::More {
            return;
        }
        if compressed.ends_with(&TAIL) {
            compressed.truncate(len - TAIL.len());
        }
        if compressed.is_empty() {
            // An empty message behind another one makes no bytes at all.
            compressed.push(0);
        }
        if !self.is_kept {
            self.deflate.reset();
        }
    }

    /// Forgets what was compressed: it was not sent, so nothing may refer to it.
    pub fn reset(&mut self) {
        self.deflate.reset();
    }
}

impl fmt::Debug for Deflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Deflater(is_kept: {})", self.is_kept)
    }
}
