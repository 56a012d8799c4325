//! Opens a connection: asks for the host's addresses, connects to one of them, over TLS if the URL
//! asks for it, and does the WebSocket handshake (RFC 6455 section 4.1), all before one deadline.

mod content;
mod handshake;
mod retry_after;
mod tcp;

use std::time::Instant;

use ws_echo_core::{Agreed, ClientHandshake, ClientRequest};

use super::stream::{ByteStream, Stream};
use super::tls::TlsConnector;
use crate::client::destination::Destination;
use crate::client::error::ConnectError;
use crate::client::waiter::Waiter;
use crate::random;

/// A connection that is open, and what was agreed in its handshake.
pub(crate) struct Opened {
    pub(crate) stream: Stream,
    pub(crate) agreed: Agreed,
    /// The subprotocol that the server has chosen.
    pub(crate) subprotocol: Option<String>,
}

impl Opened {
    /// What the user is shown.
    pub(crate) fn note(&self) -> String {
        let mut note = String::from("socket open");
        if let Some(name) = &self.subprotocol {
            note += ", subprotocol ";
            note += name;
        }
        if self.agreed.deflate.is_some() {
            note += ", compression on";
        }
        note
    }
}

/// Opens a connection by this request, over TLS if there is a connector for it.
///
/// # Errors
///
/// Why no connection could be opened.
pub(crate) fn open(
    waiter: &mut impl Waiter,
    destination: Destination<'_>,
    request: ClientRequest<'_>,
    connector: Option<&TlsConnector<'_>>,
) -> Result<Opened, ConnectError> {
    let Destination { url, timeout, .. } = destination;
    let deadline = Instant::now() + timeout;
    // An invalid request is an error even if no address would accept a connection.
    let mut handshake =
        ClientHandshake::new(request, random::bytes()).map_err(ConnectError::InvalidRequest)?;
    let addresses = tcp::resolve(waiter, url, deadline, timeout)?;
    let socket = tcp::connect(waiter, addresses, deadline)?;
    let byte_stream: Box<dyn ByteStream> = match connector {
        Some(connector) => Box::new(connector.shake_hands(waiter, socket, deadline)?),
        None => Box::new(socket),
    };
    let mut stream = Stream::new(byte_stream);
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
        subprotocol: handshake.subprotocol().map(str::to_owned),
    })
}
