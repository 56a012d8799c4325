//! How other programs watch the server.

use std::net::SocketAddr;
use std::time::Duration;

/// How other programs watch the server. Every value is within its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AdminOptions {
    /// Where health checks and metrics are served for administrators; `None` for nowhere.
    pub(crate) listen: Option<SocketAddr>,
    /// How long a round of a worker's loop may last before the worker counts as stuck, from a
    /// millisecond to a day.
    pub(crate) watchdog: Duration,
    /// The path on the server's own addresses below which health checks are answered, with its
    /// leading `/`; `None` for no such path.
    pub(crate) health_path: Option<String>,
}
