//! `ws-echo check`: tests whether a WebSocket server or client keeps the rules of RFC 6455 and
//! RFC 7692, and says which sentence was broken, by which bytes.
//!
//! A [case] is data. A [player] plays it against a socket and notes what came, a [judge] compares
//! that with what is allowed, and a [report] says it. What is sent and received is encoded and
//! decoded here, without the core.

pub mod answer;
pub mod case;
pub mod cases;
pub mod compression;
pub mod frame;
pub mod http;
pub mod judge;
pub mod payload;
mod player;
mod probe;
pub mod received;
mod report;
pub mod request;
pub mod request_judge;
pub mod request_play;
pub mod response_head;
pub mod response_play;
mod runner;
mod selection;
pub mod session;
mod target;
pub mod timing;
pub mod transcript;
pub mod verdict;

use std::process::ExitCode;
use std::time::Instant;

use self::frame::Role;
use self::player::events::CheckEvents;
use self::report::Report;
use self::transcript::Detail;
use crate::options::check::{CheckOptions, ServerOptions, Task};
use crate::stderr;

/// The exit status of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum ExitStatus {
    /// Everything that must hold holds.
    Passed = 0,
    Failed = 1,
    /// There is no connection, or no WebSocket server.
    NoServer = 4,
}

/// Runs the check.
pub(crate) fn run(options: &CheckOptions) -> ExitCode {
    let status = match &options.task {
        Task::Server(server) => check_server(options, server),
        Task::Clients(_) | Task::List | Task::Explain(_) => {
            stderr::print("not built yet");
            ExitStatus::Failed
        }
    };
    ExitCode::from(status as u8)
}

fn check_server(options: &CheckOptions, server: &ServerOptions) -> ExitStatus {
    let start = Instant::now();
    let detail = match options.output.trace {
        Some(_) => Detail::All,
        None => Detail::Usual,
    };
    let cases = selection::select(cases::all(), &options.selection, Some(Role::Server));
    let mut events = match CheckEvents::new() {
        Ok(events) => events,
        Err(error) => {
            stderr::print(&format!("cannot wait for sockets: {error}"));
            return ExitStatus::Failed;
        }
    };
    let probed = match probe::probe(&mut events, server, detail) {
        Ok(probed) => probed,
        Err(why) => {
            stderr::print(&format!("{}: {why}", server.url.text));
            return ExitStatus::NoServer;
        }
    };
    let results = match runner::run(&probed.target, cases, |_| {}) {
        Ok(results) => results,
        Err(error) => {
            stderr::print(&format!("cannot play the cases: {error}"));
            return ExitStatus::Failed;
        }
    };
    let report = Report {
        role: Role::Server,
        peer: server.url.text.clone(),
        product: probed.product,
        results,
        time: start.elapsed(),
    };
    for result in &report.results {
        println!(
            "{:?} {} {}",
            result.verdict.outcome, result.case.id, result.verdict.seen
        );
    }
    let strict = options.output.strict;
    match report.results.iter().any(|it| it.is_failure(strict)) {
        true => ExitStatus::Failed,
        false => ExitStatus::Passed,
    }
}
