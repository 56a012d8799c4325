//! What a client offers of permessage-deflate, and which answers it may take (RFC 7692 section
//! 7.1).

use core::fmt;

use crate::connection::agreed::Agreed;
use crate::connection::deflate::{Deflate, Window};
use crate::handshake::deflate_parameters::{self, Parameter, Parameters, kept_if, smaller};
use crate::handshake::extensions;
use crate::handshake::response::ResponseError;

/// A client's offer of compression (permessage-deflate, RFC 7692), for
/// [`ClientRequest::deflate`](crate::ClientRequest::deflate).
///
/// A client that makes one must inflate what the server sends: by
/// [`Exchange::gather_inflated`](crate::Exchange::gather_inflated), or by an inflater of its own.
/// It may send all of its messages plain. To compress them, it needs a compressor:
///
/// - Use zlib-rs, or flate2 with the feature `zlib-rs`. The default backend of flate2 cannot limit
///   the window.
/// - Make raw deflate, with the [`bits`](Window::bits) of `agreed.deflate.client`, but at least 9.
///   The server may ask for 8, which zlib cannot make as raw deflate. With 9 zlib never uses a
///   distance of more than 250 bytes, so the server can inflate that with 8.
/// - Compress a message up to a sync flush, and remove the last four bytes: 00 00 FF FF.
/// - Reset the compressor after each message, unless `agreed.deflate.client` [is
///   kept](Window::is_kept).
/// - Send the result in as many fragments as there is [room](crate::Exchange::room) for.
/// - Send a message plain if `agreed.deflate` is `None`, if the message is empty, or if it does not
///   get shorter. If the compressor has read it, reset the compressor: no later message may refer
///   to it.
///
/// ```
/// use ws_echo_core::{Buffer, ClientHandshake, ClientRequest, Connection, Deflate, DeflateOffer};
/// use ws_echo_core::{Fin, Kind, Message, Progress, SendError, Window};
///
/// let mut request = ClientRequest::new("server.example.com", "/chat");
/// request.deflate = Some(DeflateOffer::new(Deflate {
///     server: Window::MAX.fresh(),
///     client: Window::MAX.fresh(),
/// }));
/// let mut handshake = ClientHandshake::<1024>::new(request, *b"the sample nonce")?;
/// # let mut buffer = Buffer::new([0; 1024]);
/// # handshake.advance(&mut buffer)?;
/// # buffer.consume(usize::MAX);
/// # let response = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
/// #     Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
/// #     Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; \
/// #     client_no_context_takeover\r\n\r\n";
/// # buffer.spare_mut()[..response.len()].copy_from_slice(response);
/// # buffer.commit(response.len());
/// // ... as without an offer, until the connection is open:
/// let Progress::Open(agreed) = handshake.advance(&mut buffer)? else { panic!() };
/// // Keys of a strong source of entropy, not these.
/// let mut connection = Connection::client(agreed, || [0; 4]);
///
/// /// In place of a compressor: what zlib makes of this text, up to a sync flush.
/// fn compress(_text: &str, _window: Window) -> &'static [u8] {
///     let flushed = b"\xaa\xa8\xa0\x3d\0\0\0\0\xff\xff";
///     flushed.strip_suffix(b"\0\0\xff\xff").unwrap()
/// }
///
/// let text = "x".repeat(100);
/// # let mut transmitted: Vec<u8> = Vec::new();
/// match agreed.deflate.map(|deflate| compress(&text, deflate.client)) {
///     Some(mut unsent) if unsent.len() < text.len() => {
///         while !unsent.is_empty() {
///             let mut exchange = connection.exchange(&mut buffer);
///             let (fragment, rest) = unsent.split_at(unsent.len().min(exchange.room()));
///             let fin = if rest.is_empty() { Fin::Last } else { Fin::More };
///             match exchange.send_compressed(Kind::Text, fragment, fin) {
///                 Err(SendError::Full) => {} // There is room after more was transmitted.
///                 sent => {
///                     sent?;
///                     unsent = rest;
///                 }
///             }
/// #           transmitted.extend(buffer.ready());
///             buffer.consume(usize::MAX); // in place of a transport that accepts all of it
///         }
///     }
///     _ => connection.exchange(&mut buffer).send(Message::Text(&text))?,
/// }
/// # assert_eq!(transmitted, b"\xc1\x86\0\0\0\0\xaa\xa8\xa0\x3d\0\0");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct DeflateOffer {
    deflate: Deflate,
    // The negotiation is reached only by these, so that it is linked only into a program that makes
    // an offer: no linker sees whether there is one in a request.
    encode: Encode,
    agreed: fn(Deflate, &[u8]) -> Result<Agreed, ResponseError>,
}

/// Passes the header line with an offer to a function, part by part.
type Encode = fn(Deflate, &mut dyn FnMut(&[u8]));

impl DeflateOffer {
    /// An offer with the largest windows that the client takes, and with those kept that it lets
    /// the server keep or wants to keep itself. The server may agree on less: see
    /// [`Agreed::deflate`](crate::Agreed::deflate).
    pub const fn new(deflate: Deflate) -> Self {
        Self {
            deflate,
            encode,
            agreed,
        }
    }

    /// Passes the header line with this offer to `write`, part by part, after the end of the line
    /// before it.
    pub(crate) fn encode(&self, write: &mut dyn FnMut(&[u8])) {
        (self.encode)(self.deflate, write);
    }

    /// What is agreed on with this value of the header in the response.
    pub(crate) fn agreed(&self, answer: &[u8]) -> Result<Agreed, ResponseError> {
        (self.agreed)(self.deflate, answer)
    }
}

fn encode(offer: Deflate, write: &mut dyn FnMut(&[u8])) {
    let limit = |window: Window, without: Parameter| match window {
        window if window.bits() < Window::MAX.bits() => Parameter::limit_if(true, window),
        _ => without,
    };
    let parameters = [
        Parameter::flag(!offer.server.is_kept()),
        Parameter::flag(!offer.client.is_kept()),
        limit(offer.server, Parameter::ABSENT),
        // A server may always limit the client's window.
        limit(offer.client, Parameter::ALONE),
    ];
    deflate_parameters::encode(&parameters, write);
}

fn agreed(offer: Deflate, answer: &[u8]) -> Result<Agreed, ResponseError> {
    // A list of several extensions does not have this name, or a parameter of it is malformed.
    let mut parts = extensions::split(answer, b';');
    if parts.next() != Some(deflate_parameters::NAME) {
        return Err(ResponseError::UnexpectedExtension);
    }
    let answer = deflate_parameters::decode(parts);
    match answer.and_then(|answer| agreed_with(offer, answer)) {
        None => Err(ResponseError::WrongDeflate),
        deflate => Ok(Agreed { deflate }),
    }
}

/// `None` if no server may answer that.
///
/// > A client MUST _Fail the WebSocket Connection_ if the peer server accepted an extension
/// > negotiation offer for this extension with an extension negotiation response meeting any of the
/// > following conditions [...] (section 7)
fn agreed_with(offer: Deflate, answer: Parameters) -> Option<Deflate> {
    let [
        server_no_context_takeover,
        client_no_context_takeover,
        server_max_window_bits,
        client_max_window_bits,
    ] = answer;
    // Only an offer may leave out the value.
    if client_max_window_bits == Parameter::ALONE {
        return None;
    }
    // > A server accepts an extension negotiation offer that includes the
    // > "server_no_context_takeover" extension parameter by including the
    // > "server_no_context_takeover" extension parameter in the [...] response (section 7.1.1.1)
    if !offer.server.is_kept() && !server_no_context_takeover.is_there() {
        return None;
    }
    let server = server_max_window_bits.limit().unwrap_or(Window::MAX);
    if server.bits() > offer.server.bits() {
        return None;
    }
    // Of its own window, a client may use less than the server allows.
    let client = smaller(offer.client, client_max_window_bits.limit());
    let client_keeps = offer.client.is_kept() && !client_no_context_takeover.is_there();
    Some(Deflate {
        server: kept_if(!server_no_context_takeover.is_there(), server),
        client: kept_if(client_keeps, client),
    })
}

impl fmt::Debug for DeflateOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.deflate.fmt(f)
    }
}

impl PartialEq for DeflateOffer {
    fn eq(&self, other: &Self) -> bool {
        self.deflate == other.deflate
    }
}

impl Eq for DeflateOffer {}
