//! Before a connection is open: one of the host's addresses is connected to, and the handshake is done
//! (RFC 6455 section 4.1), behind that of TLS if there is one, all within one time.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Interest, Token};
use ws_echo_core::{Agreed, ClientHandshake, ClientRequest, Progress, Response, ResponseError};

use super::ending::{Ending, Refusal};
use super::stream::{ByteStream, Received, Stream};
use super::tls::Connector;
use super::user::User;
use crate::connect::{HEAD_LEN_MAX, is_connected};
use crate::options::chat::ChatOptions;
use crate::options::url::{Scheme, Url};
use crate::random;
use crate::time::Time;

const SOCKET: Token = Token(0);
/// How a server of TLS begins to refuse what is none: a record of alerts, and a version (RFC 8446 section 5.1).
const TLS_ALERT: [u8; 2] = [0x15, 0x03];
/// How much of a refusal's content is shown, and how long it is waited for.
const CONTENT_LEN_MAX: usize = 4 << 10;
const CONTENT_TIME: Duration = Duration::from_secs(1);

/// A connection that is open, and the subprotocol that the server has chosen.
pub(super) struct Opened {
    pub(super) stream: Stream,
    pub(super) agreed: Agreed,
    subprotocol: Option<String>,
}

impl Opened {
    /// What to tell the user.
    pub(super) fn note(&self) -> String {
        match &self.subprotocol {
            Some(name) => format!("socket open, subprotocol {name}"),
            None => "socket open".into(),
        }
    }
}

/// Opens a connection, over TLS if there is something to make it with.
///
/// # Errors
///
/// Why there is none.
pub(super) fn open(
    user: &mut User,
    options: &ChatOptions,
    connector: Option<&Connector<'_>>,
) -> Result<Opened, Ending> {
    let deadline = Instant::now() + options.timeout;
    let subprotocols: Vec<_> = options.subprotocols.iter().map(String::as_str).collect();
    let headers = options.headers.iter();
    let headers: Vec<_> = headers.map(|it| (&*it.name, &*it.value)).collect();
    let request = ClientRequest {
        origin: options.origin.as_deref(),
        subprotocols: &subprotocols,
        headers: &headers,
        ..ClientRequest::new(&options.url.authority, &options.url.resource)
    };
    let mut handshake = ClientHandshake::new(request, random::bytes()).map_err(Ending::Request)?;
    let socket = connect(user, &options.url, deadline)?;
    let byte_stream: Box<dyn ByteStream> = match connector {
        Some(connector) => Box::new(connector.shake_hands(user, socket, deadline)?),
        None => Box::new(socket),
    };
    let mut stream = Stream::new(byte_stream);
    let agreed = loop {
        if user.is_over(deadline)? {
            return Err(Ending::Late(options.timeout));
        }
        if stream.buffer.received().starts_with(&TLS_ALERT) {
            let advice = format!("write {}", options.url.with(Scheme::Wss));
            return Err(Ending::SpeaksTls(advice));
        }
        if let Progress::Open(agreed) = shake_hands(user, &mut handshake, &mut stream, deadline)? {
            break agreed;
        }
    };
    Ok(Opened {
        stream,
        agreed,
        subprotocol: handshake.subprotocol().map(str::to_owned),
    })
}

/// Connects to the first of the host's addresses that takes it. Each has its share of the time.
fn connect(user: &mut User, url: &Url, deadline: Instant) -> Result<TcpStream, Ending> {
    let mut failures = Vec::new();
    let addresses = url.addresses();
    let count = addresses.len();
    for (index, address) in addresses.into_iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left.div_f64((count - index) as f64);
        match connect_to(user, address, Instant::now() + share)? {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                failures.push(format!("{address}: no answer within {}", Time::from(share)));
            }
            Err(error) => failures.push(format!("{address}: {error}")),
        }
    }
    let failures = failures.join("; ");
    Err(Ending::NotConnected(format!(
        "cannot connect to {failures}"
    )))
}

/// Connects to an address, up to a time.
fn connect_to(
    user: &mut User,
    address: SocketAddr,
    until: Instant,
) -> Result<io::Result<TcpStream>, Ending> {
    let both = Interest::READABLE | Interest::WRITABLE;
    let mut stream = match TcpStream::connect(address) {
        Ok(stream) => stream,
        Err(error) => return Ok(Err(error)),
    };
    if let Err(error) = user.poll.registry().register(&mut stream, SOCKET, both) {
        return Ok(Err(error));
    }
    loop {
        match is_connected(&stream) {
            Ok(true) => return Ok(stream.set_nodelay(true).map(|()| stream)),
            Ok(false) => {}
            Err(error) => return Ok(Err(error)),
        }
        if user.is_over(until)? {
            return Ok(Err(ErrorKind::TimedOut.into()));
        }
        user.wait(Some(until))?;
    }
}

/// Does what can be done of the handshake now, or waits for more.
fn shake_hands(
    user: &mut User,
    handshake: &mut ClientHandshake<'_, HEAD_LEN_MAX>,
    stream: &mut Stream,
    deadline: Instant,
) -> Result<Progress, Ending> {
    let progress = match handshake.advance(&mut stream.buffer) {
        Ok(progress) => progress,
        Err(ResponseError::Status(_)) => return Err(refusal(user, handshake, stream)),
        Err(error) => return Err(Ending::Response(error)),
    };
    // A long request is made ready in parts.
    if matches!(progress, Progress::Open(_)) || stream.transmit() {
        return Ok(progress);
    }
    match stream.receive() {
        Received::Bytes => {}
        Received::Nothing => user.wait(Some(deadline))?,
        Received::End(error) => return Err(Ending::NotConnected(ended_early(error))),
    }
    Ok(progress)
}

fn ended_early(error: Option<io::Error>) -> String {
    let ended = "the server ended the connection before the handshake was over";
    match error {
        Some(error) => format!("{ended}: {error}"),
        None => ended.into(),
    }
}

/// What a server says that refuses, with the beginning of its response's content.
fn refusal(
    user: &mut User,
    handshake: &ClientHandshake<'_, HEAD_LEN_MAX>,
    stream: &mut Stream,
) -> Ending {
    let response = handshake.response();
    let content_len = content_len(&response).unwrap_or(CONTENT_LEN_MAX);
    let until = Instant::now() + CONTENT_TIME;
    // What ends the wait early ends it well: the status is known.
    while stream.buffer.received().len() < content_len && matches!(user.is_over(until), Ok(false)) {
        match stream.receive() {
            Received::Bytes => {}
            Received::Nothing if user.wait(Some(until)).is_ok() => {}
            Received::Nothing | Received::End(_) => break,
        }
    }
    let received = stream.buffer.received();
    let location = response.headers("location").next();
    Ending::Refused(Refusal {
        status: response.status(),
        reason: response.reason().into(),
        location: location.map(|it| String::from_utf8_lossy(it).into_owned()),
        content: received[..received.len().min(content_len)].into(),
    })
}

/// How much of the content is worth waiting for, where the response says how much there is.
fn content_len(response: &Response<'_>) -> Option<usize> {
    let value = response.headers("content-length").next()?;
    let len: usize = str::from_utf8(value).ok()?.parse().ok()?;
    Some(len.min(CONTENT_LEN_MAX))
}
