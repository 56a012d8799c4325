//! How to replay a recording.

use std::path::PathBuf;
use std::time::Duration;

use crate::options::trust::Trust;
use crate::options::url::Url;

/// The options of `ws-echo replay`. Every value is within its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReplayOptions {
    /// The file of the recording.
    pub(crate) file: PathBuf,
    /// The server.
    pub(crate) url: Url,
    /// Which certificates are trusted, with TLS.
    pub(crate) trust: Trust,
    /// When what the client has sent is sent again.
    pub(crate) pace: Pace,
    /// Whether what the server sends before the client's first message is compared.
    pub(crate) greeting: Greeting,
    /// How the differences are printed.
    pub(crate) output: Output,
    /// The time for connecting, and for each answer, from a millisecond to a day.
    pub(crate) timeout: Duration,
}

/// When what the client has sent is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As long after the start as in the recording.
    Recorded,
    /// As soon as the answers have come that were recorded before it.
    Fast,
}

/// What happens to what the server sends before the client's first message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Greeting {
    Compared,
    /// It is left out, in the recording and in what is received.
    Ignored,
}

/// How the differences are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// A line for each.
    Lines,
    /// One object with all of them.
    Json,
}
