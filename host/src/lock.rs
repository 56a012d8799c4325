//! Locks around values that each change leaves whole, also when a thread has panicked.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The value.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
