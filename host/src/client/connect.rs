//! Opens a connection: asks for the host's addresses, connects to one of them, over TLS if the URL
//! asks for it, and does the WebSocket handshake (RFC 6455 section 4.1), all before one deadline.

mod content;
mod handshake;
mod retry_after;
mod tcp;

use std::net::SocketAddr;
use std::time::Instant;

use ws_echo_core::{Agreed, ClientHandshake, ClientRequest};

use super::stream::{ByteStream, Stream};
use super::tls::TlsConnector;
use crate::client::destination::Destination;
use crate::client::error::ConnectError;
use crate::client::facts::{ConnectionFacts, TlsFacts};
use crate::client::waiter::Waiter;
use crate::random;

/// A connection that is open, and what was agreed in its handshake.
pub(crate) struct Opened {
    pub(crate) stream: Stream,
    pub(crate) agreed: Agreed,
    pub(crate) facts: ConnectionFacts,
}

impl Opened {
    /// What the user is shown.
    pub(crate) fn note(&self) -> String {
        let mut note = String::from("socket open");
        if let Some(name) = &self.facts.subprotocol {
            note += ", subprotocol ";
            note += name;
        }
        if self.agreed.deflate.is_some() {
            note += ", compression on";
        }
        note
    }
}

/// Opens a connection before the deadline by this request, over TLS if there is a connector for it.
///
/// # Errors
///
/// Why no connection could be opened.
pub(crate) fn open(
    waiter: &mut impl Waiter,
    destination: Destination<'_>,
    request: ClientRequest<'_>,
    connector: Option<&TlsConnector<'_>>,
    deadline: Instant,
) -> Result<Opened, ConnectError> {
    let Destination { url, timeout, .. } = destination;
    // An invalid request is an error even if no address would accept a connection.
    let mut handshake =
        ClientHandshake::new(request, random::bytes()).map_err(ConnectError::InvalidRequest)?;
    let (mut stream, peer, tls) = stream(waiter, destination, connector, deadline)?;
    let agreed = loop {
        if waiter.is_past(deadline)? {
            return Err(ConnectError::TimedOut(timeout));
        }
        handshake::check_protocol(&stream, url)?;
        if let Some(agreed) = handshake::advance(waiter, &mut handshake, &mut stream, deadline)? {
            break agreed;
        }
    };
    Ok(Opened {
        stream,
        agreed,
        facts: ConnectionFacts {
            peer,
            subprotocol: handshake.subprotocol().map(str::to_owned),
            extensions: handshake::extensions(&handshake.response()),
            tls,
        },
    })
}

/// The bytes to the server, its address, and what was agreed on in the handshake of TLS.
type NewStream = (Stream, Option<SocketAddr>, Option<TlsFacts>);

/// Connects before the deadline, over TLS if there is a connector for it, and sends nothing more.
///
/// # Errors
///
/// Why there is no connection.
pub(crate) fn open_stream(
    waiter: &mut impl Waiter,
    destination: Destination<'_>,
    connector: Option<&TlsConnector<'_>>,
    deadline: Instant,
) -> Result<Stream, ConnectError> {
    stream(waiter, destination, connector, deadline).map(|(stream, ..)| stream)
}

/// Connects, over TLS if there is a connector for it.
fn stream(
    waiter: &mut impl Waiter,
    destination: Destination<'_>,
    connector: Option<&TlsConnector<'_>>,
    deadline: Instant,
) -> Result<NewStream, ConnectError> {
    let Destination { url, timeout, .. } = destination;
    let addresses = tcp::resolve(waiter, url, deadline, timeout)?;
    let socket = tcp::connect(waiter, addresses, deadline)?;
    let peer = socket.peer_addr().ok();
    let (byte_stream, tls): (Box<dyn ByteStream>, _) = match connector {
        Some(connector) => {
            let stream = connector.shake_hands(waiter, socket, deadline)?;
            let facts = stream.facts();
            (Box::new(stream), Some(facts))
        }
        None => (Box::new(socket), None),
    };
    let byte_stream = waiter.watched(byte_stream);
    Ok((Stream::new(byte_stream), peer, tls))
}
