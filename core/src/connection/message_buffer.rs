//! Gathers the pieces of a message until it is complete, up to a limit (RFC 6455 section 5.4). What
//! the pieces are is decided in `receiving`.

use core::fmt;
use core::mem::replace;
use core::str::from_utf8;

use crate::connection::deflate::Window;
use crate::connection::event::{Chunk, Kind, Message};
use crate::frame::error::ProtocolError;
use crate::frame::layout::Fin;
use crate::inflate::Inflate;
use crate::storage::Storage;

/// Gathers whole messages, for an application that needs them whole. The pieces come from
/// [`Exchange::gather`](crate::Exchange::gather).
///
/// One for each connection: a message may be in it while the connection waits for the rest.
///
/// ```
/// # use ws_echo_core::{Agreed, Buffer, Connection};
/// use ws_echo_core::{CloseCode, Event, Message, MessageBuffer};
///
/// # let mut connection = Connection::server(Agreed::NOTHING);
/// # let mut buffer = Buffer::new([0; 256]);
/// # for frame in [
/// #     &b"\x01\x84\0\0\0\0get "[..],
/// #     b"\x80\x8b\0\0\0\0temperature",
/// #     b"\x82\x81\0\0\0\0!",
/// # ] {
/// #     buffer.spare_mut()[..frame.len()].copy_from_slice(frame);
/// #     buffer.commit(frame.len());
/// # }
/// // A command has at most 64 bytes. With the feature `std`: MessageBuffer::with_limit(1 << 20)
/// let mut command = MessageBuffer::new([0; 64]);
///
/// let mut exchange = connection.exchange(&mut buffer);
/// while let Some(event) = exchange.next_event()? {
///     let Event::Data(chunk) = event else { continue };
///     match exchange.gather(&chunk, &mut command) {
///         Ok(None) => {} // The rest of the message follows.
///         Ok(Some(Message::Text(command))) => {
///             let answer = match command {
///                 "get temperature" => "21",
///                 _ => "unknown command",
///             };
///             exchange.send(Message::Text(answer))?;
///         }
///         Ok(Some(Message::Binary(_))) => exchange.close(CloseCode::UNSUPPORTED_DATA, "")?,
///         Err(_) => exchange.close(CloseCode::MESSAGE_TOO_BIG, "")?,
///     }
/// }
/// # assert_eq!(buffer.ready(), b"\x81\x0221\x88\x02\x03\xeb");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct MessageBuffer<S> {
    storage: S,
    limit: usize,
    gathered: Gathered,
}

/// What was gathered of the message that is being received.
#[derive(Clone, Copy, Debug)]
enum Gathered {
    /// This many bytes at the start of the storage.
    Bytes(usize),
    /// Nothing: the message is too long.
    TooLong,
}

/// What a [`MessageBuffer`] keeps a message in: `[u8; N]` or `&mut [u8]`, and with the feature
/// `std` a `Vec<u8>`.
pub trait MessageStorage: Storage {
    /// Grows to `len` bytes, if it can.
    fn grow(&mut self, _len: usize) {}
}

impl<const N: usize> MessageStorage for [u8; N] {}

impl MessageStorage for &mut [u8] {}

#[cfg(feature = "std")]
impl MessageStorage for std::vec::Vec<u8> {
    fn grow(&mut self, len: usize) {
        let more = len.saturating_sub(self.len());
        if self.try_reserve_exact(more).is_ok() {
            self.resize(self.len() + more, 0);
        }
    }
}

/// A message is longer than its [`MessageBuffer`] may hold, or there was no memory for it. It can
/// be reported to the peer with [`CloseCode::MESSAGE_TOO_BIG`](crate::CloseCode::MESSAGE_TOO_BIG).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MessageTooLong;

impl fmt::Display for MessageTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("message is too long")
    }
}

impl core::error::Error for MessageTooLong {}

/// Why a message that may be compressed is not
/// [gathered](crate::Exchange::gather_inflated).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum GatherError {
    /// It is longer than its [`MessageBuffer`] may hold. It can be reported with
    /// [`CloseCode::MESSAGE_TOO_BIG`](crate::CloseCode::MESSAGE_TOO_BIG).
    TooLong(MessageTooLong),
    /// It cannot be inflated, or is not the text that it should be. Report it with
    /// [`Exchange::fail`](crate::Exchange::fail).
    Invalid(ProtocolError),
}

impl fmt::Display for GatherError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(error) => error.fmt(f),
            Self::Invalid(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for GatherError {}

impl From<MessageTooLong> for GatherError {
    fn from(error: MessageTooLong) -> Self {
        Self::TooLong(error)
    }
}

impl From<ProtocolError> for GatherError {
    fn from(error: ProtocolError) -> Self {
        Self::Invalid(error)
    }
}

impl<S: Storage> MessageBuffer<S> {
    /// Gathers messages that are not longer than `storage`.
    pub fn new(storage: S) -> Self {
        Self {
            limit: storage.as_ref().len(),
            storage,
            gathered: Gathered::Bytes(0),
        }
    }
}

#[cfg(feature = "std")]
impl MessageBuffer<std::vec::Vec<u8>> {
    /// Gathers messages of up to `limit` bytes. It takes memory as a message arrives: at most twice
    /// what was received, and at most `limit` bytes. The memory is kept for the next message.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            limit,
            ..Self::new(std::vec::Vec::new())
        }
    }
}

impl<S: MessageStorage> MessageBuffer<S> {
    /// Adds the bytes of a chunk, and returns the message if they are its last. At least
    /// `remaining` more bytes of the message follow.
    pub(crate) fn push(
        &mut self,
        chunk: &Chunk,
        bytes: &[u8],
        remaining: u64,
    ) -> Result<Option<Message<'_>>, MessageTooLong> {
        let added = self.add(bytes, remaining);
        if chunk.fin == Fin::More {
            return added.map(|()| None);
        }
        let bytes = self.end();
        added?;
        Ok(bytes.map(|bytes| match chunk.kind() {
            // Each piece is UTF-8 by itself.
            Kind::Text => Message::Text(from_utf8(bytes).unwrap_or_default()),
            Kind::Binary => Message::Binary(bytes),
        }))
    }

    /// The same for a compressed chunk, of a peer that compresses with this window.
    pub(crate) fn push_compressed<const LEN: usize>(
        &mut self,
        chunk: &Chunk,
        mut bytes: &[u8],
        window: Window,
        inflate: &mut Inflate<LEN>,
    ) -> Result<Option<Message<'_>>, GatherError> {
        let mut added = Ok(());
        // All of it is inflated even if it is too long: the next message may refer to it.
        while let Some(piece) = inflate.piece(&mut bytes)? {
            added = added.and(self.add(piece, 0));
        }
        if chunk.fin == Fin::More {
            added?;
            return Ok(None);
        }
        inflate.end_message()?;
        if !window.is_kept() {
            inflate.reset();
        }
        let bytes = self.end();
        added?;
        Ok(match (bytes, chunk.kind()) {
            (None, _) => None,
            (Some(bytes), Kind::Binary) => Some(Message::Binary(bytes)),
            (Some(bytes), Kind::Text) => {
                let text = from_utf8(bytes).map_err(|_| ProtocolError::InvalidText)?;
                Some(Message::Text(text))
            }
        })
    }

    /// Adds bytes of a message, of which at least `remaining` more follow.
    fn add(&mut self, bytes: &[u8], remaining: u64) -> Result<(), MessageTooLong> {
        let Gathered::Bytes(start) = self.gathered else {
            return Ok(()); // It was reported.
        };
        let end = self.append(start, bytes, remaining);
        self.gathered = end.map_or(Gathered::TooLong, Gathered::Bytes);
        end.map(|_| ())
    }

    /// Ends a message, and returns its bytes unless it is too long.
    fn end(&mut self) -> Option<&[u8]> {
        match replace(&mut self.gathered, Gathered::Bytes(0)) {
            Gathered::Bytes(len) => self.storage.as_ref().get(..len),
            Gathered::TooLong => None,
        }
    }

    /// Writes bytes of the message from `start` on, and returns where they end.
    fn append(
        &mut self,
        start: usize,
        bytes: &[u8],
        remaining: u64,
    ) -> Result<usize, MessageTooLong> {
        let end = start.saturating_add(bytes.len());
        if remaining.saturating_add(end as u64) > self.limit as u64 {
            return Err(MessageTooLong);
        }
        if self.storage.as_ref().len() < end {
            // Doubled: otherwise a message in many pieces would be moved with each of them.
            self.storage.grow(end.saturating_mul(2).min(self.limit));
        }
        let room = self.storage.as_mut().get_mut(start..end);
        for (to, from) in room.ok_or(MessageTooLong)?.iter_mut().zip(bytes) {
            *to = *from;
        }
        Ok(end)
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::buffer::Buffer;
    use crate::frame::layout::Opcode;

    #[test]
    fn memory_is_taken_for_what_was_received_and_at_most_the_limit() {
        let chunk = Chunk {
            opcode: Opcode::Binary,
            fin: Fin::More,
            span: Buffer::new([0; 64]).lend(0, 0),
        };
        let mut message = MessageBuffer::with_limit(100);
        let mut growths = 0;
        for len in 1..=100 {
            let before = message.storage.capacity();
            let remaining = 100 - len as u64;
            assert_eq!(message.push(&chunk, &[1], remaining), Ok(None));
            let capacity = message.storage.capacity();
            growths += usize::from(capacity > before);
            assert!((len..=100.min(2 * len)).contains(&capacity), "{capacity}");
        }
        assert_eq!(message.push(&chunk, &[1], 0), Err(MessageTooLong));
        assert_eq!(message.push(&chunk, &[1], 0), Ok(None));
        assert_eq!(message.storage.capacity(), 100);
        assert!(growths < 10, "{growths}");
    }
}
