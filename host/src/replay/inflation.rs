//! The compressed messages of a recording, inflated (RFC 7692 section 7.2.2): those of one side.

use ws_echo_core::{Kind, Window};

use crate::deflate::checked_inflater::{CheckedInflater, Fault};

/// The longest message that is inflated, in bytes.
const INFLATED_MAX: u64 = 64 << 20;
/// How much is inflated at once, in bytes.
const ROOM_LEN: usize = 64 << 10;

/// Inflates the messages of one side, in their order.
#[derive(Debug)]
pub(super) struct Inflation {
    /// `None` if no compression was agreed on, or no further message can be inflated: each may
    /// refer to one that is not known.
    inflater: Option<CheckedInflater>,
    room: Box<[u8]>,
}

impl Inflation {
    /// Inflates what a side compresses with this window, if compression was agreed on.
    pub(super) fn new(window: Option<Window>) -> Self {
        let inflater = window.map(CheckedInflater::new);
        let room_len = if inflater.is_some() { ROOM_LEN } else { 0 };
        Self {
            inflater,
            room: vec![0; room_len].into(),
        }
    }

    /// Inflates a message. `None` if that is not possible.
    pub(super) fn inflate(&mut self, kind: Kind, compressed: &[u8]) -> Option<Vec<u8>> {
        let inflated = self.inflate_all(kind, compressed);
        if inflated.is_none() {
            self.skip();
        }
        inflated
    }

    /// Skips a message that is not known.
    pub(super) fn skip(&mut self) {
        let window = self.inflater.as_ref().map(CheckedInflater::window);
        match (window, &mut self.inflater) {
            (Some(window), Some(inflater)) if !window.is_kept() => inflater.reset(window),
            _ => self.inflater = None,
        }
    }

    fn inflate_all(&mut self, kind: Kind, compressed: &[u8]) -> Option<Vec<u8>> {
        let inflater = self.inflater.as_mut()?;
        let mut message = Vec::new();
        let mut all = || -> Result<(), Fault> {
            let mut rest = compressed;
            loop {
                let piece = inflater.inflate(kind, &mut rest, &mut self.room, INFLATED_MAX)?;
                if piece.inflated_len == 0 {
                    return inflater.end_message();
                }
                message.extend_from_slice(piece.bytes);
            }
        };
        all().ok().map(|()| message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::deflater::Deflater;

    fn compressed(deflater: &mut Deflater, message: &[u8]) -> Vec<u8> {
        let mut compressed = Vec::new();
        deflater.compress(message, &mut compressed);
        compressed
    }

    #[test]
    fn messages_are_inflated_with_the_ones_before_them() {
        for window in [Window::MAX, Window::MAX.fresh()] {
            let mut deflater = Deflater::new(window);
            let mut inflation = Inflation::new(Some(window));
            let long = b"hello ".repeat(100_000);
            for message in [&b"hello hello"[..], b"", &long, b"hello hello"] {
                let compressed = compressed(&mut deflater, message);
                let inflated = inflation.inflate(Kind::Text, &compressed);
                assert!(inflated.as_deref() == Some(message));
            }
        }
    }

    #[test]
    fn after_an_unknown_message_only_a_window_that_is_not_kept_goes_on() {
        for (window, goes_on) in [(Window::MAX, false), (Window::MAX.fresh(), true)] {
            let mut deflater = Deflater::new(window);
            let mut inflation = Inflation::new(Some(window));
            compressed(&mut deflater, b"hello hello");
            inflation.skip();
            let next = compressed(&mut deflater, b"hello hello");
            let inflated = inflation.inflate(Kind::Text, &next);
            assert_eq!(inflated.is_some(), goes_on);
            assert_eq!(inflation.inflate(Kind::Text, b"\xff\xff\xff"), None);
            let next = compressed(&mut deflater, b"hello hello");
            assert_eq!(inflation.inflate(Kind::Text, &next).is_some(), goes_on);
        }
    }

    #[test]
    fn nothing_is_inflated_without_an_agreement() {
        assert_eq!(Inflation::new(None).inflate(Kind::Text, b"\x00"), None);
    }
}
