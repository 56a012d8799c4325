//! Tests clients: takes the place of Autobahn's fuzzing server. A client connects once for each
//! case, and is told with which path.

mod agents;
mod control;
mod route;
mod visit;

use std::collections::HashSet;
use std::io::{self, ErrorKind, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use self::agents::{Agents, in_order};
use self::visit::{Listening, Order};
use super::exit_status::ExitStatus;
use super::frame::Role;
use super::report::Report;
use super::report::reporter::Reporter;
use super::selection;
use crate::client::waiter::SocketPoll;
use crate::options::check::CheckOptions;
use crate::platform;
use crate::stderr;
use crate::stop_signal::StopSignal;

/// How many connections there can be at the same time.
const CONNECTIONS_MAX: usize = 256;
/// How long no connection is accepted after the system has refused one.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The exit status when a second signal ends the process at once.
const STATUS_STOPPED: i32 = 1;

/// Tests the clients that connect, until a signal, or a client, asks for the end.
///
/// # Errors
///
/// Why nothing was found out.
pub(super) fn run(
    options: &CheckOptions,
    addresses: &[SocketAddr],
) -> Result<ExitStatus, (ExitStatus, String)> {
    let wrong = |why| (ExitStatus::WrongCommandLine, why);
    let failed = |what: &str, error: io::Error| (ExitStatus::Failed, format!("{what}: {error}"));
    let reporter = Reporter::new(&options.output).map_err(wrong)?;
    let cases = in_order(selection::chosen(options, Some(Role::Client)).map_err(wrong)?);
    let mut poll = SocketPoll::new().map_err(|error| failed("cannot wait", error))?;
    let stop = StopSignal::install(Arc::clone(poll.waker()), || process::exit(STATUS_STOPPED))
        .map_err(|error| failed("cannot handle signals", error))?;
    let (orders, received) = mpsc::channel();
    let listening = Arc::new(Listening {
        cases,
        agents: Agents::default(),
        detail: reporter.detail(),
        orders: visit::Orders::new(orders, Arc::clone(poll.waker())),
        keys: Mutex::new(HashSet::new()),
    });
    let listeners = listen(addresses).map_err(|why| (ExitStatus::WrongCommandLine, why))?;
    announce(&listeners, &reporter);
    let connections = Arc::new(AtomicUsize::new(0));
    for listener in listeners {
        let (listening, connections) = (Arc::clone(&listening), Arc::clone(&connections));
        let accepting = move || accept(&listener, &listening, &connections);
        thread::Builder::new()
            .spawn(accepting)
            .map_err(|error| failed("cannot start a thread", error))?;
    }
    while !stop.is_requested() {
        poll.wait(None)
            .map_err(|error| failed("cannot wait", error))?;
        if follow(&received, &listening, &reporter) == Next::End {
            break;
        }
    }
    stop.ignore();
    finish(&listening, &reporter)
}

/// Binds the addresses.
fn listen(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, String> {
    let mut listeners = Vec::new();
    for address in addresses {
        let failed = |error: io::Error| {
            let why = match error.kind() {
                ErrorKind::AddrInUse => "address in use; choose another".into(),
                ErrorKind::AddrNotAvailable => {
                    "this machine has no such address; choose another".into()
                }
                ErrorKind::PermissionDenied => "permission denied; choose a port above 1023".into(),
                _ => error.to_string(),
            };
            format!("--listen: cannot listen on {address}: {why}")
        };
        for listener in platform::listen(*address, 1, false).map_err(failed)? {
            listener.set_nonblocking(false).map_err(failed)?;
            listeners.push(listener);
        }
    }
    Ok(listeners)
}

/// Says where clients can connect.
fn announce(listeners: &[TcpListener], reporter: &Reporter<'_>) {
    for listener in listeners {
        let Ok(address) = listener.local_addr() else {
            continue;
        };
        let line = format!("listening on ws://{address}");
        if reporter.fills_stdout() {
            stderr::print(&line);
            continue;
        }
        let mut stdout = io::stdout().lock();
        // A closed stdout is no reason not to test.
        let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
    }
}

/// Accepts connections for ever, each in a thread of its own.
fn accept(listener: &TcpListener, listening: &Arc<Listening>, connections: &Arc<AtomicUsize>) {
    loop {
        let Ok((stream, _)) = listener.accept() else {
            thread::sleep(ACCEPT_PAUSE);
            continue;
        };
        if connections.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS_MAX {
            connections.fetch_sub(1, Ordering::Relaxed);
            control::refuse_busy(stream);
            continue;
        }
        let (listening, ended) = (Arc::clone(listening), Arc::clone(connections));
        let serving = move || {
            // The client sees the end of the connection, which is all that can be done.
            let _ = visit::serve(&listening, stream);
            ended.fetch_sub(1, Ordering::Relaxed);
        };
        if thread::Builder::new().spawn(serving).is_err() {
            connections.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Wait,
    End,
}

/// Does what clients have asked for.
fn follow(orders: &Receiver<Order>, listening: &Listening, reporter: &Reporter<'_>) -> Next {
    while let Ok(order) = orders.try_recv() {
        match order {
            Order::Stop => return Next::End,
            // What stdout is for is written once, in the end.
            Order::Report(..) if reporter.fills_stdout() => {}
            Order::Report(agent, _done) => {
                report(listening, reporter, |report, _| report.peer == agent);
            }
        }
    }
    Next::Wait
}

/// Prints the reports that are chosen, by themselves and whether they are new, and writes all.
/// Returns all, and whether they are written.
fn report(
    listening: &Listening,
    reporter: &Reporter<'_>,
    is_chosen: impl Fn(&Report, bool) -> bool,
) -> (Vec<Report>, bool) {
    let (mut all, mut is_printed) = (Vec::new(), true);
    for (report, is_new) in listening.agents.reports() {
        if is_chosen(&report, is_new) {
            is_printed &= reporter.print(&report);
            listening.agents.set_printed(&report.peer);
        }
        all.push(report);
    }
    let is_written = reporter.write(&all) && is_printed;
    (all, is_written)
}

/// Reports what was found so far, in the end.
fn finish(
    listening: &Listening,
    reporter: &Reporter<'_>,
) -> Result<ExitStatus, (ExitStatus, String)> {
    let (reports, is_written) = report(listening, reporter, |_, is_new| is_new);
    if reports.is_empty() {
        let why = "no client has run a case";
        return Err((ExitStatus::NoServer, why.into()));
    }
    let count = listening.cases.len();
    for report in &reports {
        let played = report.results.len();
        if played < count {
            let agent = crate::escape::Untrusted::excerpt(&report.peer);
            stderr::print(&format!("{agent} has run {played} of {count} cases"));
        }
    }
    Ok(match is_written {
        true => reporter.status(&reports),
        false => ExitStatus::Failed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_taken_is_said_to_be_and_what_to_do() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = taken.local_addr().expect("its address");
        assert_eq!(
            listen(&[address]).err(),
            Some(format!(
                "--listen: cannot listen on {address}: address in use; choose another"
            ))
        );
    }
}
