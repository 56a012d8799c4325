//! The buffers of a worker's busy connections. An idle connection has none.

use ws_echo_core::{Buffer, MIN_BUFFER_LEN};

/// A buffer on the heap.
pub(crate) type HeapBuffer = Buffer<Box<[u8]>>;

/// How many bytes of empty buffers are kept for the next busy connections: at least one buffer.
const KEPT_LEN_MAX: usize = 1024 * 1024;

/// Empty buffers, the one that was used last on top.
#[derive(Debug)]
pub(crate) struct Pool {
    storage_len: usize,
    kept_max: usize,
    empty: Vec<HeapBuffer>,
}

impl Pool {
    /// A pool of buffers in which a frame with a payload of this many bytes fits.
    pub(crate) fn new(buffer_len: usize) -> Self {
        let storage_len = buffer_len + MIN_BUFFER_LEN;
        Self {
            storage_len,
            kept_max: (KEPT_LEN_MAX / storage_len).max(1),
            empty: Vec::new(),
        }
    }

    pub(crate) fn take(&mut self) -> HeapBuffer {
        let new = || Buffer::new(vec![0; self.storage_len].into_boxed_slice());
        self.empty.pop().unwrap_or_else(new)
    }

    /// Takes a buffer back. What still stands in it is forgotten.
    pub(crate) fn put(&mut self, mut buffer: HeapBuffer) {
        if self.empty.len() < self.kept_max {
            buffer.clear();
            self.empty.push(buffer);
        }
    }
}
