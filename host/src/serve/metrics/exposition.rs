//! All metrics of the server, as text: their names, what they mean, and their values.
//!
//! Names, labels and their meaning are part of the user interface: the guide lists them, and none
//! changes its meaning. A label has few values, and none of them is a client's.

use std::time::{SystemTime, UNIX_EPOCH};

use super::counters::{BothWays, Counters};
use super::failure::Failure;
use super::numbers::{FullOrResumed, Numbers};
use super::process;
use super::text::{Kind, Text};
use crate::serve::traffic::Traffic;

/// The type of the text (RFC 9110 section 8.3).
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The labels of the limits, in the order of `limits::Limit`.
const LIMITS: [&str; 3] = ["max_connections", "max_connections_per_ip", "max_memory"];

/// What is told.
#[derive(Debug)]
pub(super) struct Exposed {
    /// Those of all workers together.
    pub(super) numbers: Numbers,
    /// How many connections there are, whatever they do.
    pub(super) connections: usize,
    /// How many workers have not answered in time: their numbers are older, or left out.
    pub(super) silent_workers: usize,
    /// The most connections; `None` if there is no limit.
    pub(super) connection_limit: Option<usize>,
    pub(super) is_draining: bool,
    pub(super) dropped_log_lines: u64,
    pub(super) started: SystemTime,
    /// How many files the process may open; `u64::MAX` for any number.
    pub(super) file_limit: u64,
}

impl Exposed {
    /// All of it as text.
    pub(super) fn text(&self) -> String {
        let mut text = Text::default();
        self.process(&mut text);
        self.connections(&mut text);
        handshakes(&self.numbers, &mut text);
        websockets(&self.numbers.counters, &mut text);
        messages(&self.numbers.counters, &mut text);
        control_frames(&self.numbers.counters, &mut text);
        self.resources(&mut text);
        text.finish()
    }

    fn process(&self, text: &mut Text) {
        let help = "The version of ws-echo, as a label; always 1.";
        text.family("ws_echo_build_info", Kind::Gauge, help)
            .sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
        let started = self.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        let help = "When the process was started, in seconds since 1970.";
        text.single(
            "process_start_time_seconds",
            Kind::Gauge,
            help,
            started.as_secs_f64(),
        );
        if let Some(open) = process::open_files() {
            let help = "Files and sockets that are open.";
            text.single("process_open_fds", Kind::Gauge, help, open);
        }
        if self.file_limit < u64::MAX {
            let help = "Files and sockets that may be open.";
            text.single("process_max_fds", Kind::Gauge, help, self.file_limit);
        }
        let help = "1 while the server drains before it stops, otherwise 0.";
        let draining = u8::from(self.is_draining);
        text.single("ws_echo_draining", Kind::Gauge, help, draining);
        let help = "Workers that did not answer this request in time: their numbers are old.";
        let silent = self.silent_workers;
        text.single("ws_echo_silent_workers", Kind::Gauge, help, silent);
    }

    fn connections(&self, text: &mut Text) {
        let counters = &self.numbers.counters;
        let connections = self.connections;
        let help = "Connections of clients, also before and after they are WebSockets.";
        text.single("ws_echo_connections_open", Kind::Gauge, help, connections);
        if let Some(limit) = self.connection_limit {
            let help = "Connections that there may be (--max-connections, or open files).";
            text.single("ws_echo_connections_limit", Kind::Gauge, help, limit);
        }
        let help = "Connections that were accepted, also those that were then refused.";
        let name = "ws_echo_connections_accepted_total";
        text.single(name, Kind::Counter, help, counters.accepted);
        let help = "Connections that were refused because of a limit.";
        let name = "ws_echo_connections_refused_total";
        let mut family = text.family(name, Kind::Counter, help);
        for (reason, count) in LIMITS.iter().zip(counters.turned_away) {
            family.sample(&[("reason", reason)], count);
        }
    }

    fn resources(&self, text: &mut Text) {
        let Numbers {
            counters, memory, ..
        } = &self.numbers;
        let help = "Memory that clients have for buffers, backlogs and inflaters.";
        text.single("ws_echo_buffer_bytes", Kind::Gauge, help, memory.used);
        let help = "Memory that they may have (--max-memory).";
        let name = "ws_echo_buffer_limit_bytes";
        text.single(name, Kind::Gauge, help, memory.limit);
        let help = "How often messages were echoed in pieces because memory was short.";
        let name = "ws_echo_memory_shortages_total";
        text.single(name, Kind::Counter, help, counters.shortages);
        let help = "Log lines that were dropped because they could not be written.";
        let name = "ws_echo_log_lines_dropped_total";
        text.single(name, Kind::Counter, help, self.dropped_log_lines);
    }
}

fn handshakes(numbers: &Numbers, text: &mut Text) {
    let counters = &numbers.counters;
    let help = "Requests without a WebSocket as their end, except those for pages.";
    let name = "ws_echo_handshake_failures_total";
    let mut family = text.family(name, Kind::Counter, help);
    for ((_, reason), count) in Failure::LABELS.iter().zip(counters.failures) {
        family.sample(&[("reason", reason)], count);
    }
    let help = "Pages and other files that were sent.";
    text.single("ws_echo_pages_total", Kind::Counter, help, counters.pages);
    let help = "TLS handshakes that were completed.";
    let name = "ws_echo_tls_handshakes_total";
    let mut family = text.family(name, Kind::Counter, help);
    let tls = numbers.tls;
    for (version, FullOrResumed { full, resumed }) in [("1.2", tls.tls_1_2), ("1.3", tls.tls_1_3)] {
        for (is_resumed, count) in [("no", full), ("yes", resumed)] {
            family.sample(&[("version", version), ("resumed", is_resumed)], count);
        }
    }
}

fn websockets(counters: &Counters, text: &mut Text) {
    let help = "WebSocket connections that are open.";
    text.single(
        "ws_echo_websockets_open",
        Kind::Gauge,
        help,
        counters.open(),
    );
    let help = "WebSocket connections that were opened.";
    let name = "ws_echo_websockets_opened_total";
    text.single(name, Kind::Counter, help, counters.opened);
    let help = "WebSocket connections that have ended: who has ended them, and the close code \
                (1005: a Close without a code, 1006: no Close).";
    let name = "ws_echo_websockets_closed_total";
    let mut family = text.family(name, Kind::Counter, help);
    for (initiator, code, count) in counters.closes.all() {
        family.sample(&[("initiator", initiator), ("code", &code)], count);
    }
    let help = "How long WebSocket connections were open.";
    let name = "ws_echo_websocket_duration_seconds";
    text.family(name, Kind::Histogram, help)
        .histogram(&counters.durations);
}

fn messages(counters: &Counters, text: &mut Text) {
    let text_echoed = counters.echoed.text;
    let binary = counters.echoed.binary;
    let all: [(&str, &str, Traffic); 4] = [
        ("received", "text", text_echoed),
        ("received", "binary", binary),
        ("sent", "text", text_echoed + counters.greetings),
        ("sent", "binary", binary),
    ];
    let help = "Messages; one is sent as soon as it waits to be taken by its client.";
    let mut family = text.family("ws_echo_messages_total", Kind::Counter, help);
    for (direction, kind, traffic) in all {
        let labels = [("direction", direction), ("kind", kind)];
        family.sample(&labels, traffic.messages);
    }
    let help = "Bytes in these messages, compressed if they are.";
    let mut family = text.family("ws_echo_message_bytes_total", Kind::Counter, help);
    for (direction, kind, traffic) in all {
        let labels = [("direction", direction), ("kind", kind)];
        family.sample(&labels, traffic.bytes);
    }
    let help = "Messages that waited to be taken by their clients when the connections ended.";
    let name = "ws_echo_messages_untaken_total";
    text.single(name, Kind::Counter, help, counters.unsent.messages);
    let help = "Bytes in these messages.";
    let name = "ws_echo_message_bytes_untaken_total";
    text.single(name, Kind::Counter, help, counters.unsent.bytes);
}

fn control_frames(counters: &Counters, text: &mut Text) {
    let families = [
        (
            "ws_echo_fragments_total",
            "Frames of messages that did not end their messages.",
            counters.fragments,
        ),
        ("ws_echo_pings_total", "Ping frames.", counters.pings),
        ("ws_echo_pongs_total", "Pong frames.", counters.pongs),
    ];
    for (name, help, BothWays { received, sent }) in families {
        let mut family = text.family(name, Kind::Counter, help);
        family.sample(&[("direction", "received")], received);
        family.sample(&[("direction", "sent")], sent);
    }
    let help = "From a Ping of the server to the next bytes of that client.";
    let name = "ws_echo_ping_round_trip_seconds";
    text.family(name, Kind::Histogram, help)
        .histogram(&counters.round_trips);
}
