//! What this server answers to a request, and what it says of its clients in the log.

use std::fmt::{self, Display};
use std::io;
use std::net::SocketAddr;

use log::{Level, info, log_enabled};
use ws_echo_core::{
    Acceptance, Chunk, CloseCode, Kind, Message, ProtocolError, Refusal, Request, ServerHandshake,
};

use crate::escape::Untrusted;
use crate::hex;
use crate::options::serve::Origins;
use crate::options::serve::ServeOptions;
use crate::serve::page;
use crate::serve::pool::Pool;
use crate::serve::response::FORBIDDEN_ORIGIN;

/// How long a request's head may be, in bytes.
pub(crate) const HEAD_LEN: usize = 8 * 1024;

/// How many characters of a peer's text are logged.
const LOGGED_LEN_MAX: usize = 200;
/// How many bytes of a binary message are logged.
const LOGGED_BYTES_MAX: usize = 32;

/// What is served, the same for all connections.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    welcome: Option<String>,
    paths: Vec<String>,
    has_page: bool,
    origins: Origins,
    subprotocols: Vec<String>,
    log_messages: bool,
    /// In bytes.
    max_message_len: u64,
    /// Whether a message that came whole may be too long.
    checks_whole_messages: bool,
}

/// How a connection ended.
#[derive(Debug)]
pub(crate) enum Ending<'a> {
    /// The client sent Close, and this was the answer to it.
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
    /// The client stopped in the middle of a frame, or took nothing of what waited for it.
    Stalled,
    /// There was no memory for what the client did not take at once.
    ShortOfMemory,
    /// A message of the client's had more bytes than so many.
    TooLong(u64),
    /// The transport ended without a Close frame.
    EndOfStream,
    /// The transport broke.
    Lost(io::Error),
}

impl Service {
    pub(crate) fn new(options: &ServeOptions) -> Self {
        Self {
            welcome: options.welcome.clone(),
            paths: options.paths.clone(),
            has_page: options.has_page,
            origins: options.origins.clone(),
            subprotocols: options.subprotocols.clone(),
            log_messages: options.log_messages,
            max_message_len: options.max_message_len,
            checks_whole_messages: options.max_message_len
                < Pool::longest_buffer(options.buffer_len) as u64,
        }
    }

    /// Accepts a request or refuses it, and says so in the log; or returns the response to one for a
    /// page, or from a page that may not connect.
    pub(crate) fn answer(
        &self,
        peer: SocketAddr,
        handshake: &mut ServerHandshake<HEAD_LEN>,
    ) -> Option<&'static [u8]> {
        let request = handshake.request();
        let target = if log_enabled!(Level::Info) {
            Untrusted::new(request.target(), LOGGED_LEN_MAX).to_string()
        } else {
            String::new()
        };
        let is_offered = |name: &&String| request.subprotocols().any(|offer| offer == *name);
        let subprotocol = self.subprotocols.iter().find(is_offered);
        let is_served = self.paths.is_empty() || self.paths.iter().any(|it| it == request.path());
        let response = page::response(&request, is_served).filter(|_| self.has_page);
        if !is_served && response.is_none() {
            handshake.refuse(Refusal::NotFound, "");
            explain_refusal(peer, handshake, Refusal::NotFound, &target);
            return None;
        }
        if response.is_none() && request.method() == "GET" && !self.origins.allow(&request) {
            return Some(refuse_origin(peer, &request));
        }
        let accepted = handshake.accept(Acceptance {
            subprotocol: subprotocol.map(String::as_str),
            greeting: self.welcome.as_deref().map(Message::Text),
        });
        match (accepted, response) {
            (Ok(()), _) => info!("client connected {peer} {target}"),
            // What else is wrong with the request comes first. HEAD is the only other method that has
            // a response.
            (Err(Refusal::UpgradeRequired | Refusal::MethodNotAllowed), Some(response)) => {
                info!("page sent {peer} {target}");
                return Some(response);
            }
            (Err(refusal), _) => explain_refusal(peer, handshake, refusal, &target),
        }
        None
    }

    /// Whether messages are logged.
    pub(crate) fn logs_messages(&self) -> bool {
        self.log_messages
    }

    /// Whether each message has to be looked at, also one that has come whole.
    pub(crate) fn looks_at_messages(&self) -> bool {
        self.log_messages || self.checks_whole_messages
    }

    /// How long a message may be, in bytes.
    pub(crate) fn max_message_len(&self) -> u64 {
        self.max_message_len
    }
}

/// Says in the log how a page of another origin can be allowed, and returns the response to it.
fn refuse_origin(peer: SocketAddr, request: &Request<'_>) -> &'static [u8] {
    let origin = request.headers("origin").next().unwrap_or_default();
    let origin = String::from_utf8_lossy(origin);
    let origin = Untrusted::new(&origin, LOGGED_LEN_MAX).to_string();
    info!("client refused {peer}: 403 Forbidden: allow its pages with --origin {origin}");
    &FORBIDDEN_ORIGIN.bytes
}

/// Says why a request was refused, to the client and in the log; `target` is empty when none was read.
pub(crate) fn explain_refusal(
    peer: SocketAddr,
    handshake: &mut ServerHandshake<HEAD_LEN>,
    refusal: Refusal,
    target: &str,
) {
    handshake.explain(refusal.text());
    let space = if target.is_empty() { "" } else { " " };
    info!(
        "client refused {peer}{space}{target}: {}: {refusal}",
        refusal.status()
    );
}

/// Says why there was no request: the transport's own handshake has failed.
pub(crate) fn log_transport_refusal(peer: SocketAddr, error: &io::Error) {
    info!("client refused {peer}: {}", Reason(error));
}

/// Says how a connection ended.
pub(crate) fn log_ending(peer: SocketAddr, ending: &Ending<'_>) {
    info!("client disconnected {peer} {ending}");
}

/// Says what a client sent.
pub(crate) fn log_chunk(peer: SocketAddr, chunk: &Chunk, bytes: &[u8]) {
    let (kind, more) = match (chunk.kind(), chunk.ends_message()) {
        (Kind::Text, true) => ("text", ""),
        (Kind::Text, false) => ("text", " and more to come"),
        (Kind::Binary, true) => ("binary", ""),
        (Kind::Binary, false) => ("binary", " and more to come"),
    };
    let len = bytes.len();
    match (chunk.kind(), str::from_utf8(bytes)) {
        (Kind::Text, Ok(text)) => {
            let text = Untrusted::new(text, LOGGED_LEN_MAX);
            info!("message {peer} {kind}, {len} bytes{more}: {text}");
        }
        _ => info!("message {peer} {kind}, {len} bytes{more}: {}", Hex(bytes)),
    }
}

impl Display for Ending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClosedByClient(None, _) => f.write_str("closed by client without a code"),
            Self::ClosedByClient(Some(code), "") => write!(f, "closed by client with {code}"),
            Self::ClosedByClient(Some(code), reason) => {
                let reason = Untrusted::new(reason, LOGGED_LEN_MAX);
                write!(f, "closed by client with {code}: {reason}")
            }
            Self::ClosedByServer(code) => write!(f, "closed by server with {code}"),
            Self::Failed(error) => {
                let code = error.close_code();
                write!(f, "closed by server with {code}: {error}")
            }
            Self::CloseTimeout(code) => {
                write!(f, "closed by server with {code}, not answered in time")
            }
            Self::CutOff(code) => {
                write!(
                    f,
                    "closed by server with {code}, in the middle of a message"
                )
            }
            Self::Silent => f.write_str("lost: no answer to a ping (--ping-timeout)"),
            Self::Stalled => {
                let code = CloseCode::POLICY_VIOLATION;
                write!(
                    f,
                    "closed by server with {code}: no progress (--stall-timeout)"
                )
            }
            Self::ShortOfMemory => f.write_str(
                "dropped: short of memory (--max-memory), and it did not take at once what it was sent",
            ),
            Self::TooLong(max) => {
                let code = CloseCode::MESSAGE_TOO_BIG;
                write!(
                    f,
                    "closed by server with {code}: a message is longer than {max} bytes \
                     (--max-message-size)"
                )
            }
            Self::EndOfStream => f.write_str("lost: end of stream without a close"),
            Self::Lost(error) => write!(f, "lost: {}", Reason(error)),
        }
    }
}

/// Why a transport broke. The system's words for it differ between systems; a transport's own may quote
/// the client.
struct Reason<'a>(&'a io::Error);

impl Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.get_ref() {
            Some(own) => Untrusted::new(&own.to_string(), LOGGED_LEN_MAX).fmt(f),
            None => self.0.kind().fmt(f),
        }
    }
}

/// The first bytes of a binary message.
struct Hex<'a>(&'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (logged, more) = match self.0.split_at_checked(LOGGED_BYTES_MAX) {
            Some((logged, [_, ..])) => (logged, "…"),
            _ => (self.0, ""),
        };
        write!(f, "{}{more}", hex::digits(logged))
    }
}
