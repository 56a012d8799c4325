//! Opens a connection: asks for the host's addresses, connects to one of them, over TLS if the URL
//! asks for it, and does the WebSocket handshake (RFC 6455 section 4.1), all before one deadline.

mod content;
mod handshake;
mod retry_after;
mod tcp;

use std::net::SocketAddr;
use std::time::Instant;

use mio::net::TcpStream;
use ws_echo_core::{Agreed, ClientHandshake, ClientRequest, Deflate, DeflateOffer, Window};

use super::end_reason::EndReason;
use super::event::{ConnectionFacts, TlsFacts};
use super::stream::{ByteStream, Stream};
use super::tls::TlsConnector;
use super::user::User;
use crate::options::chat::ChatOptions;
use crate::random;

/// The compression that is offered: as much as the server likes.
const OFFER: DeflateOffer = DeflateOffer::new(Deflate {
    server: Window::MAX,
    client: Window::MAX,
});

/// A connection that is open, and what was agreed in its handshake.
pub(super) struct Opened {
    pub(super) stream: Stream,
    pub(super) agreed: Agreed,
    pub(super) facts: ConnectionFacts,
}

impl Opened {
    /// What the user is shown.
    pub(super) fn note(&self) -> String {
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

/// Opens a connection before the deadline, over TLS if there is a connector for it.
///
/// # Errors
///
/// Why no connection could be opened.
pub(super) fn open(
    user: &mut User,
    options: &ChatOptions,
    connector: Option<&TlsConnector<'_>>,
    deadline: Instant,
) -> Result<Opened, EndReason> {
    let subprotocols: Vec<_> = options.subprotocols.iter().map(String::as_str).collect();
    let authorization = options.url.authorization();
    let headers = options.headers.iter();
    let headers = headers.map(|header| (&*header.name, &*header.value));
    let headers: Vec<_> = authorization.into_iter().chain(headers).collect();
    let request = ClientRequest {
        origin: options.origin.as_deref(),
        subprotocols: &subprotocols,
        deflate: options.compression.then_some(OFFER),
        headers: &headers,
        ..ClientRequest::new(&options.url.authority, &options.url.resource)
    };
    // An invalid request is an error even if no address would accept a connection.
    let mut handshake =
        ClientHandshake::new(request, random::bytes()).map_err(EndReason::InvalidRequest)?;
    let addresses = tcp::resolve(user, &options.url, deadline, options.timeout)?;
    let socket = tcp::connect(user, addresses, deadline)?;
    let (mut stream, peer, tls) = stream(user, connector, socket, deadline)?;
    let agreed = loop {
        if user.is_past(deadline)? {
            return Err(EndReason::TimedOut(options.timeout));
        }
        handshake::check_protocol(&stream, &options.url)?;
        if let Some(agreed) = handshake::advance(user, &mut handshake, &mut stream, deadline)? {
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

/// Makes a stream of a socket, over TLS if there is a connector for it.
fn stream(
    user: &mut User,
    connector: Option<&TlsConnector<'_>>,
    socket: TcpStream,
    deadline: Instant,
) -> Result<NewStream, EndReason> {
    let peer = socket.peer_addr().ok();
    let (byte_stream, tls): (Box<dyn ByteStream>, _) = match connector {
        Some(connector) => {
            let stream = connector.shake_hands(user, socket, deadline)?;
            let facts = stream.facts();
            (Box::new(stream), Some(facts))
        }
        None => (Box::new(socket), None),
    };
    let byte_stream = match &user.wire_log {
        Some(wire_log) => wire_log.watch(byte_stream),
        None => byte_stream,
    };
    Ok((Stream::new(byte_stream), peer, tls))
}
