//! What records are received into and encrypted into: one piece of memory for all connections of a thread, so
//! that an idle one needs none.

use std::cell::RefCell;

/// How many bytes are encrypted at once: four of the longest records.
pub(super) const ENCRYPTED_MAX: usize = 4 << 14;
/// What the headers and tags of these records need, and those of what TLS itself has to say before.
pub(super) const OVERHEAD: usize = 1 << 10;
/// The length of what records are received into and encrypted into. The longest record and the longest
/// message of a handshake that anyone sends fit.
pub(super) const SCRATCH_LEN: usize = ENCRYPTED_MAX + OVERHEAD;

thread_local! {
    /// What stands here is worked on before the next connection has its turn.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Works with it, whatever stands there.
pub(super) fn with_scratch<R>(work: impl FnOnce(&mut [u8]) -> R) -> R {
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.resize(SCRATCH_LEN, 0);
        work(scratch)
    })
}
