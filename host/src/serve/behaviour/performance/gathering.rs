//! A message while it is received.

use std::mem;

use super::memory::{Memory, Short};
use crate::serve::pool::Pool;

/// What was received of a message.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    bytes: Vec<u8>,
    /// How much memory it has, in bytes.
    taken: usize,
}

impl Gathering {
    /// How many bytes were received.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a piece. `remaining` more bytes are announced: they are believed only as far as what
    /// was received is long.
    pub(super) fn push(
        &mut self,
        piece: &[u8],
        remaining: u64,
        memory: &mut Memory,
        pool: &mut Pool,
    ) -> Result<(), Short> {
        let len = self.bytes.len() + piece.len();
        if len > self.bytes.capacity() {
            let announced = usize::try_from(remaining).unwrap_or(usize::MAX);
            let capacity = len.saturating_add(announced).min(2 * len).max(len);
            let _granted = memory.take(capacity.saturating_sub(self.taken), pool)?;
            self.taken = self.taken.max(capacity);
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        self.bytes.extend_from_slice(piece);
        Ok(())
    }

    /// Takes all that was received. Its memory counts no longer.
    pub(super) fn take(&mut self, memory: &mut Memory, pool: &mut Pool) -> Vec<u8> {
        memory.give_back(mem::take(&mut self.taken), pool);
        let mut bytes = mem::take(&mut self.bytes);
        bytes.shrink_to_fit();
        bytes
    }
}
