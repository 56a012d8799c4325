//! What busy connections need and idle ones do not: a buffer, and the state of what is begun.
//!
//! All buffers of a worker together, with the verifiers of compressed messages, use at most its
//! share of `--max-memory`. A client that needs a buffer beyond that is served with the reserve, in
//! which nothing can stay: its messages are echoed in pieces. Backlogs, of clients that send first
//! and read later, use at most half of that share, and so do windows that are kept for as long as
//! their clients are there.

mod backlogs;
mod budget;
mod verifiers;
mod verifying;

use std::mem;

use ws_echo_core::{Agreed, Buffer, Connection, MIN_BUFFER_LEN};

use self::budget::{Backlogs, Budget, KEPT_LEN_MAX};
use self::verifiers::Verifiers;
use crate::options::serve::DeflateMode;
use crate::serve::client_buffer::{ClientBuffer, Patience};
use crate::serve::memory::{self, Granted};
use crate::serve::metrics::numbers::MemoryUse;
use crate::serve::session::Session;
use crate::serve::unsent::Unsent;

/// A buffer on the heap, with its state: a client without one keeps no room for it.
pub(crate) type HeapBuffer = Box<ClientBuffer>;

/// The length of a large buffer, unless all are longer. With this length large messages cost two
/// thirds of what they cost with 64 KiB; with longer buffers they did not cost less.
const LARGE_LEN: usize = 512 * 1024;

/// How many sessions are kept for the next busy connections.
const IDLE_MAX: usize = 1024;

/// The length of the reserve: so short that a client that takes anything takes all of it.
const RESERVE_LEN: usize = 4 * 1024 + MIN_BUFFER_LEN;

/// A client that twice in a row receives less than this into a large buffer gets a small one.
const LITTLE_LEN: usize = 16 * 1024;

/// How large a client's buffer should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BufferClass {
    Small,
    /// The client has filled a small one.
    Large,
    /// The last read was short. It may have been the end of a message.
    Shrinking,
}

impl BufferClass {
    /// The class after `len` bytes were received into room for `offered`.
    #[inline]
    pub(crate) fn after(self, len: usize, offered: usize) -> Self {
        match self {
            _ if len == offered => Self::Large,
            Self::Small => Self::Small,
            _ if len >= LITTLE_LEN => Self::Large,
            Self::Large => Self::Shrinking,
            Self::Shrinking => Self::Small,
        }
    }
}

/// The free buffers and sessions. Those that were used last are on top.
#[derive(Debug)]
pub(crate) struct Pool {
    buffers: BothBuffers,
    #[expect(
        clippy::vec_box,
        reason = "sessions move between the pool and its clients by their pointers"
    )]
    idle: Vec<Box<Session>>,
    /// Whether the session that was made last must not stay with its client.
    is_session_too_many: bool,
    budget: Budget,
    backlogs: Backlogs,
    /// `None` if compressed messages are not verified.
    verifiers: Option<Verifiers>,
    /// A buffer for clients for which there is no memory, one after the other; `None` while it is
    /// in use.
    reserve: Option<HeapBuffer>,
}

/// Buffers of two lengths. If the small ones are as long as the large ones, all are large.
#[derive(Debug)]
struct BothBuffers {
    small: Buffers,
    large: Buffers,
}

impl BothBuffers {
    #[inline]
    fn of(&mut self, class: BufferClass) -> &mut Buffers {
        match class {
            BufferClass::Small if self.small.storage_len < self.large.storage_len => {
                &mut self.small
            }
            _ => &mut self.large,
        }
    }
}

/// Empty buffers of one length.
#[derive(Debug)]
struct Buffers {
    storage_len: usize,
    kept_max: usize,
    empty: Vec<HeapBuffer>,
}

impl Buffers {
    /// Buffers in which a frame with a payload of this many bytes fits.
    fn new(buffer_len: usize) -> Self {
        let storage_len = storage_len(buffer_len);
        let kept_max = (KEPT_LEN_MAX / storage_len).max(1);
        Self {
            storage_len,
            kept_max,
            empty: Vec::with_capacity(kept_max + 1),
        }
    }

    /// The memory of the empty buffers, in bytes.
    fn memory(&self) -> usize {
        self.empty.len() * self.storage_len
    }

    /// Adds a buffer, for which memory was taken.
    fn grow(&mut self) {
        let storage = vec![0; self.storage_len].into_boxed_slice();
        let buffer = ClientBuffer::new(Buffer::new(storage));
        self.empty.push(Box::new(buffer));
    }

    /// Drops an empty buffer, if there is one. Returns whether it did.
    fn shrink(&mut self, budget: &mut Budget) -> bool {
        let has_shrunk = self.empty.pop().is_some();
        if has_shrunk {
            budget.put(self.storage_len);
        }
        has_shrunk
    }
}

/// The length of a buffer in which a frame with a payload of this many bytes fits.
fn storage_len(buffer_len: usize) -> usize {
    buffer_len + MIN_BUFFER_LEN
}

/// A buffer in which no frame waits to be complete.
fn reserve() -> HeapBuffer {
    let buffer = Buffer::for_pieces(vec![0; RESERVE_LEN].into_boxed_slice());
    Box::new(ClientBuffer::new(buffer))
}

impl Pool {
    /// The least memory of a pool with buffers for frames with a payload of this many bytes.
    pub(crate) fn least_memory(buffer_len: usize, deflate: DeflateMode) -> usize {
        let verifiers = if deflate.verifies() {
            Verifiers::LEAST_MEMORY
        } else {
            0
        };
        storage_len(buffer_len) + RESERVE_LEN + verifiers
    }

    /// The length of the longest buffer, if the shortest is for payloads of this many bytes.
    pub(crate) fn longest_buffer(buffer_len: usize) -> usize {
        storage_len(buffer_len.max(LARGE_LEN))
    }

    /// A pool with buffers for frames with a payload of this many bytes, and with large ones; of
    /// `memory` bytes in all, [at least](Self::least_memory) what one client needs. A backlog may
    /// have `backlog_len_max` bytes.
    pub(crate) fn new(buffer_len: usize, memory: usize, backlog_len_max: usize) -> Self {
        let memory = memory.max(Self::least_memory(buffer_len, DeflateMode::Off));
        Self {
            buffers: BothBuffers {
                small: Buffers::new(buffer_len),
                large: Buffers::new(buffer_len.max(LARGE_LEN)),
            },
            idle: Vec::with_capacity(IDLE_MAX),
            is_session_too_many: false,
            budget: Budget {
                limit: memory,
                used: RESERVE_LEN,
            },
            backlogs: Backlogs::new(backlog_len_max, memory),
            verifiers: None,
            reserve: Some(reserve()),
        }
    }

    /// Takes memory, if there is enough: it can be allocated now, and must be [given
    /// back](Self::give_memory_back).
    #[must_use]
    pub(crate) fn take_memory(&mut self, len: usize) -> Option<Granted> {
        let BothBuffers { small, large } = &mut self.buffers;
        let budget = &mut self.budget;
        let verifiers = &mut self.verifiers;
        loop {
            if budget.has(len)
                && let Some(granted) = memory::ask(len)
            {
                budget.used += len;
                return Some(granted);
            }
            // Empty buffers and free verifiers make room.
            let shrinks = |it: &mut Verifiers| it.shrink(budget);
            if !verifiers.as_mut().is_some_and(shrinks)
                && !large.shrink(budget)
                && !small.shrink(budget)
            {
                return None;
            }
        }
    }

    /// Whether nobody has any of its memory.
    pub(crate) fn is_whole(&self) -> bool {
        let has_reserves = !self.is_reserve_in_use() && !self.is_verifier_reserve_in_use();
        let is_used = self.budget.used > self.unused() || self.backlogs.budget.used > 0;
        has_reserves && !is_used
    }

    /// How much memory clients have of it, and may have.
    pub(crate) fn memory(&self) -> MemoryUse {
        MemoryUse {
            used: self.budget.used.saturating_sub(self.unused()) as u64,
            limit: self.budget.limit as u64,
        }
    }

    /// The memory of what no client has, in bytes.
    fn unused(&self) -> usize {
        let BothBuffers { small, large } = &self.buffers;
        let verifiers = self.verifiers.as_ref().map_or(0, Verifiers::memory);
        RESERVE_LEN + small.memory() + large.memory() + verifiers
    }

    /// How much of its memory others than the pool itself have, in bytes.
    #[cfg(test)]
    pub(crate) fn taken(&self) -> usize {
        let BothBuffers { small, large } = &self.buffers;
        self.budget.used - RESERVE_LEN - small.memory() - large.memory()
    }

    pub(crate) fn give_memory_back(&mut self, len: usize) {
        self.budget.put(len);
    }

    /// Takes an empty buffer: a small one if there is no memory for a large one, and the
    /// [reserve](Self::is_reserve_in_use) if there is none at all.
    pub(crate) fn take_buffer(&mut self, mut class: BufferClass) -> HeapBuffer {
        if self.buffers.of(class).empty.is_empty() {
            self.provide(&mut class);
        }
        let taken = self.buffers.of(class).empty.pop();
        // The reserve is there: see `is_reserve_in_use`.
        taken.unwrap_or_else(|| self.reserve.take().unwrap_or_else(reserve))
    }

    /// Whether the buffer that was taken last is the reserve. It must be put back, empty, before
    /// the next client's turn.
    pub(crate) fn is_reserve_in_use(&self) -> bool {
        self.reserve.is_none()
    }

    /// Whether there was no memory for the buffer, a session or a verifier of the current turn.
    pub(crate) fn is_short(&self) -> bool {
        self.is_reserve_in_use() || self.is_session_too_many || self.is_verifier_reserve_in_use()
    }

    /// Puts an empty buffer back.
    pub(crate) fn put_buffer(&mut self, mut buffer: HeapBuffer) {
        buffer.patience = Patience::Left;
        buffer.unsent = Unsent::default();
        if self.is_reserve_in_use() {
            self.reserve = Some(buffer);
            return;
        }
        let class = if buffer.capacity() < self.buffers.large.storage_len {
            BufferClass::Small
        } else {
            BufferClass::Large
        };
        let buffers = self.buffers.of(class);
        buffers.empty.push(buffer);
        if buffers.empty.len() > buffers.kept_max {
            buffers.shrink(&mut self.budget);
        }
    }

    /// Takes back a buffer of a client that is gone, with what it holds.
    pub(crate) fn take_back(&mut self, mut buffer: HeapBuffer) {
        self.consume_backlog(&mut buffer.backlog, usize::MAX);
        buffer.clear();
        if !buffer.is_detached() {
            self.put_buffer(buffer);
        }
    }

    /// Takes the state of an idle connection, on which this was agreed.
    pub(crate) fn take_idle(&mut self, agreed: Agreed) -> Box<Session> {
        let Some(mut session) = self.idle.pop() else {
            return self.new_session(agreed);
        };
        session.connection.reuse(agreed);
        session
    }

    /// Makes a session. It is small: what is left is enough for it, if it does not stay.
    #[cold]
    #[inline(never)]
    fn new_session(&mut self, agreed: Agreed) -> Box<Session> {
        let granted = memory::ask(size_of::<Session>());
        self.is_session_too_many = granted.is_none();
        Box::new(Session::new(agreed))
    }

    /// Whether a session was made for which there is no memory, since the last call.
    pub(crate) fn take_session_too_many(&mut self) -> bool {
        mem::take(&mut self.is_session_too_many)
    }

    /// Puts the state of an idle connection back.
    pub(crate) fn put_idle(&mut self, idle: Box<Session>) {
        if self.idle.len() < IDLE_MAX {
            self.idle.push(idle);
        }
    }

    /// Lends the buffer and the connection that would be taken next, if there is memory for them.
    /// They must be taken if something stays in them. If there is no memory for a large buffer, the
    /// class becomes small. (A call would cost an echo 15 instructions more.)
    #[inline(always)]
    pub(crate) fn next(
        &mut self,
        class: &mut BufferClass,
        agreed: Agreed,
    ) -> Option<(&mut HeapBuffer, &mut Connection)> {
        if self.idle.is_empty() {
            let idle = self.take_idle(agreed);
            self.idle.push(idle);
        }
        if self.buffers.of(*class).empty.is_empty() {
            return self.provide_next(class, agreed);
        }
        self.lend(*class, agreed)
    }

    /// The same if there is no empty buffer of this class. (Apart, it is not asked for twice.)
    #[cold]
    #[inline(never)]
    fn provide_next(
        &mut self,
        class: &mut BufferClass,
        agreed: Agreed,
    ) -> Option<(&mut HeapBuffer, &mut Connection)> {
        self.provide(class);
        self.lend(*class, agreed)
    }

    /// Lends what is there.
    #[inline(always)]
    fn lend(
        &mut self,
        class: BufferClass,
        agreed: Agreed,
    ) -> Option<(&mut HeapBuffer, &mut Connection)> {
        let buffer = self.buffers.of(class).empty.last_mut()?;
        let connection = &mut self.idle.last_mut()?.connection;
        connection.reuse(agreed);
        Some((buffer, connection))
    }

    /// Provides an empty buffer, if there is memory for one.
    #[cold]
    #[inline(never)]
    fn provide(&mut self, class: &mut BufferClass) {
        for possible in [*class, BufferClass::Small] {
            *class = possible;
            let len = self.buffers.of(possible).storage_len;
            if self.buffers.of(possible).empty.is_empty()
                && let Some(_granted) = self.take_memory(len)
            {
                self.buffers.of(possible).grow();
            }
            if !self.buffers.of(possible).empty.is_empty() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_put_back_where_it_was_taken_from() {
        for buffer_len in [4 << 10, 64 << 10, LARGE_LEN, 1 << 20] {
            let mut pool = Pool::new(buffer_len, usize::MAX, 0);
            for class in [
                BufferClass::Small,
                BufferClass::Large,
                BufferClass::Shrinking,
            ] {
                let buffer = pool.take_buffer(class);
                let storage = buffer.received().as_ptr();
                pool.put_buffer(buffer);
                let again = pool.take_buffer(class);
                assert_eq!(
                    again.received().as_ptr(),
                    storage,
                    "{buffer_len}, {class:?}"
                );
                assert!(again.capacity() >= buffer_len);
            }
        }
    }

    #[test]
    fn all_memory_can_be_taken_again_when_all_buffers_are_back() {
        let memory = 16 << 20;
        let mut pool = Pool::new(4 << 10, memory, 0);
        // More than are kept.
        for (class, count) in [(BufferClass::Small, 1000), (BufferClass::Large, 10)] {
            let taken: Vec<_> = (0..count).map(|_| pool.take_buffer(class)).collect();
            assert!(!pool.is_reserve_in_use());
            taken.into_iter().for_each(|buffer| pool.put_buffer(buffer));
        }
        assert!(pool.take_memory(memory - RESERVE_LEN).is_some());
        assert!(pool.take_memory(1).is_none());
    }

    #[test]
    fn without_memory_for_a_large_buffer_a_small_one_is_taken_and_not_the_reserve() {
        let least_memory = Pool::least_memory(4 << 10, DeflateMode::Off);
        let mut pool = Pool::new(4 << 10, least_memory, 0);
        let small = pool.take_buffer(BufferClass::Large);
        assert!(!pool.is_reserve_in_use());
        pool.put_buffer(small);
        let mut class = BufferClass::Large;
        assert!(pool.next(&mut class, Agreed::NOTHING).is_some());
        assert_eq!(class, BufferClass::Small);
    }

    #[test]
    fn the_class_grows_with_a_full_buffer_and_shrinks_after_two_short_reads() {
        use BufferClass::{Large, Shrinking, Small};
        for (before, len, after) in [
            (Small, 65_535, Small),
            (Small, 65_536, Large),
            (Large, LITTLE_LEN, Large),
            (Large, LITTLE_LEN - 1, Shrinking),
            (Shrinking, LITTLE_LEN, Large),
            (Shrinking, LITTLE_LEN - 1, Small),
        ] {
            assert_eq!(before.after(len, 65_536), after, "{before:?}, {len}");
        }
    }
}
