//! Inflates messages (RFC 7692 section 7.2.2), and checks them: a text must be UTF-8, and none may
//! be too long.

use ws_echo_core::{Kind, ProtocolError, Window};

use super::inflater::{Inflater, InvalidCompression};

/// An inflater of messages that are checked.
#[derive(Debug)]
pub(crate) struct CheckedInflater {
    inflater: Inflater,
    /// The first bytes of an incomplete character at the end of what was inflated.
    held: Vec<u8>,
    /// How many bytes the message has inflated to.
    message_len: u64,
}

/// What some bytes of a message inflate to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'a> {
    /// Whole characters, if the message is a text: a part of one is held back for the next piece.
    pub(crate) bytes: &'a [u8],
    /// How many bytes were inflated.
    pub(crate) inflated_len: usize,
}

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not what it should be.
    Invalid(ProtocolError),
    /// It inflates to more bytes than are allowed.
    TooLong,
}

impl From<InvalidCompression> for Fault {
    fn from(_: InvalidCompression) -> Self {
        Self::Invalid(ProtocolError::InvalidCompression)
    }
}

impl CheckedInflater {
    /// An inflater for a sender that compresses with this window.
    pub(crate) fn new(window: Window) -> Self {
        Self {
            inflater: Inflater::new(window),
            held: Vec::new(),
            message_len: 0,
        }
    }

    /// What the sender compresses with.
    pub(crate) fn window(&self) -> Window {
        self.inflater.window()
    }

    /// Inflates as much of the next bytes of a message as `room`, which must have more than 3
    /// bytes, has place for, and takes them from `bytes`. Nothing is inflated if all of them are.
    /// The message may have `max_len` bytes.
    ///
    /// # Errors
    ///
    /// What is wrong with the message. Then it must be [reset](Self::reset).
    pub(crate) fn inflate<'a>(
        &mut self,
        kind: Kind,
        bytes: &mut &[u8],
        room: &'a mut [u8],
        max_len: u64,
    ) -> Result<Piece<'a>, Fault> {
        let held_len = self.held.len();
        let (held, rest) = room.split_at_mut(held_len);
        held.copy_from_slice(&self.held);
        let inflated_len = self.inflater.inflate(bytes, rest)?.len();
        self.message_len = self.message_len.saturating_add(inflated_len as u64);
        if self.message_len > max_len {
            return Err(Fault::TooLong);
        }
        let inflated = &room[..held_len + inflated_len];
        let bytes = match kind {
            Kind::Text => whole_characters(inflated)?,
            Kind::Binary => inflated,
        };
        self.held.clear();
        self.held.extend_from_slice(&inflated[bytes.len()..]);
        Ok(Piece {
            bytes,
            inflated_len,
        })
    }

    /// Ends the message, of which all bytes were inflated. Then the next one can be inflated.
    ///
    /// > When an endpoint [...] finds that the byte stream is not, in fact, a valid UTF-8 stream,
    /// > that endpoint MUST _Fail the WebSocket Connection_. (RFC 6455 section 8.1)
    ///
    /// # Errors
    ///
    /// If it is cut inside a block or a character. The same follows.
    pub(crate) fn end_message(&mut self) -> Result<(), Fault> {
        self.inflater.end_message()?;
        if !self.held.is_empty() {
            return Err(Fault::Invalid(ProtocolError::InvalidText));
        }
        self.message_len = 0;
        Ok(())
    }

    /// Forgets all that was inflated. What follows is the first message of a sender that compresses
    /// with this window.
    pub(crate) fn reset(&mut self, window: Window) {
        self.inflater.reset(window);
        self.held.clear();
        self.message_len = 0;
    }
}

/// The text without a part of a character at its end.
fn whole_characters(text: &[u8]) -> Result<&[u8], Fault> {
    match str::from_utf8(text) {
        Ok(_) => Ok(text),
        Err(error) if error.error_len().is_none() => Ok(&text[..error.valid_up_to()]),
        Err(_) => Err(Fault::Invalid(ProtocolError::InvalidText)),
    }
}
