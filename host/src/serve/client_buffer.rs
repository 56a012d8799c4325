//! What a busy client owns: the buffer in which its answers are made, and what waits for the client
//! because it does not read yet. All bytes of the backlog go before those that are ready.

use std::mem;
use std::ops::{Deref, DerefMut};

use ws_echo_core::Buffer;

use crate::serve::backlog::Backlog;

/// A buffer of the core, and the bytes that its client must get before what is ready there.
///
/// What is not said of the backlog is said of the buffer.
#[derive(Debug)]
pub(crate) struct ClientBuffer {
    buffer: Buffer<Box<[u8]>>,
    pub(crate) backlog: Backlog,
    pub(crate) patience: Patience,
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
        }
    }

    /// Takes the backlog out: it needs no buffer while nothing is received.
    pub(crate) fn detach_backlog(&mut self) -> Self {
        Self {
            buffer: Buffer::new(Box::default()),
            backlog: mem::take(&mut self.backlog),
            patience: self.patience,
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
