//! What happened to clients. This is the one place in which it is logged, and counted.
//!
//! Disabled logging costs nothing where messages are echoed: nothing is written here for a message
//! unless `--log-messages` asks for it.

mod arrival;
mod counting;
mod ending;
mod message;
mod opening;
mod reason;
mod test_path;

use std::io;
use std::time::{Duration, Instant};

use log::{Level, debug, info, log_enabled, warn};
use ws_echo_core::{CloseCode, Refusal, Request, Window};

pub(crate) use self::ending::{Ending, Initiator};
use self::opening::Openings;
pub(crate) use self::opening::{ENTRY_COST, Moment};
use self::reason::Reason;
use crate::escape::Untrusted;
use crate::logging::event;
use crate::logging::target::{CLIENT, LIMITS};
use crate::quantity::{Count, Size};
use crate::serve::metrics::counters::Counters;
use crate::serve::metrics::failure::Failure;
use crate::serve::origin::Advice;
use crate::serve::peer::{Peer, Visitor};
use crate::serve::rate_limited_counter::RateLimitedCounter;
use crate::serve::traffic::Traffic;
use crate::time::Span;

/// What happens to the clients of one worker.
#[derive(Debug)]
pub(crate) struct Journal {
    openings: Openings,
    pub(crate) counters: Counters,
    /// Whether it is remembered what clients ask for.
    keeps_targets: bool,
    /// What the client has asked for whose connection was opened last.
    opened_target: Option<Box<str>>,
    /// How often a client had to be served without memory of its own.
    shortages: RateLimitedCounter,
    /// The connections of proxies that were dropped before they had a client.
    headerless: RateLimitedCounter,
}

/// What a connection has carried until it ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Carried {
    pub(crate) opened: Moment,
    pub(crate) received: Traffic,
    /// Without the greeting.
    pub(crate) echoed: Traffic,
    /// What was made ready for the client, and will not be sent.
    pub(crate) unsent: Traffic,
}

/// Clients that were turned away because of a limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TurnedAway {
    /// Which limit was reached.
    pub(crate) reason: &'static str,
    /// The option that sets the limit, and its value.
    pub(crate) option: &'static str,
    pub(crate) limit: usize,
    /// How many since the last such line.
    pub(crate) count: u64,
}

impl Journal {
    /// An empty journal of clients that are sent this greeting.
    pub(crate) fn new(start: Instant, greeting: Option<&str>) -> Self {
        let greeting = greeting.map(|text| Traffic {
            messages: 1,
            bytes: text.len() as u64,
        });
        Self {
            openings: Openings::new(start, greeting.unwrap_or_default()),
            counters: Counters::default(),
            keeps_targets: false,
            opened_target: None,
            shortages: RateLimitedCounter::default(),
            headerless: RateLimitedCounter::default(),
        }
    }

    /// The greeting, as each client is sent it that has none of its own.
    pub(crate) fn greeting(&self) -> Traffic {
        self.openings.usual_greeting
    }

    /// When a connection is opened.
    pub(crate) fn now(&self) -> Moment {
        self.openings.open()
    }

    /// The same for a connection that is sent this greeting. Its end must be
    /// [reported](Self::ended).
    pub(crate) fn now_with(&mut self, greeting: Traffic) -> Moment {
        self.openings.open_with(greeting)
    }

    /// How old a connection is now.
    pub(crate) fn age(&self, opened: Moment, now: Instant) -> Duration {
        self.openings.age(opened, now)
    }

    /// Whether each connection with a greeting of its own has ended.
    pub(crate) fn is_complete(&self) -> bool {
        self.openings.is_empty()
    }

    /// The target of a request as it is logged; empty when it will not be.
    pub(crate) fn target(&self, request: &Request<'_>) -> String {
        if self.keeps_targets || log_enabled!(target: CLIENT, Level::Info) {
            Untrusted::excerpt(request.target()).to_string()
        } else {
            String::new()
        }
    }

    /// A client could not be handed to another worker, which has ended.
    pub(crate) fn not_handed_over(&mut self, peer: Peer, error: &io::Error) {
        debug!(
            target: CLIENT, event = event::NOT_SERVED, peer:% = peer, reason:% = error;
            "client {peer} lost: {error}"
        );
    }

    /// A client was handed to another worker, which could not be woken.
    pub(crate) fn not_woken(&mut self, peer: Peer, error: &io::Error) {
        debug!(
            target: CLIENT, event = event::NOT_SERVED, peer:% = peer, reason:% = error;
            "client {peer} waits: {error}"
        );
    }

    /// A client's socket could not be set up.
    pub(crate) fn not_set_up(&mut self, peer: Peer, error: &io::Error) {
        debug!(
            target: CLIENT, event = event::NOT_SERVED, peer:% = peer, reason:% = error;
            "client {peer} left: {error}"
        );
    }

    /// A client's connection is open; `target` is what [`target`](Self::target) returned. Messages
    /// may be compressed with this window.
    pub(crate) fn connected(&mut self, visitor: Visitor, target: &str, window: Option<Window>) {
        let peer = visitor.peer;
        let via = visitor.via.map(|proxy| proxy.to_string());
        let via = via.as_deref();
        self.count_opening(target);
        let Some(window) = window else {
            return info!(
                target: CLIENT, event = event::CONNECTED, peer:% = peer, via = via, path = target;
                "client connected {visitor} {target}"
            );
        };
        let bits = window.bits();
        let kept = if window.is_kept() { "kept" } else { "fresh" };
        info!(
            target: CLIENT, event = event::CONNECTED, peer:% = peer, via = via, path = target,
            deflate_bits = bits, deflate_kept = window.is_kept();
            "client connected {visitor} {target} with permessage-deflate ({bits} bits, {kept})"
        );
    }

    /// A client's connection is open without compression, though it offers it.
    pub(crate) fn connected_without_deflate(&mut self, peer: Peer) {
        info!(
            target: CLIENT, event = event::DEFLATE_DECLINED, peer:% = peer;
            "client {peer} offers permessage-deflate and gets none: the offer is malformed, or has \
             no client_max_window_bits although --deflate-window or its server_max_window_bits is \
             below 15"
        );
    }

    /// A client's connection is open without a subprotocol, though it offers some: `first` is the
    /// first one. The advice is safe in a shell.
    pub(crate) fn connected_without_subprotocol(&mut self, peer: Peer, first: &str) {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let is_safe = !first.starts_with('-') && first.bytes().all(is_plain);
        let advised = if is_safe { first } else { "'*'" };
        let first = Untrusted::excerpt(first);
        info!(
            target: CLIENT, event = event::SUBPROTOCOL_DECLINED, peer:% = peer,
            subprotocol:% = first;
            "client {peer} offers subprotocol {first} and gets none, so it may fail: choose one \
             with --subprotocol {advised}"
        );
    }

    /// A browser gets a file, the page or its icon.
    pub(crate) fn file_sent(&mut self, peer: Peer, name: &str, target: &str) {
        self.counters.pages += 1;
        info!(
            target: CLIENT, event = event::FILE_SENT, peer:% = peer, path = target, file = name;
            "{name} sent {peer} {target}"
        );
    }

    /// A request is refused; `target` is empty if none was read.
    pub(crate) fn refused(&mut self, peer: Peer, target: &str, refusal: Refusal) {
        self.counters.fail(refusal);
        let space = if target.is_empty() { "" } else { " " };
        let status = refusal.status();
        info!(
            target: CLIENT, event = event::REFUSED, peer:% = peer, path = target,
            status = number(status), reason:% = refusal;
            "client refused {peer}{space}{target}: {status}: {refusal}"
        );
    }

    /// A request is refused because there is no memory for the answer; `target` is what
    /// [`target`](Self::target) returned.
    pub(crate) fn refused_without_memory(&mut self, peer: Peer, target: &str) {
        self.counters.fail(Failure::Memory);
        info!(
            target: CLIENT, event = event::REFUSED, peer:% = peer, path = target, status = 503,
            reason = "short of memory (--max-memory)";
            "client refused {peer} {target}: 503 Service Unavailable: short of memory \
             (--max-memory)"
        );
    }

    /// A request is refused because of the origin of its page.
    pub(crate) fn refused_origin(&mut self, peer: Peer, request: &Request<'_>) {
        self.counters.fail(Failure::Origin);
        let advice = Advice::to(request);
        info!(
            target: CLIENT, event = event::REFUSED, peer:% = peer, status = 403, reason:% = advice;
            "client refused {peer}: 403 Forbidden: {advice}"
        );
    }

    /// A request of a proxy is refused because of what its headers say of the client.
    pub(crate) fn refused_contradiction(&mut self, proxy: Peer) {
        self.counters.fail(Failure::Proxy);
        info!(
            target: CLIENT, event = event::REFUSED, peer:% = proxy, status = 400,
            reason = "Forwarded and X-Forwarded-For name different clients";
            "client refused {proxy}: 400 Bad Request: Forwarded and X-Forwarded-For name different \
             clients; let the proxy remove the one that it does not write"
        );
    }

    /// A client speaks another protocol than this port; `advice` says how to speak the right one.
    pub(crate) fn refused_protocol(&mut self, peer: Peer, advice: &str) {
        self.counters.fail(Failure::WrongProtocol);
        info!(
            target: CLIENT, event = event::REFUSED, peer:% = peer, reason = advice;
            "client refused {peer}: {advice}"
        );
    }

    /// The handshake of the transport itself failed.
    pub(crate) fn refused_transport(&mut self, peer: Peer, error: &io::Error) {
        self.counters.fail(Failure::Tls);
        let reason = Reason(error);
        info!(
            target: CLIENT, event = event::REFUSED, peer:% = peer, reason:% = reason;
            "client refused {peer}: {reason}"
        );
    }

    /// The handshake of the transport itself was not complete in time.
    pub(crate) fn refused_late_transport(&mut self, peer: Peer) {
        self.counters.fail(Failure::TlsTimeout);
        let reason = "TLS: no handshake in time";
        info!(
            target: CLIENT, event = event::REFUSED, peer:% = peer, reason = reason;
            "client refused {peer}: {reason}"
        );
    }

    /// A client went away before its request was complete. `error` is `None` when it ended its
    /// side of the transport.
    pub(crate) fn left(&mut self, peer: Peer, error: Option<&io::Error>) {
        self.counters.fail(Failure::Left);
        match error.map(io::Error::kind) {
            None => debug!(
                target: CLIENT, event = event::LEFT, peer:% = peer;
                "client {peer} left without a request"
            ),
            Some(reason) => debug!(
                target: CLIENT, event = event::LEFT, peer:% = peer, reason:% = reason;
                "client {peer} left: {reason}"
            ),
        }
    }

    /// A connection has ended. `carried` is `None` if it was not open.
    pub(crate) fn ended(&mut self, peer: Peer, ending: &Ending<'_>, carried: Option<Carried>) {
        let (cause, code) = (ending.cause(), ending.code().map(CloseCode::get));
        let initiator = ending.initiator().map(Initiator::name);
        let Some(carried) = carried else {
            return info!(
                target: CLIENT, event = event::DISCONNECTED, peer:% = peer, cause = cause,
                initiator = initiator, code = code, reason:% = ending.reason();
                "client disconnected {peer} {ending}"
            );
        };
        let (lasted, greeting) = self.openings.take(carried.opened);
        self.count_end(ending, &carried, lasted);
        let received = carried.received;
        let sent = carried.echoed + greeting;
        info!(
            target: CLIENT, event = event::DISCONNECTED, peer:% = peer, cause = cause,
            initiator = initiator, code = code, reason:% = ending.reason(),
            duration = seconds(lasted), messages_received = received.messages,
            bytes_received = received.bytes, messages_sent = sent.messages,
            bytes_sent = sent.bytes;
            "client disconnected {peer} {ending}; after {}, {} ({}) received, {} ({}) sent",
            Span(lasted),
            Count(received.messages, "message"),
            Size(received.bytes),
            sent.messages,
            Size(sent.bytes),
        );
    }

    /// Clients were turned away because of a limit.
    pub(crate) fn turned_away(&mut self, clients: TurnedAway) {
        let TurnedAway {
            reason,
            option,
            limit,
            count,
        } = clients;
        warn!(
            target: LIMITS, event = event::TURNED_AWAY, count = count, reason = reason,
            option = option, limit = limit;
            "{reason} ({option} {limit}): turned away {} since the last such line",
            Count(count, "client")
        );
    }

    /// There is no memory for a client's buffer: it is served with the reserve.
    pub(crate) fn short_of_memory(&mut self) {
        self.counters.shortages += 1;
        if let Some(count) = self.shortages.add(Instant::now()) {
            warn!(
                target: LIMITS, event = event::SHORT_OF_MEMORY, count = count;
                "short of memory (--max-memory): messages were echoed in pieces, {} since the last \
                 such line",
                Count(count, "time")
            );
        }
    }
}

/// The number of a status with its reason phrase.
fn number(status: &str) -> Option<u16> {
    status.split(' ').next()?.parse().ok()
}

/// A time in seconds, to the millisecond.
fn seconds(time: Duration) -> f64 {
    time.as_millis() as f64 / 1000.0
}
