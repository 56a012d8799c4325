//! Which server to check, and how.

use std::time::Duration;

use crate::options::trust::Trust;
use crate::options::url::Url;

/// The options of `ws-echo healthcheck`. Every value is within its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HealthcheckOptions {
    /// The server.
    pub(crate) url: Url,
    /// What it must do.
    pub(crate) check: Check,
    /// Which certificates are trusted, with TLS.
    pub(crate) trust: Trust,
    /// The time for everything, from a millisecond to a day.
    pub(crate) timeout: Duration,
}

/// What a server must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// Open a WebSocket and echo a message.
    Echo,
    /// Answer GET with the status 200.
    Status,
}
