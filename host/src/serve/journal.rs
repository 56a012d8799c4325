//! What happened to clients. This is the one place in which it is logged.
//!
//! Disabled logging costs nothing where messages are echoed: nothing is written here for a message
//! unless `--log-messages` asks for it.

mod message;
mod opening;
mod test_path;

use std::fmt::{self, Display};
use std::io;
use std::time::{Duration, Instant};

use log::{Level, debug, info, log_enabled, warn};
use ws_echo_core::{CloseCode, ProtocolError, Refusal, Request, Window};

use self::opening::Openings;
pub(crate) use self::opening::{ENTRY_COST, Moment};
use crate::escape::Untrusted;
use crate::frame_header::RSV1;
use crate::logging::target::{CLIENT, LIMITS};
use crate::quantity::{Count, Size};
use crate::serve::behaviour::TransportEnd;
use crate::serve::origin::Advice;
use crate::serve::peer::Peer;
use crate::serve::rate_limited_counter::RateLimitedCounter;
use crate::serve::traffic::Traffic;
use crate::time::Span;

/// What happens to the clients of one worker.
#[derive(Debug)]
pub(crate) struct Journal {
    openings: Openings,
    /// How often a client had to be served without memory of its own.
    shortages: RateLimitedCounter,
}

/// What a connection has carried until it ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Carried {
    pub(crate) opened: Moment,
    pub(crate) received: Traffic,
    /// Without the greeting.
    pub(crate) echoed: Traffic,
}

/// How a connection ended.
#[derive(Debug)]
pub(crate) enum Ending<'a> {
    /// The client sent Close, and it was answered.
    ClosedByClient(Option<CloseCode>, &'a str),
    /// The client answered our Close.
    ClosedByServer(CloseCode),
    /// The client broke the protocol.
    Failed(ProtocolError),
    /// The client did not answer our Close in time.
    CloseTimeout(CloseCode),
    /// The server stopped before the client had ended its message.
    CutOff(CloseCode),
    /// The client did not answer a Ping in time.
    Silent,
    /// The client stopped inside a frame, or took nothing of what was ready for it.
    Stalled,
    /// There was no memory for what the client did not take at once.
    ShortOfMemory,
    /// A message of the client was longer than this limit, in bytes.
    TooLong(u64),
    /// A message was longer than what is held for a client of the test path, in bytes.
    TooLongToHold(u64),
    /// The connection ended as the address asked, after this Close if there was one.
    AsAsked(Option<CloseCode>, TransportEnd),
    /// The connection on the test path has lasted as long as one may.
    TestTimeOver,
    /// The client took nothing of what was due for it, and no Close was sent.
    DroppedStalled,
    /// The server stopped, and no Close could be sent.
    Stopped,
    /// The transport ended without a Close frame.
    EndOfStream,
    /// The transport failed.
    Lost(io::Error),
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
            shortages: RateLimitedCounter::default(),
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
        if log_enabled!(target: CLIENT, Level::Info) {
            Untrusted::excerpt(request.target()).to_string()
        } else {
            String::new()
        }
    }

    /// A client could not be handed to another worker, which has ended.
    pub(crate) fn not_handed_over(&mut self, peer: Peer, error: &io::Error) {
        debug!(target: CLIENT, "client {peer} lost: {error}");
    }

    /// A client was handed to another worker, which could not be woken.
    pub(crate) fn not_woken(&mut self, peer: Peer, error: &io::Error) {
        debug!(target: CLIENT, "client {peer} waits: {error}");
    }

    /// A client's socket could not be set up.
    pub(crate) fn not_set_up(&mut self, peer: Peer, error: &io::Error) {
        debug!(target: CLIENT, "client {peer} left: {error}");
    }

    /// A client's connection is open; `target` is what [`target`](Self::target) returned. Messages
    /// may be compressed with this window.
    pub(crate) fn connected(&mut self, peer: Peer, target: &str, window: Option<Window>) {
        let Some(window) = window else {
            return info!(target: CLIENT, "client connected {peer} {target}");
        };
        let bits = window.bits();
        let kept = if window.is_kept() { "kept" } else { "fresh" };
        info!(
            target: CLIENT,
            "client connected {peer} {target} with permessage-deflate ({bits} bits, {kept})"
        );
    }

    /// A client's connection is open without compression, though it offers it.
    pub(crate) fn connected_without_deflate(&mut self, peer: Peer) {
        info!(
            target: CLIENT,
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
            target: CLIENT,
            "client {peer} offers subprotocol {first} and gets none, so it may fail: choose one \
             with --subprotocol {advised}"
        );
    }

    /// A browser gets a file, the page or its icon.
    pub(crate) fn file_sent(&mut self, peer: Peer, name: &str, target: &str) {
        info!(target: CLIENT, "{name} sent {peer} {target}");
    }

    /// A request is refused; `target` is empty if none was read.
    pub(crate) fn refused(&mut self, peer: Peer, target: &str, refusal: Refusal) {
        let space = if target.is_empty() { "" } else { " " };
        let status = refusal.status();
        info!(target: CLIENT, "client refused {peer}{space}{target}: {status}: {refusal}");
    }

    /// A request is refused because there is no memory for the answer; `target` is what
    /// [`target`](Self::target) returned.
    pub(crate) fn refused_without_memory(&mut self, peer: Peer, target: &str) {
        info!(
            target: CLIENT,
            "client refused {peer} {target}: 503 Service Unavailable: short of memory \
             (--max-memory)"
        );
    }

    /// A request is refused because of the origin of its page.
    pub(crate) fn refused_origin(&mut self, peer: Peer, request: &Request<'_>) {
        let advice = Advice::to(request);
        info!(target: CLIENT, "client refused {peer}: 403 Forbidden: {advice}");
    }

    /// A client speaks another protocol than this port; `advice` says how to speak the right one.
    pub(crate) fn refused_protocol(&mut self, peer: Peer, advice: &str) {
        info!(target: CLIENT, "client refused {peer}: {advice}");
    }

    /// The handshake of the transport itself failed.
    pub(crate) fn refused_transport(&mut self, peer: Peer, error: &io::Error) {
        info!(target: CLIENT, "client refused {peer}: {}", Reason(error));
    }

    /// The handshake of the transport itself was not complete in time.
    pub(crate) fn refused_late_transport(&mut self, peer: Peer) {
        info!(target: CLIENT, "client refused {peer}: TLS: no handshake in time");
    }

    /// A client went away before its request was complete. `error` is `None` when it ended its
    /// side of the transport.
    pub(crate) fn left(&mut self, peer: Peer, error: Option<&io::Error>) {
        match error {
            None => debug!(target: CLIENT, "client {peer} left without a request"),
            Some(error) => debug!(target: CLIENT, "client {peer} left: {}", error.kind()),
        }
    }

    /// A connection has ended. `carried` is `None` if it was not open.
    pub(crate) fn ended(&mut self, peer: Peer, ending: &Ending<'_>, carried: Option<Carried>) {
        let Some(carried) = carried else {
            return info!(target: CLIENT, "client disconnected {peer} {ending}");
        };
        let (lasted, greeting) = self.openings.take(carried.opened);
        let lasted = Span(lasted);
        let received = carried.received;
        let sent = carried.echoed + greeting;
        info!(
            target: CLIENT,
            "client disconnected {peer} {ending}; after {lasted}, {} ({}) received, {} ({}) sent",
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
            target: LIMITS,
            "{reason} ({option} {limit}): turned away {} since the last such line",
            Count(count, "client")
        );
    }

    /// There is no memory for a client's buffer: it is served with the reserve.
    pub(crate) fn short_of_memory(&mut self) {
        if let Some(count) = self.shortages.add(Instant::now()) {
            warn!(
                target: LIMITS,
                "short of memory (--max-memory): messages were echoed in pieces, {} since the last \
                 such line",
                Count(count, "time")
            );
        }
    }
}

impl Display for Ending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClosedByClient(None, _) => f.write_str("closed by client without a code"),
            Self::ClosedByClient(Some(code), "") => write!(f, "closed by client with {code}"),
            Self::ClosedByClient(Some(code), reason) => {
                let reason = Untrusted::excerpt(reason);
                write!(f, "closed by client with {code}: {reason}")
            }
            Self::ClosedByServer(code) => closed_by_server(f, *code),
            Self::Failed(error) => {
                closed_by_server(f, error.close_code())?;
                write!(f, ": {error}")?;
                match error {
                    ProtocolError::ReservedBits(RSV1) => {
                        f.write_str(" (RSV1, which begins a compressed message)")
                    }
                    _ => Ok(()),
                }
            }
            Self::CloseTimeout(code) => {
                closed_by_server(f, *code)?;
                f.write_str(", not answered in time")
            }
            Self::CutOff(code) => {
                closed_by_server(f, *code)?;
                f.write_str(", in the middle of a message")
            }
            Self::Silent => f.write_str("lost: no answer to a ping (--ping-timeout)"),
            Self::Stalled => {
                closed_by_server(f, CloseCode::POLICY_VIOLATION)?;
                f.write_str(": no progress (--stall-timeout)")
            }
            Self::ShortOfMemory => f.write_str(
                "dropped: short of memory (--max-memory), and it did not take at once what it \
                 was sent, or sent only a part of a message",
            ),
            Self::TooLong(max) => {
                closed_by_server(f, CloseCode::MESSAGE_TOO_BIG)?;
                let max = Count(*max, "byte");
                write!(f, ": a message is longer than {max} (--max-message-size)")
            }
            Self::TooLongToHold(max) => {
                closed_by_server(f, CloseCode::MESSAGE_TOO_BIG)?;
                let max = Count(*max, "byte");
                write!(f, ": a message is longer than {max} (--max-backlog)")
            }
            Self::AsAsked(None, end) => write!(f, "ended by server as asked ({end})"),
            Self::AsAsked(Some(code), end) => {
                closed_by_server(f, *code)?;
                write!(f, " and ended as asked ({end})")
            }
            Self::TestTimeOver => {
                closed_by_server(f, CloseCode::GOING_AWAY)?;
                f.write_str(": the time of a test is over (--max-test-time)")
            }
            Self::DroppedStalled => {
                f.write_str("dropped: it took nothing of what it was sent (--stall-timeout)")
            }
            Self::Stopped => f.write_str("dropped: the server stops"),
            Self::EndOfStream => f.write_str("lost: end of stream without a close"),
            Self::Lost(error) => write!(f, "lost: {}", Reason(error)),
        }
    }
}

fn closed_by_server(f: &mut fmt::Formatter<'_>, code: CloseCode) -> fmt::Result {
    write!(f, "closed by server with {code}")
}

/// Why a transport failed. The system's own text differs between systems, so the kind is logged; a
/// transport's own text may quote the client.
struct Reason<'a>(&'a io::Error);

impl Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.get_ref() {
            Some(own) => Untrusted::excerpt(&own.to_string()).fmt(f),
            None => self.0.kind().fmt(f),
        }
    }
}
