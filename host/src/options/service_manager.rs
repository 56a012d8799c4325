//! The service manager that has started the server, such as systemd.

use std::ffi::OsString;
use std::time::Duration;

/// A service manager that wants to know how far the server is: see sd_notify(3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServiceManager {
    /// The Unix socket that it reads: a path, or `@` and a name of Linux' abstract namespace.
    pub(crate) socket: OsString,
    /// It takes the server for dead if it does not hear of it for this time; `None` for never.
    pub(crate) watchdog: Option<Duration>,
}
