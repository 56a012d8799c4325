//! What a worker's busy connections need and its idle ones do not: a buffer, and the state of what is
//! begun.

use ws_echo_core::{Buffer, Connection, MIN_BUFFER_LEN};

/// A buffer on the heap, with all that it knows of itself: without one, no room is kept for it.
pub(crate) type HeapBuffer = Box<Buffer<Box<[u8]>>>;

/// The state of a connection on the heap.
pub(crate) type HeapConnection = Box<Connection>;

/// How many bytes of empty buffers are kept for the next busy connections: at least one buffer.
const KEPT_LEN_MAX: usize = 1024 * 1024;

/// How many states of idle connections are kept for the next busy ones.
const IDLE_MAX: usize = 1024;

/// What is free: of each, the one that was used last is on top.
#[derive(Debug)]
pub(crate) struct Pool {
    storage_len: usize,
    kept_max: usize,
    empty: Vec<HeapBuffer>,
    idle: Vec<HeapConnection>,
}

impl Pool {
    /// A pool of buffers in which a frame with a payload of this many bytes fits.
    pub(crate) fn new(buffer_len: usize) -> Self {
        let storage_len = buffer_len + MIN_BUFFER_LEN;
        Self {
            storage_len,
            kept_max: (KEPT_LEN_MAX / storage_len).max(1),
            empty: Vec::new(),
            idle: Vec::new(),
        }
    }

    pub(crate) fn take_buffer(&mut self) -> HeapBuffer {
        let storage = || vec![0; self.storage_len].into_boxed_slice();
        let new = || Box::new(Buffer::new(storage()));
        self.empty.pop().unwrap_or_else(new)
    }

    /// Takes a buffer back. What still stands in it is forgotten.
    pub(crate) fn put_buffer(&mut self, mut buffer: HeapBuffer) {
        if self.empty.len() < self.kept_max {
            buffer.clear();
            self.empty.push(buffer);
        }
    }

    /// An idle connection: a new one, or one that is as good.
    pub(crate) fn take_connection(&mut self) -> HeapConnection {
        let new = || Box::new(Connection::server());
        self.idle.pop().unwrap_or_else(new)
    }

    /// Takes an idle connection back.
    pub(crate) fn put_connection(&mut self, connection: HeapConnection) {
        if self.idle.len() < IDLE_MAX {
            self.idle.push(connection);
        }
    }
}
