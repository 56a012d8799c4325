//! What a busy client owns: the buffer in which its answers are made, and what waits for the client
//! because it does not read yet. All bytes of the backlog go before those that are ready.

use std::mem;
use std::ops::{Deref, DerefMut};

use ws_echo_core::Buffer;

use crate::serve::backlog::Backlog;
use crate::serve::traffic::Traffic;
use crate::serve::unsent::Unsent;

/// A buffer of the core, and the bytes that its client must get before what is ready there.
///
/// What is not said of the backlog is said of the buffer.
#[derive(Debug)]
pub(crate) struct ClientBuffer {
    buffer: Buffer<Box<[u8]>>,
    pub(crate) backlog: Backlog,
    pub(crate) patience: Patience,
    /// The messages among the bytes that wait for the client.
    pub(crate) unsent: Unsent,
}

/// Whether a client that does not take what is ready still has a moment to do so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// It has: it may be about to read.
    Left,
    /// It may send first and read later: what is ready may become a backlog.
    Over,
}

impl ClientBuffer {
    pub(crate) fn new(buffer: Buffer<Box<[u8]>>) -> Self {
        Self {
            buffer,
            backlog: Backlog::default(),
            patience: Patience::Left,
            unsent: Unsent::default(),
        }
    }

    /// Takes the backlog out: it needs no buffer while nothing is received.
    pub(crate) fn detach_backlog(&mut self) -> Self {
        Self {
            buffer: Buffer::new(Box::default()),
            backlog: mem::take(&mut self.backlog),
            patience: self.patience,
            unsent: mem::take(&mut self.unsent),
        }
    }

    /// Whether it is a [detached](Self::detach_backlog) backlog.
    pub(crate) fn is_detached(&self) -> bool {
        self.buffer.capacity() == 0
    }

    /// Whether it holds nothing, in the backlog either.
    pub(crate) fn holds_nothing(&self) -> bool {
        self.buffer.is_empty() && self.backlog.is_empty()
    }

    /// How many bytes wait for the client.
    pub(crate) fn waiting_len(&self) -> usize {
        self.backlog.len() + self.buffer.ready().len()
    }

    /// Reports that what is ready is the response that opens a connection, with a greeting at its
    /// end if there is one.
    pub(crate) fn expect_frames(&mut self, greeting: Traffic) {
        let greeting_len = match (greeting.messages, greeting.bytes as usize) {
            (0, _) => 0,
            (_, len @ ..=125) => 2 + len,
            (_, len) => 4 + len,
        };
        let response_len = self.buffer.ready().len().saturating_sub(greeting_len);
        self.unsent = Unsent::after_response(response_len);
        self.unsent.add(greeting);
    }

    /// The buffer of the core, and where the messages are counted that are made ready in it.
    pub(crate) fn parts(&mut self) -> (&mut Buffer<Box<[u8]>>, &mut Unsent) {
        (&mut self.buffer, &mut self.unsent)
    }

    /// Reports that the first `len` bytes of what is ready were transmitted.
    pub(crate) fn transmitted(&mut self, len: usize) {
        let ready = self.buffer.ready();
        self.unsent.remove(ready.get(..len).unwrap_or(ready));
        self.buffer.consume(len);
    }

    /// Reports that the first `len` bytes of the backlog were transmitted, before they are taken
    /// out.
    pub(crate) fn backlog_transmitted(&mut self, len: usize) {
        let first = self.backlog.first();
        self.unsent.remove(first.get(..len).unwrap_or(first));
    }

    /// Whether the client has a moment to take what is ready.
    pub(crate) fn is_patient(&self) -> bool {
        self.patience == Patience::Left
            && self.backlog.is_empty()
            && !self.buffer.ready().is_empty()
    }
}

impl Deref for ClientBuffer {
    type Target = Buffer<Box<[u8]>>;

    fn deref(&self) -> &Self::Target {
        &self.buffer
    }
}

impl DerefMut for ClientBuffer {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.buffer
    }
}
