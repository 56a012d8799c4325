//! The memory for what waits for clients that send first and read later: blocks, which are a part
//! of the pool's own memory.

use std::mem;

use super::{BufferClass, HeapBuffer, Pool};
use crate::serve::backlog::Backlog;
use crate::serve::client_buffer::ClientBuffer;

impl Pool {
    /// Puts an empty buffer back whose backlog is not empty, and returns the backlog.
    pub(crate) fn detach_backlog(&mut self, mut buffer: HeapBuffer) -> HeapBuffer {
        let backlog = Box::new(buffer.detach_backlog());
        self.put_buffer(buffer);
        backlog
    }

    /// Takes an empty buffer for a client with a detached backlog.
    pub(crate) fn attach_backlog(
        &mut self,
        detached: ClientBuffer,
        class: BufferClass,
    ) -> HeapBuffer {
        let mut buffer = self.take_buffer(class);
        buffer.backlog = detached.backlog;
        buffer.unsent = detached.unsent;
        buffer
    }

    /// Whether a client may have a backlog.
    pub(crate) fn has_backlogs(&self) -> bool {
        self.backlogs.len_max > 0
    }

    /// Moves what is ready to the end of the backlog, as far as there is memory. Returns whether
    /// that was all.
    pub(crate) fn set_aside(&mut self, buffer: &mut ClientBuffer) -> bool {
        let room = self.backlogs.len_max.saturating_sub(buffer.backlog.len());
        let mut backlog = mem::take(&mut buffer.backlog);
        let ready = buffer.ready();
        let len = ready.len().min(room);
        let moved = backlog.push(&ready[..len], || self.take_block());
        buffer.consume(moved);
        buffer.backlog = backlog;
        buffer.ready().is_empty()
    }

    /// Takes an empty block for a backlog, if there is memory for it.
    fn take_block(&mut self) -> Option<Vec<u8>> {
        let len = self.backlogs.block_len;
        if !self.backlogs.budget.has(len) {
            return None;
        }
        let _granted = self.take_memory(len)?;
        self.backlogs.budget.used += len;
        Some(Vec::with_capacity(len))
    }

    /// Takes the next `len` bytes out of a backlog, or all.
    pub(crate) fn consume_backlog(&mut self, backlog: &mut Backlog, len: usize) {
        let given_back = backlog.consume(len) * self.backlogs.block_len;
        self.backlogs.budget.put(given_back);
        self.give_memory_back(given_back);
    }
}
