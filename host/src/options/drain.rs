//! How the server stops, and how long connections last.

use std::time::Duration;

use ws_echo_core::CloseCode;

/// How the server stops, and how long connections last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DrainOptions {
    /// How long clients are accepted after the signal, up to a day.
    pub(crate) delay: Duration,
    /// The time over which Close frames are spread after that, up to a day.
    pub(crate) spread: Duration,
    /// The time after which the last clients are disconnected then, from a millisecond to a day.
    pub(crate) timeout: Duration,
    /// The code of these Close frames.
    pub(crate) code: CloseCode,
    /// The time after which a connection is closed, from a millisecond to a day; `None` for never.
    pub(crate) max_lifetime: Option<Duration>,
}
