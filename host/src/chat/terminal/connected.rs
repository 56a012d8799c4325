//! Whether a connection is open, shared by the connection's thread and that of the editor.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The notice for what cannot be sent.
pub(super) const NOT_CONNECTED: &str = "not sent: no connection is open";

/// Whether a connection is open.
#[derive(Clone, Debug, Default)]
pub(super) struct Connected(Arc<AtomicBool>);

impl Connected {
    pub(super) fn set(&self, is_connected: bool) {
        self.0.store(is_connected, Ordering::Release);
    }

    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
