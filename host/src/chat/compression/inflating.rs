//! Inflates messages piece by piece, in bounded memory (RFC 7692 section 7.2.2).

use ws_echo_core::{Fin, ProtocolError, Window};

use crate::chat::user::ReceivedPiece;
use crate::deflate::checked_inflater::{CheckedInflater, Fault};
use crate::quantity::Size;

/// The longest message that a server can make of a compressed one, unless a longer one was sent to
/// it. What is not compressed may have any length, since the server must send all of it.
const INFLATED_MAX: u64 = 64 << 20;
/// How much is inflated at once.
const ROOM_LEN: usize = 64 << 10;

/// Inflates the messages of one connection.
#[derive(Debug)]
pub(super) struct Inflating {
    inflater: CheckedInflater,
    room: Box<[u8]>,
    /// The longest that a message may be.
    max_len: u64,
    /// The length of the message that is being sent.
    sent: u64,
}

/// Why a compressed message cannot be shown.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::chat) enum InflateError {
    /// It is not valid.
    Invalid(ProtocolError),
    /// It is too long; as text.
    TooLong(String),
}

impl Inflating {
    /// Inflates what a server compresses with this window.
    pub(super) fn new(window: Window) -> Self {
        Self {
            inflater: CheckedInflater::new(window),
            room: vec![0; ROOM_LEN].into(),
            max_len: INFLATED_MAX,
            sent: 0,
        }
    }

    /// Expects the echo of a message, of which a fragment of this length is sent.
    pub(super) fn expect(&mut self, len: usize, fin: Fin) {
        self.sent += len as u64;
        self.max_len = self.max_len.max(self.sent);
        if fin == Fin::Last {
            self.sent = 0;
        }
    }

    /// Inflates the next piece of a message, and shows what it becomes in pieces that do not cut a
    /// character.
    pub(super) fn next(
        &mut self,
        piece: ReceivedPiece<'_>,
        show: impl FnMut(ReceivedPiece<'_>),
    ) -> Result<(), InflateError> {
        self.inflate(piece, show).map_err(|fault| match fault {
            Fault::Invalid(error) => InflateError::Invalid(error),
            Fault::TooLong => too_long(self.max_len),
        })
    }

    fn inflate(
        &mut self,
        piece: ReceivedPiece<'_>,
        mut show: impl FnMut(ReceivedPiece<'_>),
    ) -> Result<(), Fault> {
        let ReceivedPiece { kind, fin, .. } = piece;
        let mut rest = piece.bytes;
        loop {
            let (room, max_len) = (&mut self.room, self.max_len);
            let inflated = self.inflater.inflate(kind, &mut rest, room, max_len)?;
            if inflated.inflated_len == 0 {
                break;
            }
            let (bytes, fin) = (inflated.bytes, Fin::More);
            show(ReceivedPiece { kind, bytes, fin });
        }
        if fin == Fin::Last {
            self.inflater.end_message()?;
            let bytes = &[];
            show(ReceivedPiece { kind, bytes, fin });
        }
        Ok(())
    }
}

fn too_long(max_len: u64) -> InflateError {
    let max_len = Size(max_len);
    InflateError::TooLong(format!(
        "the server compressed a message of more than {max_len}: --no-compression takes any length"
    ))
}

#[cfg(test)]
mod tests {
    use ws_echo_core::Kind;

    use super::*;
    use crate::deflate::deflater::Deflater;

    /// What is shown of a message in these pieces.
    fn shown(
        inflating: &mut Inflating,
        kind: Kind,
        pieces: &[&[u8]],
    ) -> Result<Vec<u8>, InflateError> {
        let mut message = Vec::new();
        for (index, bytes) in pieces.iter().enumerate() {
            let is_last = index + 1 == pieces.len();
            let fin = if is_last { Fin::Last } else { Fin::More };
            inflating.next(ReceivedPiece { kind, bytes, fin }, |piece| {
                assert!(kind == Kind::Binary || str::from_utf8(piece.bytes).is_ok());
                message.extend(piece.bytes);
            })?;
        }
        Ok(message)
    }

    fn compressed(message: &[u8]) -> Vec<u8> {
        let mut compressed = Vec::new();
        Deflater::new(Window::MAX.fresh()).compress(message, &mut compressed);
        compressed
    }

    fn inflating() -> Inflating {
        Inflating::new(Window::MAX.fresh())
    }

    #[test]
    fn no_piece_of_a_text_is_cut_inside_a_character_wherever_the_bytes_are_cut() {
        let text = "aß水🦀".repeat(30_000);
        let compressed = compressed(text.as_bytes());
        let mut inflating = inflating();
        for len in [1, 2, 7, 100, compressed.len()] {
            let pieces: Vec<&[u8]> = compressed.chunks(len).collect();
            let shown = shown(&mut inflating, Kind::Text, &pieces);
            assert!(shown.as_deref() == Ok(text.as_bytes()), "pieces of {len}");
        }
        assert_eq!(shown(&mut inflating, Kind::Text, &[b""]), Ok(Vec::new()));
        assert_eq!(shown(&mut inflating, Kind::Text, &[&[0]]), Ok(Vec::new()));
    }

    #[test]
    fn text_that_is_not_utf_8_or_cut_in_a_character_is_invalid() {
        for bytes in [
            &b"a\xff"[..],
            b"\xc3",
            b"\xe6\xb0",
            b"\xed\xa0\x80",
            b"\xc3a",
        ] {
            let compressed = compressed(bytes);
            let refused = shown(&mut inflating(), Kind::Text, &[&compressed]);
            let expected = InflateError::Invalid(ProtocolError::InvalidText);
            assert_eq!(refused, Err(expected), "{bytes:?}");
            let shown = shown(&mut inflating(), Kind::Binary, &[&compressed]);
            assert_eq!(shown.as_deref(), Ok(bytes));
        }
    }

    #[test]
    fn only_a_message_longer_than_any_that_was_sent_can_be_too_long() {
        let max_len = 1000;
        let mut inflating = inflating();
        inflating.max_len = max_len as u64;
        let received = |inflating: &mut Inflating, len| {
            let shown = shown(inflating, Kind::Text, &[&compressed(&vec![b'a'; len])]);
            shown.map(|message| message.len())
        };
        assert_eq!(received(&mut inflating, max_len), Ok(max_len));
        // The echo may begin before all of the message is sent.
        inflating.expect(max_len, Fin::More);
        inflating.expect(1, Fin::More);
        assert_eq!(received(&mut inflating, max_len + 1), Ok(max_len + 1));
        inflating.expect(1, Fin::Last);
        inflating.expect(max_len, Fin::Last);
        assert_eq!(received(&mut inflating, max_len + 2), Ok(max_len + 2));
        let refused = received(&mut inflating, max_len + 3);
        assert!(matches!(refused, Err(InflateError::TooLong(_))));
    }
}
