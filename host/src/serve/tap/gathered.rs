//! Messages that are gathered for a recording, and the memory for all of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::serve::memory;
use crate::serve::tap::frame::Masked;

/// The longest message that is recorded whole, in bytes; of a longer one this much is.
pub(super) const MESSAGE_LEN_MAX: usize = 1 << 20;
/// The memory of all messages that are gathered, or wait to be written, in bytes.
pub(super) const MEMORY_FOR_MESSAGES: usize = 64 << 20;
/// The least memory that is taken at once.
const STEP_MIN: usize = 4 << 10;

/// The memory that is left for the messages of all connections.
#[derive(Debug)]
pub(super) struct Budget {
    left: AtomicUsize,
}

impl Budget {
    pub(super) fn new(len: usize) -> Self {
        Self {
            left: AtomicUsize::new(len),
        }
    }

    fn take(&self, len: usize) -> bool {
        let less = |left: usize| left.checked_sub(len);
        let order = Ordering::Relaxed;
        self.left.fetch_update(order, order, less).is_ok()
    }
}

/// A part of the [`Budget`], which has it back when this is dropped.
#[derive(Debug)]
pub(super) struct Reserved {
    len: usize,
    budget: Arc<Budget>,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.budget.left.fetch_add(self.len, Ordering::Relaxed);
    }
}

/// The beginning of a message: all of it unless it is long, or memory is short.
#[derive(Debug)]
pub(super) struct Gathered {
    bytes: Vec<u8>,
    /// Whether something is left out: nothing may follow a gap.
    is_cut: bool,
    reserved: Reserved,
}

impl Gathered {
    pub(super) fn new(budget: Arc<Budget>) -> Self {
        let reserved = Reserved { len: 0, budget };
        Self {
            bytes: Vec::new(),
            is_cut: false,
            reserved,
        }
    }

    /// Appends what there is room and memory for.
    pub(super) fn append(&mut self, payload: Masked<'_>) {
        if self.is_cut {
            return;
        }
        let len = self.bytes.len();
        let wanted = MESSAGE_LEN_MAX.min(len.saturating_add(payload.len()));
        if wanted > self.bytes.capacity() {
            self.grow(wanted);
        }
        let room = wanted.min(self.bytes.capacity()) - len;
        self.is_cut = room < payload.len();
        self.bytes.extend(payload.unmasked(room));
    }

    /// Takes memory for `wanted` bytes at least, if it is there.
    fn grow(&mut self, wanted: usize) {
        let capacity = self.bytes.capacity();
        let twice = wanted.max(2 * capacity).clamp(STEP_MIN, MESSAGE_LEN_MAX);
        let more = twice - capacity;
        if !self.reserved.budget.take(more) {
            return;
        }
        self.reserved.len += more;
        if let Some(_granted) = memory::ask(twice) {
            self.bytes.reserve_exact(twice - self.bytes.len());
        }
    }

    /// The bytes, and the memory that they take until they are written.
    pub(super) fn into_parts(self) -> (Vec<u8>, Reserved) {
        (self.bytes, self.reserved)
    }
}
