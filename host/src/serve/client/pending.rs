//! Bytes that a client must be sent and that did not fit its buffer: they are made ready as far as
//! there is room.

use std::borrow::Cow;
use std::mem;

use crate::serve::pool::{HeapBuffer, Pool};

/// What is sent before anything else happens.
#[derive(Debug)]
pub(super) struct Pending {
    bytes: Cow<'static, [u8]>,
    /// How many bytes were made ready.
    produced: usize,
    /// How much of the pool's memory the bytes take: they are a report, unless they are static.
    pub(super) granted: usize,
}

impl Pending {
    /// Bytes that take no memory of the pool's.
    pub(super) fn new(bytes: Cow<'static, [u8]>) -> Self {
        Self {
            bytes,
            produced: 0,
            granted: 0,
        }
    }

    /// A report, for which the pool has given as much memory as it takes.
    pub(super) fn report(bytes: Vec<u8>) -> Self {
        Self {
            granted: bytes.len(),
            ..Self::new(bytes.into())
        }
    }

    /// Makes as much ready as there is room for. Returns whether that was the rest.
    pub(super) fn make_ready(&mut self, buffer: &mut HeapBuffer) -> bool {
        let rest = self.bytes.get(self.produced..).unwrap_or_default();
        self.produced += buffer.make_ready(rest);
        self.produced == self.bytes.len()
    }

    /// Gives the pool its memory back: the bytes are not needed any longer.
    pub(super) fn give_memory_back(&mut self, pool: &mut Pool) {
        self.bytes = Cow::Borrowed(&[]);
        pool.give_memory_back(mem::take(&mut self.granted));
    }
}
