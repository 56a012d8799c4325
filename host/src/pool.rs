//! What a worker's busy connections need and its idle ones do not: a buffer, and the state of what is
//! begun.

use ws_echo_core::{Buffer, Connection, MIN_BUFFER_LEN};

/// A buffer on the heap, with all that it knows of itself: without one, no room is kept for it.
pub(crate) type HeapBuffer = Box<Buffer<Box<[u8]>>>;

/// The state of a connection on the heap.
pub(crate) type HeapConnection = Box<Connection>;

/// The length of a large buffer, unless all are longer. One of this length moves large messages for
/// two thirds of what one of 64 KiB costs; with longer ones it was not less.
const LARGE_LEN: usize = 512 * 1024;

/// How many bytes of empty small buffers, and of large ones, are kept for the next busy connections:
/// at least one buffer.
const KEPT_LEN_MAX: usize = 2 * 1024 * 1024;

/// How many states of idle connections are kept for the next busy ones.
const IDLE_MAX: usize = 1024;

/// With how little in a large buffer, twice in a row, a small one would do.
const LITTLE_LEN: usize = 16 * 1024;

/// How large a buffer is worth its memory for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    Small,
    /// It has filled a small one.
    Large,
    /// The last read was of little. It may have been the end of a message.
    Waning,
}

impl Demand {
    /// What it is when `len` bytes were received into room for `offered`.
    #[inline]
    pub(crate) fn after(self, len: usize, offered: usize) -> Self {
        match self {
            _ if len == offered => Self::Large,
            Self::Small => Self::Small,
            _ if len >= LITTLE_LEN => Self::Large,
            Self::Large => Self::Waning,
            Self::Waning => Self::Small,
        }
    }
}

/// What is free: of each, the one that was used last is on top.
#[derive(Debug)]
pub(crate) struct Pool {
    buffers: BothBuffers,
    idle: Vec<HeapConnection>,
}

/// Buffers of two lengths; when the small ones are as long as the large, all are large.
#[derive(Debug)]
struct BothBuffers {
    small: Buffers,
    large: Buffers,
}

impl BothBuffers {
    #[inline]
    fn of(&mut self, demand: Demand) -> &mut Buffers {
        match demand {
            Demand::Small if self.small.storage_len < self.large.storage_len => &mut self.small,
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
        let storage_len = buffer_len + MIN_BUFFER_LEN;
        Self {
            storage_len,
            kept_max: (KEPT_LEN_MAX / storage_len).max(1),
            empty: Vec::new(),
        }
    }

    fn take(&mut self) -> HeapBuffer {
        let storage = || vec![0; self.storage_len].into_boxed_slice();
        let new = || Box::new(Buffer::new(storage()));
        self.empty.pop().unwrap_or_else(new)
    }

    fn next(&mut self) -> &mut HeapBuffer {
        if self.empty.is_empty() {
            let buffer = self.take();
            self.empty.push(buffer);
        }
        let last = self.empty.len() - 1;
        &mut self.empty[last]
    }
}

impl Pool {
    /// A pool of buffers in which a frame with a payload of this many bytes fits, and of large ones.
    pub(crate) fn new(buffer_len: usize) -> Self {
        Self {
            buffers: BothBuffers {
                small: Buffers::new(buffer_len),
                large: Buffers::new(buffer_len.max(LARGE_LEN)),
            },
            idle: Vec::new(),
        }
    }

    pub(crate) fn take_buffer(&mut self, demand: Demand) -> HeapBuffer {
        self.buffers.of(demand).take()
    }

    /// Takes a buffer back, which is empty.
    pub(crate) fn put_buffer(&mut self, buffer: HeapBuffer) {
        let demand = if buffer.capacity() < self.buffers.large.storage_len {
            Demand::Small
        } else {
            Demand::Large
        };
        let buffers = self.buffers.of(demand);
        if buffers.empty.len() < buffers.kept_max {
            buffers.empty.push(buffer);
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

    /// The buffer and the connection that are taken next. They have to be taken if something stays
    /// in them.
    #[inline]
    pub(crate) fn next(&mut self, demand: Demand) -> (&mut HeapBuffer, &mut Connection) {
        if self.idle.is_empty() {
            let connection = self.take_connection();
            self.idle.push(connection);
        }
        let last = self.idle.len() - 1;
        (self.buffers.of(demand).next(), &mut self.idle[last])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_back_to_where_it_was_taken_from() {
        for buffer_len in [4 << 10, 64 << 10, LARGE_LEN, 1 << 20] {
            let mut pool = Pool::new(buffer_len);
            for demand in [Demand::Small, Demand::Large, Demand::Waning] {
                let buffer = pool.take_buffer(demand);
                let storage = buffer.received().as_ptr();
                pool.put_buffer(buffer);
                let again = pool.take_buffer(demand);
                assert_eq!(
                    again.received().as_ptr(),
                    storage,
                    "{buffer_len}, {demand:?}"
                );
                assert!(again.capacity() >= buffer_len);
            }
        }
    }

    #[test]
    fn demand_grows_with_a_full_buffer_and_wanes_with_two_reads_of_little() {
        use Demand::{Large, Small, Waning};
        for (before, len, after) in [
            (Small, 65_535, Small),
            (Small, 65_536, Large),
            (Large, LITTLE_LEN, Large),
            (Large, LITTLE_LEN - 1, Waning),
            (Waning, LITTLE_LEN, Large),
            (Waning, LITTLE_LEN - 1, Small),
        ] {
            assert_eq!(before.after(len, 65_536), after, "{before:?}, {len}");
        }
    }
}
