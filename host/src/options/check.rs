//! What to check, and how to report it.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use crate::options::chat::Header;
use crate::options::trust::Trust;
use crate::options::url::Url;

/// The options of `ws-echo check`. Every value is within its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CheckOptions {
    pub(crate) task: Task,
    pub(crate) selection: Selection,
    pub(crate) output: Output,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// A server is tested.
    Server(Box<ServerOptions>),
    /// Clients are tested that connect to these addresses.
    Clients(Vec<SocketAddr>),
    /// The cases are listed.
    List,
    /// The case with this id, or number of Autobahn's, is explained.
    Explain(String),
}

/// Which server is tested, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerOptions {
    pub(crate) url: Url,
    /// Which certificates are trusted, with TLS.
    pub(crate) trust: Trust,
    /// The subprotocols to offer; may be empty.
    pub(crate) subprotocols: Vec<String>,
    /// Further headers of each request.
    pub(crate) headers: Vec<Header>,
    /// The value of `Origin`, if it is sent.
    pub(crate) origin: Option<String>,
    /// Whether only cases are played that need no echo.
    pub(crate) no_echo: bool,
    /// How many cases are played at the same time.
    pub(crate) jobs: NonZeroUsize,
    /// The time for connecting and the handshake, from a millisecond to a day.
    pub(crate) timeout: Duration,
}

/// Which cases are played. Without patterns and sections, all but the hostile ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Patterns of ids, or of Autobahn's numbers, with `*` and `?`.
    pub(crate) patterns: Vec<String>,
    /// Sections, with those below them: `5.5`, `rfc7692`.
    pub(crate) sections: Vec<String>,
    /// Whether cases are played that load the server.
    pub(crate) hostile: bool,
}

/// What is written where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) json: Option<PathBuf>,
    pub(crate) junit: Option<PathBuf>,
    pub(crate) html: Option<PathBuf>,
    /// A folder for files in Autobahn's shape.
    pub(crate) autobahn: Option<PathBuf>,
    /// A file with the ids of cases that are known to fail.
    pub(crate) baseline: Option<PathBuf>,
    /// Where to write such a file.
    pub(crate) write_baseline: Option<PathBuf>,
    /// A case of which every byte is shown.
    pub(crate) trace: Option<String>,
    /// Whether what is only recommended must be kept too.
    pub(crate) strict: bool,
    /// Whether a terminal may show colours.
    pub(crate) color: bool,
}
