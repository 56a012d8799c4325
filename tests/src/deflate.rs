//! Compressed messages (RFC 7692 section 7.2), made and read by zlib-rs.

use ws_echo_core::{Agreed, Deflate, Window};
use zlib_rs::{DeflateFlush, InflateFlush, Status};

/// What a message ends with, and what is left out.
pub const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// The extension that most clients offer.
pub const OFFER: &str = "permessage-deflate; client_max_window_bits";
/// The answer that lets both ends keep their windows.
pub const KEPT: &str = "permessage-deflate";
/// The answer that lets neither do so.
pub const FRESH: &str =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// `Hello`, as the RFC compresses it in section 7.2.3.1.
pub const HELLO: &[u8] = b"\xF2\x48\xCD\xC9\xC9\x07\x00";
/// `Hello` once more, by a reference to the first one (section 7.2.3.2).
pub const HELLO_AGAIN: &[u8] = b"\xF2\x00\x11\x00\x00";

/// zlib makes none of 8 bits. One of 9 does the same: its distances are shorter than the window by
/// 262 bytes.
const MIN_BITS: u8 = 9;

/// Compression with one window for both ends.
pub fn agreed(window: Window) -> Agreed {
    let mut agreed = Agreed::NOTHING;
    agreed.deflate = Some(Deflate {
        server: window,
        client: window,
    });
    agreed
}

/// The compressed bytes of a message that does not refer to others.
pub fn compressed(message: &[u8]) -> Vec<u8> {
    Compressor::new(Window::MAX).compress(message)
}

/// So many MiB of zeros, a thousand times shorter.
pub fn zeros(mib: usize) -> Vec<u8> {
    let one = compressed(&vec![0; 1 << 20]);
    vec![&one[..]; mib].join(&TAIL[..])
}

/// A short message in a block that is not compressed.
pub fn stored(message: &[u8]) -> Vec<u8> {
    let len = message.len() as u8;
    [&[0, len, 0, !len, 0xFF], message, &[0]].concat()
}

/// Compresses messages.
pub struct Compressor {
    window: Window,
    stream: zlib_rs::Deflate,
}

impl Compressor {
    /// A compressor of which nothing was compressed.
    pub fn new(window: Window) -> Self {
        Self::with_level(window, 6)
    }

    /// The same, with one of zlib's levels: 0 stores the bytes as they are.
    pub fn with_level(window: Window, level: i32) -> Self {
        let stream = zlib_rs::Deflate::new(level, false, window.bits().max(MIN_BITS));
        Self { window, stream }
    }

    /// Compresses a message.
    ///
    /// > Remove 4 octets (that are 0x00 0x00 0xff 0xff) from the tail end. (RFC 7692 section
    /// > 7.2.1)
    pub fn compress(&mut self, message: &[u8]) -> Vec<u8> {
        let (mut at, mut compressed) = (0, Vec::new());
        loop {
            let mut output = [0; 4096];
            let before = (self.stream.total_in(), self.stream.total_out());
            let flush = DeflateFlush::SyncFlush;
            let status = self.stream.compress(&message[at..], &mut output, flush);
            status.expect("zlib-rs compresses anything");
            at += (self.stream.total_in() - before.0) as usize;
            let len = (self.stream.total_out() - before.1) as usize;
            compressed.extend(&output[..len]);
            if len < output.len() {
                break;
            }
        }
        assert_eq!(at, message.len());
        if !self.window.is_kept() {
            self.stream.reset();
        }
        match compressed.strip_suffix(&TAIL) {
            // Nothing but the tail was flushed, or not even that: an empty block.
            None | Some([]) => vec![0],
            Some(message) => message.to_vec(),
        }
    }
}

/// Inflates messages.
pub struct Inflater {
    window: Window,
    stream: zlib_rs::Inflate,
}

impl Inflater {
    /// An inflater of which nothing was inflated.
    pub fn new(window: Window) -> Self {
        Self {
            window,
            stream: Self::stream(window),
        }
    }

    fn stream(window: Window) -> zlib_rs::Inflate {
        zlib_rs::Inflate::new(false, window.bits().max(MIN_BITS))
    }

    /// Inflates a message. `None` if it is not a stream of this window.
    ///
    /// > Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message.
    /// > (RFC 7692 section 7.2.2)
    pub fn inflate(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        let input = [message, &TAIL].concat();
        let (mut at, mut message) = (0, Vec::new());
        loop {
            // The window is not larger than was agreed on only if it does not lie in the output.
            let mut output = [0; 256];
            let before = (self.stream.total_in(), self.stream.total_out());
            let flush = InflateFlush::NoFlush;
            let status = self.stream.decompress(&input[at..], &mut output, flush);
            at += (self.stream.total_in() - before.0) as usize;
            let len = (self.stream.total_out() - before.1) as usize;
            message.extend(&output[..len]);
            match status.ok()? {
                // None of ours ends the stream.
                Status::StreamEnd => return None,
                _ if len < output.len() && at == input.len() => break,
                _ => {}
            }
        }
        if !self.window.is_kept() {
            self.stream = Self::stream(self.window);
        }
        Some(message)
    }
}
