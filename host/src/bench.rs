//! `ws-echo bench`: loads any WebSocket echo server, checks what comes back, and tells how fast it was.
//!
//! One thread, so that what it costs is known and the rest of the machine is the server's.

mod connecting;
mod echo_checker;
mod error;
mod frame;
mod frame_reader;
mod generator;
mod handshake;
mod interrupt;
mod load_connection;
mod load_phase;
mod pace;
mod pending_connection;
mod prepared_message;
mod processor;
mod progress_line;
mod report;
mod summary;

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use mio::Poll;

use self::echo_checker::Comparison;
use self::error::BenchError;
use self::generator::Generator;
use self::interrupt::Interrupt;
use self::pending_connection::Destination;
use self::prepared_message::PreparedMessage;
use self::processor::ProcessTime;
use self::progress_line::ProgressLine;
use self::report::Report;
use crate::options::bench::{Amount, BenchOptions};
use crate::options::url::Url;
use crate::platform;

/// How many files are open besides the connections, generously.
const OTHER_FILES: u64 = 32;

/// Measures a server and prints the figures.
///
/// # Errors
///
/// When there are none: a connection failed, or something else than an echo came.
pub(crate) fn run(options: &BenchOptions) -> Result<(), BenchError> {
    let mut generator = open(options)?;
    let warm_up = Amount::For(options.warm_up);
    let comparison = if options.warm_up.is_zero() {
        Comparison::Next
    } else {
        generator.run(
            warm_up,
            Comparison::Every,
            &mut ProgressLine::new("warm-up"),
        )?;
        if generator.interrupt.is_set() {
            return Err(BenchError::Stopped);
        }
        Comparison::Off
    };
    let server_before = server_time(options)?;
    let own_before = processor::own_time();
    let mut progress = ProgressLine::new("measuring");
    let outcome = generator.run(options.amount, comparison, &mut progress)?;
    drop(progress);
    let own = processor::own_time().zip(own_before);
    let own = own.map(|(after, before)| after.saturating_sub(before));
    let server = server_time(options)?.zip(server_before);
    let server = server.map(|(after, before)| after.since(before));
    generator.close();
    if outcome.latencies.is_empty() {
        return Err(BenchError::Stopped);
    }
    let report = Report::new(options, &outcome, own, server);
    let printed = if options.json {
        report.json().map_err(io::Error::from)
    } else {
        Ok(summary::text(&report, &outcome.latencies))
    };
    let printed = printed.and_then(|text| writeln!(io::stdout(), "{text}"));
    printed.map_err(|error| BenchError::System("print the report", error))
}

fn open(options: &BenchOptions) -> Result<Generator, BenchError> {
    let needed = options.connections as u64 + OTHER_FILES;
    // Where the limit cannot be known, the sockets will tell.
    let limit = platform::raise_file_limit().unwrap_or(u64::MAX);
    if limit < needed {
        return Err(BenchError::Files { needed, limit });
    }
    let mut poll = Poll::new().map_err(|error| BenchError::System("wait for sockets", error))?;
    let interrupt = Interrupt::install(&poll)?;
    let destination = Destination {
        url: &options.url,
        address: reachable(&options.url, options.timeout),
        timeout: options.timeout,
        echo: options.echo,
    };
    let connections =
        connecting::open_all(&mut poll, &interrupt, &destination, options.connections)?;
    let at_once = options.in_flight.unwrap_or(u64::MAX);
    Ok(Generator {
        poll,
        interrupt,
        connections,
        message: PreparedMessage::new(options.payload, options.size, at_once, options.echo),
        in_flight_max: at_once,
        rate: options.rate,
        timeout: options.timeout,
    })
}

/// The first of a host's addresses that takes a connection. A single one is not tried first.
fn reachable(url: &Url, timeout: Duration) -> SocketAddr {
    let takes = |address: &&SocketAddr| TcpStream::connect_timeout(address, timeout).is_ok();
    let mut others = url.other_addresses.iter();
    *others.find(takes).unwrap_or(&url.address)
}

fn server_time(options: &BenchOptions) -> Result<Option<ProcessTime>, BenchError> {
    let read = |id| {
        ProcessTime::of(id)
            .map_err(|error| BenchError::System("read the processor time of --pid", error))
    };
    options.process.map(read).transpose()
}
