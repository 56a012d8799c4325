//! What was found, for people and for programs.

mod autobahn;
mod baseline;
mod conclusion;
mod explanation;
mod file;
mod finding;
mod html;
mod json;
mod junit;
mod list;
mod markup;
mod rating;
mod record;
pub(crate) mod reporter;
pub(crate) mod sections;
mod style;
mod table;
mod terminal;
#[cfg(test)]
pub(crate) mod tests;
mod trace;

use std::time::Duration;

use super::case::Case;
use super::frame::Role;
use super::transcript::Transcript;
use super::verdict::Verdict;

/// What was found out about one peer.
pub(crate) struct Report {
    pub(crate) role: Role,
    /// What the peer is called: the URL of a server, or what a client calls itself.
    pub(crate) peer: String,
    /// The value of a server's `Server` header, if it has one.
    pub(crate) product: Option<String>,
    /// In the order of the cases.
    pub(crate) results: Vec<CaseResult>,
    /// How many of the selected cases were not played, because the run was interrupted.
    pub(crate) not_played: usize,
    pub(crate) time: Duration,
}

/// What was found by one case.
#[derive(Clone)]
pub(crate) struct CaseResult {
    pub(crate) case: Case,
    pub(crate) verdict: Verdict,
    pub(crate) transcript: Transcript,
    pub(crate) time: Duration,
}
