//! How much memory the server may take: enough to start, and little enough for a container.

use crate::options::serve::ServeOptions;
use crate::serve::client;

/// How much it is unless the user or a container says otherwise, in bytes.
pub(super) const DEFAULT: usize = 512 << 20;
/// Which part of a container's memory it is at most, unless the user says otherwise. The rest is
/// for the program, for what the allocator keeps, and for the system's own buffers.
const CONTAINER_PART: u64 = 4;

/// The limit of a container's memory, if it is so little that the defaults follow from it.
pub(super) fn of_container(limit: Option<u64>) -> Option<u64> {
    limit.filter(|limit| limit / CONTAINER_PART < DEFAULT as u64)
}

/// Lowers the default to a share of the container's memory. However little that is, the server can
/// start.
pub(super) fn fit(options: &mut ServeOptions) {
    if let Some(limit) = options.container_memory {
        let share = usize::try_from(limit / CONTAINER_PART).unwrap_or(usize::MAX);
        let share = share.max(least(options));
        options.max_memory = share.min(options.max_memory);
    }
}

/// Checks that each thread has enough.
///
/// # Errors
///
/// What to write instead.
pub(super) fn check(options: &ServeOptions) -> Result<(), String> {
    let least = least(options);
    if least <= options.max_memory {
        return Ok(());
    }
    let kib = least.div_ceil(1024);
    let others = if options.deflate.verifies() {
        "fewer threads, a smaller buffer or --deflate off"
    } else {
        "fewer threads or a smaller buffer"
    };
    Err(format!(
        "--max-memory is too small for --threads {} and a --buffer of {} bytes: write at least \
         {kib}KiB, or use {others}",
        options.threads, options.buffer_len
    ))
}

/// The least: each thread needs some for one buffer, one handshake, and what checks a compressed
/// message.
fn least(options: &ServeOptions) -> usize {
    client::least_memory(options).saturating_mul(options.threads.get())
}
