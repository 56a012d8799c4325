//! Asks the system for memory before it is allocated. The system may refuse it, because of a limit
//! of the process for example, and Rust ends a process whose allocation fails. So whatever grows
//! with the clients asks first, and is done without if there is no memory for it.

use std::hint::black_box;
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use log::warn;

use crate::lock::lock;
use crate::logging::event;
use crate::logging::target::LIMITS;
use crate::serve::rate_limited_counter::RateLimitedCounter;

/// How much must be left for what does not ask: log lines, and what is small. (glibc takes it from
/// where small allocations come from.)
const LEFT_LEN: usize = 64 * 1024;

/// How often the system has refused memory. Locked while memory is allocated that was asked for:
/// another thread could take it.
static REFUSED: Mutex<RateLimitedCounter> = Mutex::new(RateLimitedCounter::NONE);

/// The permission to allocate what was asked for, until it is dropped.
#[derive(Debug)]
pub(crate) struct Granted {
    _lock: MutexGuard<'static, RateLimitedCounter>,
}

/// Asks for this many bytes. If the system has them, they can be allocated now.
#[must_use]
pub(crate) fn ask(len: usize) -> Option<Granted> {
    let mut refused = lock(&REFUSED);
    if is_there(len) {
        return Some(Granted { _lock: refused });
    }
    if let Some(count) = refused.add(Instant::now()) {
        warn!(
            target: LIMITS, event = event::MEMORY_REFUSED, count = count;
            "the system gives no more memory (ulimit -v, for example): it is short as if \
             --max-memory were reached; refused {count} times since the last such line"
        );
    }
    None
}

/// Takes as much memory, and gives it back.
fn is_there(len: usize) -> bool {
    #[cfg(test)]
    if tests::IS_REFUSED.get() {
        return false;
    }
    let [mut asked, mut left] = [Vec::<u8>::new(), Vec::new()];
    let is_there = asked.try_reserve_exact(len).is_ok() && left.try_reserve_exact(LEFT_LEN).is_ok();
    // Otherwise the compiler may leave both out.
    black_box((asked, left));
    is_there
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        /// Whether this thread, a test, is refused memory.
        pub(crate) static IS_REFUSED: Cell<bool> = const { Cell::new(false) };
    }

    #[test]
    fn what_no_system_has_is_refused_and_what_each_has_is_not() {
        for len in [0, 1, 1 << 20] {
            assert!(ask(len).is_some());
        }
        // More than an address space has.
        assert!(ask(1 << 60).is_none());
        assert!(ask(usize::MAX).is_none());
    }
}
