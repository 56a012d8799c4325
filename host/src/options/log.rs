//! What the server logs, and where.

use std::path::PathBuf;

use crate::logging::{Filter, Format};

/// The log of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogOptions {
    /// Which records are logged.
    pub(crate) filter: Filter,
    /// What lines look like.
    pub(crate) format: Format,
    /// The file at whose end lines are added; `None` for stderr.
    pub(crate) file: Option<PathBuf>,
    /// Whether the messages themselves are logged.
    pub(crate) messages: bool,
}
