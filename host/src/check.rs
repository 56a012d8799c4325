//! `ws-echo check`: tests whether a WebSocket server or client keeps the rules of RFC 6455 and
//! RFC 7692, and says which sentence was broken, by which bytes.
//!
//! A [case] is data. A player plays it against a socket and notes what came, a [judge] compares
//! that with what is allowed, and a report says it. What is sent and received is encoded and
//! decoded here, without the core.

pub mod answer;
pub mod attack;
pub mod case;
pub mod cases;
pub mod client_request;
pub mod comparison;
pub mod compression;
pub mod content;
mod exit_status;
pub mod frame;
pub mod http;
pub mod judge;
mod listen;
pub mod negotiation;
pub mod payload;
mod player;
mod presence;
mod probe;
mod progress;
pub mod received;
mod report;
pub mod request;
pub mod request_judge;
pub mod request_part;
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

use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use mio::Waker;

use self::case::Case;
use self::exit_status::ExitStatus;
use self::frame::Role;

use self::progress::Progress;
use self::report::reporter::Reporter;
use self::report::{CaseResult, Report};
use self::target::Target;
use crate::client::tls::INSECURE;
use crate::client::waiter::SocketPoll;
use crate::options::check::{CheckOptions, ServerOptions, Task};
use crate::options::trust::Trust;
use crate::stderr;

const ONE_AT_A_TIME: &str = "the server serves one connection at a time, so the cases are played \
                             one after the other";

/// Runs the check.
pub(crate) fn run(options: &CheckOptions) -> ExitCode {
    let done = match &options.task {
        Task::Server(server) => check_server(options, server),
        Task::Clients(addresses) => listen::run(options, addresses),
        Task::List => tell(options, |reporter| {
            reporter.list(&selection::chosen(options, None)?);
            Ok(())
        }),
        Task::Explain(id) => tell(options, |reporter| {
            reporter.explain(selection::find(&cases::all(), id)?);
            Ok(())
        }),
    };
    let status = done.unwrap_or_else(|(status, why)| {
        stderr::print(&why);
        status
    });
    ExitCode::from(status as u8)
}

/// Says something without testing. The error is what is wrong with the command line.
fn tell(
    options: &CheckOptions,
    say: impl FnOnce(&Reporter<'_>) -> Result<(), String>,
) -> Result<ExitStatus, (ExitStatus, String)> {
    let wrong = |why| (ExitStatus::WrongCommandLine, why);
    let reporter = Reporter::new(&options.output).map_err(wrong)?;
    say(&reporter).map_err(wrong)?;
    Ok(ExitStatus::Passed)
}

/// Tests a server. The error is why nothing was found out.
fn check_server(
    options: &CheckOptions,
    server: &ServerOptions,
) -> Result<ExitStatus, (ExitStatus, String)> {
    let wrong = |why| (ExitStatus::WrongCommandLine, why);
    let start = Instant::now();
    let reporter = Reporter::new(&options.output).map_err(wrong)?;
    let cases = selection::chosen(options, Some(Role::Server)).map_err(wrong)?;
    let count = cases.len();
    if server.trust == Trust::Anyone {
        stderr::print(INSECURE);
    }
    let mut events = SocketPoll::new().map_err(|error| {
        let why = format!("cannot wait for sockets: {error}");
        (ExitStatus::Failed, why)
    })?;
    let waker = Arc::clone(events.waker());
    let probed = probe::probe(&mut events, server, reporter.detail()).map_err(|why| {
        let why = format!("{}: {why}", server.url.text);
        (ExitStatus::NoServer, why)
    })?;
    if probed.target.jobs < server.jobs {
        stderr::print(ONE_AT_A_TIME);
    }
    let (results, lost) = play(&probed.target, cases, waker).map_err(|error| {
        let why = format!("cannot play the cases: {error}");
        (ExitStatus::Failed, why)
    })?;
    let reports = [Report {
        role: Role::Server,
        peer: server.url.text.clone(),
        product: probed.product,
        not_played: count - results.len(),
        results,
        time: start.elapsed(),
    }];
    let is_printed = reporter.print(&reports[0]);
    let is_written = reporter.write(&reports) && is_printed;
    if let Some(why) = lost {
        let why = format!(
            "{}: the server has stopped answering: {why}",
            server.url.text
        );
        return Err((ExitStatus::NoServer, why));
    }
    Ok(match is_written {
        true => reporter.status(&reports),
        false => ExitStatus::Failed,
    })
}

fn play(
    target: &Target<'_>,
    cases: Vec<Case>,
    waker: Arc<Waker>,
) -> io::Result<(Vec<CaseResult>, Option<String>)> {
    let progress = Progress::start(cases.len(), waker)?;
    runner::run(target, cases, &progress)
}
