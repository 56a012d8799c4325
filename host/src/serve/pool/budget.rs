//! How much memory the buffers, the sessions and the backlogs of a worker may take. Data only.

/// The length of a block of a backlog, if a backlog may be that long.
const BLOCK_LEN: usize = 64 * 1024;

/// How many bytes of empty buffers of either length, and of free verifiers, are kept for the next
/// busy connections: at least one buffer.
pub(super) const KEPT_LEN_MAX: usize = 2 * 1024 * 1024;

/// How much memory may be used, and how much is, in bytes.
#[derive(Debug)]
pub(super) struct Budget {
    pub(super) limit: usize,
    pub(super) used: usize,
}

impl Budget {
    pub(super) fn has(&self, len: usize) -> bool {
        len <= self.limit - self.used
    }

    pub(super) fn put(&mut self, len: usize) {
        self.used -= len;
    }
}

/// How long the backlogs may be.
#[derive(Debug)]
pub(super) struct Backlogs {
    /// The most bytes of one; 0 for no backlogs.
    pub(super) len_max: usize,
    pub(super) block_len: usize,
    /// For all of them. It is a part of the pool's own.
    pub(super) budget: Budget,
}

impl Backlogs {
    pub(super) fn new(len_max: usize, memory: usize) -> Self {
        Self {
            len_max,
            block_len: len_max.min(BLOCK_LEN),
            budget: Budget {
                limit: memory / 2,
                used: 0,
            },
        }
    }
}
