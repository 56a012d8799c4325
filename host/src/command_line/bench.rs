//! The options of `ws-echo bench`: which server to load, with what, and how long.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::quantity;
use super::url;
use crate::options::bench::{Amount, BenchOptions, Compression, Echo, PayloadKind};
use crate::options::url::Url;

/// What `--payload` names.
#[derive(Clone, Copy, ValueEnum)]
enum Payload {
    Binary,
    Ascii,
    Chinese,
    Json,
}

/// Whether a window is kept between messages, as `--compression` names it.
#[derive(Clone, Copy, ValueEnum)]
enum Context {
    Fresh,
    Window,
}

/// The characters that `--text` names.
#[derive(Clone, Copy, ValueEnum)]
enum Characters {
    Ascii,
    Chinese,
}

pub(super) const AFTER_HELP: &str = "\
Without --rate, each echo triggers the next message (closed loop): this measures
how much the server can do. With --rate, message k is due at k/rate seconds,
whatever the server does (open loop), and its latency is counted from then: this
measures how long a user waits at that load. From about 1000 messages per second
on, the generator waits in a busy loop, and so uses a whole core.

Every option can also be set by an environment variable: --in-flight by
WS_ECHO_BENCH_IN_FLIGHT, and so on. The command line takes precedence, and an
empty variable counts as unset.

A DURATION is a number and a unit: 500ms, 10s, 2m or 1h; seconds without a unit.
A SIZE is a number and a unit: 64KiB or 1MiB; bytes without a unit.

Examples:
  ws-echo bench ws://127.0.0.1:3000    one connection, one message at a time
  ws-echo bench ws://127.0.0.1:3000 --connections 64 --in-flight 16
                                       how much the server can do
  ws-echo bench ws://127.0.0.1:3000 --connections 1000 --rate 20000
                                       how long a message takes at that load
  ws-echo bench ws://127.0.0.1:3000 --payload chinese --size 1KiB --json
                                       text messages, and a report as JSON
  ws-echo bench ws://127.0.0.1:3000 --payload json --size 1KiB --compression
                                       compressed messages

Exit status: 0 if the server was measured; 1 if not, because the host was not
found, a connection failed or an echo was wrong; 2 for a wrong command line.";

#[derive(Args)]
pub(super) struct BenchArguments {
    // Not a doc comment, in which the brackets would be links.
    #[arg(value_name = "URL", value_parser = url::ws_url)]
    #[arg(help = "The server: ws://[NAME:PASSWORD@]HOST[:PORT][/PATH[?QUERY]]")]
    url: Url,

    /// The number of connections to open, up to 20000
    #[arg(long, value_name = "NUMBER", value_parser = quantity::connection_count)]
    #[arg(default_value = "1")]
    connections: usize,

    /// The size of each message's payload, up to 64MiB; may be 0
    #[arg(long, value_name = "SIZE", value_parser = quantity::payload_len)]
    #[arg(default_value = "16")]
    size: usize,

    /// How many messages each connection may have in flight, sent and not yet echoed
    /// [default: 1, or any number with --rate]
    #[arg(long, value_name = "NUMBER", value_parser = quantity::in_flight)]
    in_flight: Option<u64>,

    /// How many messages to send per second over all connections, such as 20000 or 0.5
    /// [default: as many as are echoed]
    #[arg(long, value_name = "NUMBER", value_parser = quantity::rate)]
    rate: Option<f64>,

    /// How long to measure
    #[arg(long, value_name = "DURATION", value_parser = quantity::duration)]
    #[arg(default_value = "10s", conflicts_with = "messages")]
    duration: Duration,

    /// Measure exactly this many messages, instead of a duration
    #[arg(long, value_name = "NUMBER", value_parser = quantity::message_count)]
    #[arg(conflicts_with = "duration")]
    messages: Option<u64>,

    /// How long to load the server before it is measured; may be 0
    #[arg(long, value_name = "DURATION", value_parser = quantity::span)]
    #[arg(default_value = "1s")]
    warm_up: Duration,

    /// What messages are made of: binary messages, or text of one-byte characters, of three-byte
    /// ones, or of JSON records, which compress well
    #[arg(
        long,
        value_name = "KIND",
        default_value = "binary",
        conflicts_with = "text"
    )]
    payload: Payload,

    /// The same as --payload ascii or --payload chinese; without a value it means ascii
    #[arg(long, value_name = "CHARACTERS", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "ascii")]
    text: Option<Characters>,

    /// Compress messages (permessage-deflate), each for itself (fresh) or as the server likes
    /// (window); without a value it means fresh [default: not compressed]
    #[arg(long, value_name = "CONTEXT", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "fresh")]
    compression: Option<Context>,

    /// How long it may take to find the host, or to open a connection, and how long the server may
    /// stay silent while an echo is due
    #[arg(long, value_name = "DURATION", value_parser = quantity::timeout)]
    #[arg(default_value = "10s")]
    timeout: Duration,

    /// The ID of the server's process, to report its processor time too (Linux only)
    #[arg(long, value_name = "PID", value_parser = process)]
    pid: Option<u32>,

    /// Expect each frame back exactly as it was sent, with its masking key. No WebSocket server may
    /// do that: this is for the raw echo of tests/benchmark, which servers are compared with
    #[arg(long, hide = true, conflicts_with = "compression")]
    masked_echo: bool,

    /// Print one JSON object instead of a report for people
    #[arg(long)]
    json: bool,
}

impl BenchArguments {
    pub(super) fn into_options(self) -> BenchOptions {
        let default_in_flight = self.rate.is_none().then_some(1);
        BenchOptions {
            url: self.url,
            connections: self.connections,
            size: self.size,
            payload: match (self.text, self.payload) {
                (Some(Characters::Ascii), _) | (None, Payload::Ascii) => PayloadKind::Ascii,
                (Some(Characters::Chinese), _) | (None, Payload::Chinese) => PayloadKind::Chinese,
                (None, Payload::Binary) => PayloadKind::Binary,
                (None, Payload::Json) => PayloadKind::Json,
            },
            in_flight: self.in_flight.or(default_in_flight),
            rate: self.rate,
            amount: match self.messages {
                Some(count) => Amount::Messages(count),
                None => Amount::For(self.duration),
            },
            warm_up: self.warm_up,
            timeout: self.timeout,
            echo: if self.masked_echo {
                Echo::Bytes
            } else {
                Echo::Messages
            },
            compression: self.compression.map(|context| match context {
                Context::Fresh => Compression::Fresh,
                Context::Window => Compression::Window,
            }),
            process: self.pid,
            json: self.json,
        }
    }
}

/// Reads the ID of a process of which the processor time can be read.
fn process(text: &str) -> Result<u32, String> {
    if !cfg!(target_os = "linux") {
        return Err("only Linux reports the processor time of a process; leave out --pid".into());
    }
    let Some(id) = text.parse().ok().filter(|id| *id > 0) else {
        return Err("write a process ID, as ps shows it".into());
    };
    let path = format!("/proc/{id}/schedstat");
    match std::fs::read_to_string(&path) {
        Ok(_) => Ok(id),
        Err(error) => Err(format!(
            "{path} cannot be read: {error}; write a process ID, as ps shows it"
        )),
    }
}

#[cfg(test)]
mod tests;
