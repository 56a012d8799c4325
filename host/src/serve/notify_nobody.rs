//! Other systems have no service manager that wants to know how far the server is.

use std::io;
use std::sync::Arc;

use crate::options::service_manager::ServiceManager;
use crate::serve::monitor::Monitor;

/// Tells nobody anything.
#[derive(Clone, Debug)]
pub(crate) struct Notifier;

impl Notifier {
    pub(crate) fn new(_: Option<ServiceManager>) -> Self {
        Self
    }

    pub(crate) fn ready(&self, _: &str) {}

    pub(crate) fn reloading(&self) {}

    pub(crate) fn reloaded(&self) {}

    pub(crate) fn stopping(&self, _: &str) {}

    #[expect(clippy::unnecessary_wraps, reason = "it is one of two")]
    pub(crate) fn watch(&self, _: Arc<Monitor>) -> io::Result<()> {
        Ok(())
    }
}
