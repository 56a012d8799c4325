//! What the server counts, and how it tells: in Prometheus' text format, and as a list of
//! connections in JSON.
//!
//! Each worker counts for itself, in plain numbers: what happens to a client is counted where it is
//! logged, whether or not the log shows it. Nobody else sees the numbers before they are asked for.

pub(crate) mod closes;
pub(crate) mod connections;
pub(crate) mod counters;
mod exposition;
pub(crate) mod failure;
pub(crate) mod histogram;
pub(crate) mod listed;
pub(crate) mod numbers;
mod process;
pub(crate) mod round_trips;
pub(crate) mod targets;
mod text;

use std::time::Duration;

use self::exposition::{CONTENT_TYPE, Exposed};
use self::numbers::Numbers;
use crate::logging;
use crate::serve::monitor::{Monitor, Question, Stage};
use crate::serve::response::Answer;

/// How long workers have to answer. One that turns answers within milliseconds.
const ANSWER_TIME: Duration = Duration::from_millis(250);

/// The answer to a request for the metrics.
pub(crate) fn respond(monitor: &Monitor) -> Answer {
    let answers = monitor.ask(Question::Counters, ANSWER_TIME);
    let mut numbers = Numbers::default();
    let mut connections = 0;
    for report in &answers.reports {
        numbers.add(&report.numbers);
        connections += report.clients;
    }
    let exposed = Exposed {
        numbers,
        connections,
        silent_workers: answers.late,
        connection_limit: monitor.limiter().limit(),
        is_draining: monitor.stage() == Stage::Draining,
        dropped_log_lines: logging::dropped_lines(),
        started: monitor.started(),
        file_limit: monitor.file_limit(),
    };
    Answer::of_now("200 OK", CONTENT_TYPE, exposed.text().into_bytes())
}
