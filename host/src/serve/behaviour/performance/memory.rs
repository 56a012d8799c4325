//! The memory of the pool that a performance has: its own, and what it holds for the client.

use crate::serve::memory::Granted;
use crate::serve::pool::Pool;

/// There is no memory for what must be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Short;

/// How many bytes were taken from the pool. All must be given back when the client is gone.
#[derive(Debug, Default)]
pub(super) struct Memory {
    taken: usize,
}

impl Memory {
    /// Takes this many bytes. They may be allocated until the permission is dropped; only then may
    /// more be taken.
    pub(super) fn take(&mut self, len: usize, pool: &mut Pool) -> Result<Granted, Short> {
        let granted = pool.take_memory(len).ok_or(Short)?;
        self.taken += len;
        Ok(granted)
    }

    /// Gives this many bytes back, or all if it has less.
    pub(super) fn give_back(&mut self, len: usize, pool: &mut Pool) {
        let len = len.min(self.taken);
        self.taken -= len;
        pool.give_memory_back(len);
    }

    /// How many bytes it has.
    pub(super) fn taken(&self) -> usize {
        self.taken
    }
}
