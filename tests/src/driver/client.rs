//! A driver of the core's whole client in memory: a response and frames in, a request and frames
//! out.

use ws_echo_core::{
    Agreed, Buffer, ClientHandshake, ClientRequest, MIN_BUFFER_LEN, Progress, ResponseError,
    Storage,
};

use crate::driver::{self, Cuts, NextKey, Outcome, Session};

/// The nonce of RFC 6455 section 1.3.
pub const NONCE: [u8; 16] = *b"the sample nonce";

/// The result of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// The head of the request, including the empty line at its end.
    pub request: String,
    /// The status code of the response; 0 if no head was complete.
    pub status: u16,
    /// The reason phrase of the response.
    pub reason: String,
    /// Why the connection was not opened.
    pub error: Option<ResponseError>,
    /// The subprotocol that the server has chosen.
    pub subprotocol: Option<String>,
    /// What was agreed on, if the connection was opened.
    pub agreed: Option<Agreed>,
    /// The bytes after the head of a response that did not open the connection.
    pub content: Vec<u8>,
    /// The session after the response, if the connection was opened, as if the client were a
    /// server.
    pub session: Option<Outcome>,
}

/// Connects, and echoes what the server sends, through a buffer that belongs to the connection: see
/// [`driver::run`].
pub fn connect<const N: usize>(
    request: ClientRequest<'_>,
    input: &[u8],
    cuts: &Cuts,
    takes: &Cuts,
    buffer_len: usize,
) -> Connected {
    let mut client = Client::<N>::new(request);
    let transmitted = driver::run(input, cuts, takes, buffer_len, |buffer| {
        client.exchange(buffer);
    });
    client.connected(&transmitted)
}

/// Connects with a buffer of 1,024 bytes for the response's head, and echoes: whole, byte by byte
/// and at random splits, through small and large buffers. Returns the result, which must always be
/// the same.
///
/// # Panics
///
/// If a result differs in more than the fragments of messages.
pub fn connect_always(request: ClientRequest<'_>, input: &[u8]) -> Connected {
    let whole = Cuts::whole();
    let expected = connect::<1024>(request, input, &whole, &whole, 4096);
    let joined = |mut connected: Connected| {
        connected.session = connected.session.map(Outcome::joined);
        connected
    };
    for (cuts, takes) in Cuts::many(input.len()) {
        for len in [MIN_BUFFER_LEN, 100, 4096] {
            let connected = connect::<1024>(request, input, &cuts, &takes, len);
            let expected = joined(expected.clone());
            assert_eq!(joined(connected), expected, "{cuts:?}, {takes:?}, {len}");
        }
    }
    expected
}

struct Client<'a, const N: usize> {
    handshake: ClientHandshake<'a, N>,
    error: Option<ResponseError>,
    agreed: Option<Agreed>,
    content: Vec<u8>,
    session: Option<Session<ws_echo_core::Client<NextKey>>>,
}

impl<'a, const N: usize> Client<'a, N> {
    fn new(request: ClientRequest<'a>) -> Self {
        Self {
            handshake: ClientHandshake::new(request, NONCE).expect("the request can be sent"),
            error: None,
            agreed: None,
            content: Vec::new(),
            session: None,
        }
    }

    fn exchange<S: Storage>(&mut self, buffer: &mut Buffer<S>) {
        let mut progress = Progress::Wait;
        if !self.handshake.is_done() {
            match self.handshake.advance(buffer) {
                Ok(next) => progress = next,
                Err(error) => self.error = Some(error),
            }
        }
        if self.handshake.is_done() {
            self.content.extend(buffer.received());
            buffer.discard_received();
        }
        if let Progress::Open(agreed) = progress {
            self.agreed = Some(agreed);
            let new = || Session::client(agreed);
            let session = self.session.get_or_insert_with(new);
            session.exchange(buffer);
        }
    }

    fn connected(self, transmitted: &[u8]) -> Connected {
        let end = transmitted.windows(4).position(|end| end == b"\r\n\r\n");
        let end = end.expect("the request was sent whole") + 4;
        let (request, rest) = transmitted.split_at(end);
        let response = self.handshake.response();
        assert!(self.session.is_none() || self.error.is_none());
        assert_eq!(self.error.is_some(), self.handshake.is_done());
        Connected {
            request: String::from_utf8(request.to_vec()).expect("the request is text"),
            status: response.status(),
            reason: response.reason().into(),
            error: self.error,
            agreed: self.agreed,
            subprotocol: self.handshake.subprotocol().map(Into::into),
            content: self.content,
            session: self.session.map(|session| session.outcome(rest)),
        }
    }
}
