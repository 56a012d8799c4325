//! Gathers the messages of a server, in bounded memory, and inflates those that are compressed (RFC
//! 7692 section 7.2.2).

use ws_echo_core::{Fin, Kind, ProtocolError, Window};

use super::seen::{Content, Seen};
use crate::deflate::checked_inflater::{CheckedInflater, Fault};

/// The longest message that is kept and compared, in bytes. It is as long as the longest line of a
/// recording.
const MESSAGE_LEN_MAX: usize = 64 << 20;
/// How much is inflated at once, in bytes.
const ROOM_LEN: usize = 64 << 10;

/// The message that is being received.
#[derive(Debug)]
pub(super) struct Inbox {
    /// If compression was agreed on.
    inflater: Option<CheckedInflater>,
    room: Box<[u8]>,
    bytes: Vec<u8>,
    /// The length of the message so far.
    len: u64,
}

/// A piece of a message, as it was received.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) kind: Kind,
    pub(super) bytes: &'a [u8],
    pub(super) fin: Fin,
    pub(super) is_compressed: bool,
}

impl Inbox {
    /// An inbox for a server that compresses with this window, if compression was agreed on.
    pub(super) fn new(window: Option<Window>) -> Self {
        let room_len = if window.is_some() { ROOM_LEN } else { 0 };
        Self {
            inflater: window.map(CheckedInflater::new),
            room: vec![0; room_len].into(),
            bytes: Vec::new(),
            len: 0,
        }
    }

    /// Adds a piece. Returns the message if it was the last one.
    ///
    /// # Errors
    ///
    /// If it is compressed and not valid.
    pub(super) fn add(&mut self, piece: Piece<'_>) -> Result<Option<Seen>, ProtocolError> {
        match &mut self.inflater {
            Some(inflater) if piece.is_compressed => {
                let mut message = Gathered {
                    bytes: &mut self.bytes,
                    len: &mut self.len,
                };
                inflate(inflater, piece, &mut self.room, &mut message)?;
            }
            _ => {
                let mut message = Gathered {
                    bytes: &mut self.bytes,
                    len: &mut self.len,
                };
                message.push(piece.bytes);
            }
        }
        Ok((piece.fin == Fin::Last).then(|| self.take(piece.kind)))
    }

    fn take(&mut self, kind: Kind) -> Seen {
        let bytes = std::mem::take(&mut self.bytes);
        let len = std::mem::take(&mut self.len);
        let content = match len == bytes.len() as u64 {
            true => Content::Known(bytes),
            false => Content::TooLong(len),
        };
        Seen::Message(kind, content)
    }
}

/// The bytes of a message, as far as they are kept, and its length.
struct Gathered<'a> {
    bytes: &'a mut Vec<u8>,
    len: &'a mut u64,
}

impl Gathered<'_> {
    fn push(&mut self, bytes: &[u8]) {
        *self.len += bytes.len() as u64;
        if *self.len <= MESSAGE_LEN_MAX as u64 {
            self.bytes.extend_from_slice(bytes);
        } else {
            // It is not compared.
            *self.bytes = Vec::new();
        }
    }
}

fn inflate(
    inflater: &mut CheckedInflater,
    piece: Piece<'_>,
    room: &mut [u8],
    message: &mut Gathered<'_>,
) -> Result<(), ProtocolError> {
    let invalid = |fault| match fault {
        Fault::Invalid(error) => error,
        Fault::TooLong => ProtocolError::InvalidCompression,
    };
    let mut rest = piece.bytes;
    loop {
        let inflated = inflater
            .inflate(piece.kind, &mut rest, room, u64::MAX)
            .map_err(invalid)?;
        if inflated.inflated_len == 0 {
            break;
        }
        message.push(inflated.bytes);
    }
    if piece.fin == Fin::Last {
        inflater.end_message().map_err(invalid)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::deflater::Deflater;

    fn piece(bytes: &[u8], fin: Fin, is_compressed: bool) -> Piece<'_> {
        Piece {
            kind: Kind::Text,
            bytes,
            fin,
            is_compressed,
        }
    }

    fn known(text: &[u8]) -> Seen {
        Seen::Message(Kind::Text, Content::Known(text.into()))
    }

    #[test]
    fn a_message_in_pieces_is_one_message() {
        let mut inbox = Inbox::new(None);
        assert_eq!(inbox.add(piece(b"ab", Fin::More, false)), Ok(None));
        let message = inbox.add(piece(b"c", Fin::Last, false));
        assert_eq!(message, Ok(Some(known(b"abc"))));
        let message = inbox.add(piece(b"", Fin::Last, false));
        assert_eq!(message, Ok(Some(known(b""))));
    }

    #[test]
    fn a_compressed_message_is_what_it_inflates_to_however_it_is_cut() {
        let mut inbox = Inbox::new(Some(Window::MAX));
        let mut deflater = Deflater::new(Window::MAX);
        let mut compressed = Vec::new();
        for text in ["hello hello ß".repeat(20_000), String::new(), "ß".into()] {
            deflater.compress(text.as_bytes(), &mut compressed);
            let (start, end) = compressed.split_at(compressed.len() / 2);
            assert_eq!(inbox.add(piece(start, Fin::More, true)), Ok(None));
            let message = inbox.add(piece(end, Fin::Last, true));
            assert!(message == Ok(Some(known(text.as_bytes()))));
        }
        let invalid = inbox.add(piece(b"\xff\xff\xff", Fin::Last, true));
        assert_eq!(invalid, Err(ProtocolError::InvalidCompression));
    }

    #[test]
    fn of_a_message_that_is_too_long_only_the_length_is_known() {
        let mut inbox = Inbox::new(None);
        let half = vec![b'a'; MESSAGE_LEN_MAX / 2 + 1];
        assert_eq!(inbox.add(piece(&half, Fin::More, false)), Ok(None));
        assert_eq!(inbox.add(piece(&half, Fin::More, false)), Ok(None));
        assert_eq!(inbox.bytes.capacity(), 0);
        let message = inbox.add(piece(b"", Fin::Last, false));
        let content = Content::TooLong(2 * half.len() as u64);
        assert_eq!(message, Ok(Some(Seen::Message(Kind::Text, content))));
        let message = inbox.add(piece(b"a", Fin::Last, false));
        assert_eq!(message, Ok(Some(known(b"a"))));
    }
}
