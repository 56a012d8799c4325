//! The memory that records are received into and encrypted into: one for all connections of a
//! thread, so that an idle connection needs none.

use std::cell::RefCell;

/// The most bytes that are encrypted at once: four of the longest records.
pub(super) const ENCRYPTED_MAX: usize = 4 << 14;
/// Room for the headers and tags of these records, and for TLS's own messages before them.
pub(super) const OVERHEAD: usize = 1 << 10;
/// The length of the scratch memory. The longest record fits, and so does every handshake message
/// of a sane client.
pub(super) const SCRATCH_LEN: usize = ENCRYPTED_MAX + OVERHEAD;

thread_local! {
    /// Each connection is finished with it before the next one has its turn.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Lends the scratch memory to `work`, with arbitrary content.
pub(super) fn with_scratch<R>(work: impl FnOnce(&mut [u8]) -> R) -> R {
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.resize(SCRATCH_LEN, 0);
        work(scratch)
    })
}
