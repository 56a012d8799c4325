//! `ws-echo bench`: loads any WebSocket echo server, checks the echoes, and reports how fast it is.
//!
//! It uses one thread, so that its cost is known and the rest of the machine is for the server.

mod connecting;
mod echo_checker;
mod error;
mod events;
mod frame;
mod frame_reader;
mod generator;
mod handshake;
mod json;
mod load_connection;
mod load_phase;
mod locating;
mod message_inflater;
mod pace;
mod pending_connection;
mod prepared_message;
mod processor;
mod random;
mod report;
mod summary;

use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use mio::Poll;

use self::echo_checker::Comparison;
use self::error::BenchError;
use self::generator::Generator;
use self::load_connection::LoadConnection;
use self::pending_connection::Destination;
use self::prepared_message::PreparedMessage;
use self::processor::ProcessTime;
use self::report::Report;
use crate::options::bench::{Amount, BenchOptions};
use crate::platform;
use crate::progress_line::ProgressLine;

/// An upper bound of the files that are open besides the connections.
const OTHER_FILES: u64 = 32;

/// Measures a server and prints the figures.
///
/// # Errors
///
/// The server could not be measured: a connection failed, or an echo was wrong.
pub(crate) fn run(options: &BenchOptions) -> Result<(), BenchError> {
    let mut generator = open(options)?;
    let comparison = warm_up(&mut generator, options.warm_up)?;
    let server_before = server_time(options)?;
    let own_before = processor::own_time();
    let mut progress = ProgressLine::new("measuring");
    let measurement = generator.run(options.amount, comparison, &mut progress)?;
    drop(progress);
    let own = processor::own_time().zip(own_before);
    let own = own.map(|(after, before)| after.saturating_sub(before));
    let server = server_time(options)?.zip(server_before);
    let server = server.map(|(after, before)| after.since(before));
    generator.close();
    if measurement.latencies.is_empty() {
        return Err(BenchError::Stopped);
    }
    let report = Report::new(options, &measurement, own, server);
    let text = if options.json {
        report.json().map_err(io::Error::from)
    } else {
        Ok(summary::text(&report, &measurement.latencies))
    };
    let printed = text.and_then(|text| writeln!(io::stdout(), "{text}"));
    printed.map_err(|error| BenchError::System("print the report", error))
}

/// Loads the server without measuring it, and returns which messages of the measurement to compare.
fn warm_up(generator: &mut Generator, time: Duration) -> Result<Comparison, BenchError> {
    if time.is_zero() {
        return Ok(Comparison::Next);
    }
    let mut progress = ProgressLine::new("warm-up");
    generator.run(Amount::For(time), Comparison::Every, &mut progress)?;
    if generator.stop.is_requested() {
        return Err(BenchError::Stopped);
    }
    Ok(Comparison::Off)
}

/// Opens all connections.
fn open(options: &BenchOptions) -> Result<Generator, BenchError> {
    let needed = options.connections as u64 + OTHER_FILES;
    // If the limit is unknown, opening the connections shows it.
    let limit = platform::raise_file_limit().unwrap_or(u64::MAX);
    if limit < needed {
        return Err(BenchError::Files { needed, limit });
    }
    let mut poll = Poll::new().map_err(|error| BenchError::System("wait for sockets", error))?;
    let waker = events::waker(&poll)?;
    let stop = events::stop_signal(Arc::clone(&waker))?;
    let headers: Vec<_> = options.url.authorization().into_iter().collect();
    let destination = Destination {
        url: &options.url,
        headers: &headers,
        address: locating::find_address(&mut poll, &waker, &stop, &options.url, options.timeout)?,
        timeout: options.timeout,
        echo: options.echo,
        compression: options.compression,
    };
    let connections = connecting::open_all(&mut poll, &stop, &destination, options.connections)?;
    let in_flight_max = options.in_flight.unwrap_or(u64::MAX);
    let (kind, len) = (options.payload, options.size);
    // One message serves all connections, so it is compressed for the smallest window.
    let windows = connections.iter().filter_map(LoadConnection::client_window);
    let message = match windows.min_by_key(|window| window.bits()) {
        None => PreparedMessage::new(kind, len, in_flight_max, options.echo),
        Some(window) => PreparedMessage::compressed(kind, len, in_flight_max, window),
    };
    Ok(Generator {
        poll,
        stop,
        connections,
        message,
        in_flight_max,
        rate: options.rate,
        timeout: options.timeout,
    })
}

/// Returns the processor time of the server so far, if its process is known.
fn server_time(options: &BenchOptions) -> Result<Option<ProcessTime>, BenchError> {
    let read = |id| {
        ProcessTime::of(id)
            .map_err(|error| BenchError::System("read the processor time of --pid", error))
    };
    options.process.map(read).transpose()
}
