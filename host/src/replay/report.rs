//! What a replay has found, for people and for programs.

use std::fmt::{self, Display, Formatter};

use serde::Serialize;

use super::comparison::{Counts, Difference, DifferenceKind};
use crate::quantity::Count;

/// What was found. The names are those of the JSON object, and do not change.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    pub(super) file: String,
    pub(super) url: &'a str,
    pub(super) result: Outcome,
    pub(super) seconds: f64,
    /// The messages of the client that were sent, and those that were not.
    pub(super) sent: u64,
    pub(super) not_sent: u64,
    /// How the answers of the server compare.
    #[serde(flatten)]
    pub(super) counts: Counts,
    /// The messages that were left out of the recording, and of what was received.
    pub(super) greeting_recorded: Option<u64>,
    pub(super) greeting_received: Option<u64>,
    /// Whether the recording ends before its connection.
    pub(super) cut_off: bool,
    pub(super) notes: Vec<String>,
    /// The first ones, if there are many.
    pub(super) differences: Vec<Difference>,
}

/// How the server's answers compare with the recorded ones, all in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    Same,
    Different,
    /// The recording has no answer of the server.
    Nothing,
    /// The user has ended the replay, and nothing differed until then.
    Interrupted,
}

impl Report<'_> {
    /// One JSON object.
    ///
    /// # Errors
    ///
    /// None are known: all numbers are finite, and all texts are UTF-8.
    pub(super) fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

/// A line for each difference, and a last one.
impl Display for Report<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for (index, difference) in self.differences.iter().enumerate() {
            writeln!(formatter, "{}: {difference}", index + 1)?;
        }
        let counts = self.counts;
        match self.result {
            Outcome::Same => write!(formatter, "same: ")?,
            Outcome::Different => {
                let differences = Count(counts.differences(), "difference");
                write!(formatter, "different: {differences}; ")?;
            }
            Outcome::Nothing => write!(formatter, "nothing to compare: ")?,
            Outcome::Interrupted => write!(formatter, "interrupted: ")?,
        }
        let (same, answers) = (counts.same, Count(counts.answers(), "answer"));
        write!(formatter, "{same} of {answers} as recorded")?;
        match counts.not_compared {
            0 => Ok(()),
            count => write!(formatter, ", {count} not compared"),
        }
    }
}

impl Display for Difference {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let line = self.line;
        match (self.kind, &self.expected, &self.got) {
            (_, None, None) => write!(formatter, "line {line}"),
            (_, None, Some(got)) => {
                write!(
                    formatter,
                    "after line {line}: got {got}, which was not recorded"
                )
            }
            (DifferenceKind::Late, Some(expected), _) => {
                write!(
                    formatter,
                    "line {line}: expected {expected}, which came too late"
                )
            }
            (_, Some(expected), None) => {
                write!(formatter, "line {line}: expected {expected}, got nothing")
            }
            (_, Some(expected), Some(got)) => {
                write!(formatter, "line {line}: expected {expected}, got {got}")?;
                match self.at {
                    Some(at) => write!(formatter, " (from byte {at} on)"),
                    None => Ok(()),
                }
            }
        }
    }
}
