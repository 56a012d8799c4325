//! Opens a connection: asks for the host's addresses, connects to one of them, over TLS if the URL
//! asks for it, and does the WebSocket handshake (RFC 6455 section 4.1), all before one deadline.

mod content;
mod handshake;
mod retry_after;
mod tcp;

use std::time::Instant;

use ws_echo_core::{Agreed, ClientHandshake, ClientRequest, Deflate, DeflateOffer, Window};

use super::stream::{ByteStream, Stream};
use super::tls::TlsConnector;
use crate::chat::end_reason::EndReason;
use crate::chat::user::User;
use crate::options::chat::ChatOptions;
use crate::random;

/// The compression that is offered: as much as the server likes.
const OFFER: DeflateOffer = DeflateOffer::new(Deflate {
    server: Window::MAX,
    client: Window::MAX,
});

/// A connection that is open, and what was agreed in its handshake.
pub(crate) struct Opened {
    pub(crate) stream: Stream,
    pub(crate) agreed: Agreed,
    /// The subprotocol that the server has chosen.
    subprotocol: Option<String>,
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

/// Opens a connection, over TLS if there is a connector for it.
///
/// # Errors
///
/// Why no connection could be opened.
pub(crate) fn open(
    user: &mut User,
    options: &ChatOptions,
    connector: Option<&TlsConnector<'_>>,
) -> Result<Opened, EndReason> {
    let deadline = Instant::now() + options.timeout;
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
    let byte_stream: Box<dyn ByteStream> = match connector {
        Some(connector) => Box::new(connector.shake_hands(user, socket, deadline)?),
        None => Box::new(socket),
    };
    let mut stream = Stream::new(byte_stream);
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
        subprotocol: handshake.subprotocol().map(str::to_owned),
    })
}
