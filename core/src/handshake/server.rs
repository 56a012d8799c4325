//! The opening handshake of a server (RFC 6455 section 4.2): gathers the head of the request, and
//! puts the response in its place. The form of a request is in `http`, `headers` and `request`.

mod request;

use heapless::Vec;

use crate::buffer::Buffer;
use crate::connection::agreed::Agreed;
use crate::frame::header::{Header, encode};
use crate::frame::layout::Fin;
use crate::handshake::accept::accept;
use crate::handshake::acceptance::Acceptance;
use crate::handshake::deflate_answer::DeflateAnswer;
use crate::handshake::headers::Headers;
use crate::handshake::http_response::{HttpResponse, HttpResponseError};
use crate::handshake::progress::Progress;
use crate::handshake::refusal::Refusal;
use crate::handshake::request::Request;
use crate::storage::Storage;

/// The least number of bytes that a [`ServerHandshake`] gathers: every refusal fits, and every
/// answer that accepts without a subprotocol and a greeting.
pub const MIN_HEAD_LEN: usize = 288;

/// Where the status line of a response has the last digit of its version.
const MINOR_VERSION: usize = "HTTP/1.".len();

/// A server's connection before it is open. It gathers the head of a request of up to `N` bytes, at
/// least [`MIN_HEAD_LEN`], which are not needed once the connection is open. `HTTP_1_0` says
/// whether it also reads requests by HTTP/1.0: see [`with_http_1_0`](Self::with_http_1_0).
///
/// ```
/// use ws_echo_core::{Acceptance, Buffer, Connection, Message, Progress, ServerHandshake};
///
/// let mut handshake = ServerHandshake::<1024>::new();
/// let mut buffer = Buffer::new([0; 1024]);
///
/// let request = b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
///     Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
///     Sec-WebSocket-Version: 13\r\n\r\n";
/// buffer.spare_mut()[..request.len()].copy_from_slice(request);
/// buffer.commit(request.len());
///
/// assert_eq!(handshake.advance(&mut buffer)?, Progress::Request);
/// assert_eq!(handshake.request().path(), "/chat");
/// handshake.accept(Acceptance {
///     greeting: Some(Message::Text("hi")),
///     ..Acceptance::default()
/// })?;
/// let Progress::Open(agreed) = handshake.advance(&mut buffer)? else { panic!() };
/// let mut connection = Connection::server(agreed);
/// assert!(buffer.ready().starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
/// assert!(buffer.ready().ends_with(b"\r\n\r\n\x81\x02hi"));
/// # Ok::<(), ws_echo_core::Refusal>(())
/// ```
#[derive(Clone, Debug)]
pub struct ServerHandshake<const N: usize = 1024, const HTTP_1_0: bool = false> {
    next: Next,
    /// The part of the request's head that was received. Once it is answered, the response: a field
    /// of its own would cost `N` bytes.
    bytes: Vec<u8, N>,
    headers: Headers,
}

/// What the next received byte is, or what must be made ready before it is read.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// A byte of the request line, or of an empty line before it.
    RequestLine,
    /// A byte of the request line, after an empty line.
    AfterBlank,
    /// A byte of a header, or of the empty line at the end, which began at `start` of the head.
    Header { start: usize },
    /// None: the application must answer the request first.
    Decision,
    /// None: the refusal must be made ready first. The application may add a text to it, or respond
    /// with something else.
    Refusal(Refusal),
    /// None: the response must be made ready first, of which `produced` bytes are.
    Response { produced: usize, then: Outcome },
    /// A byte of a frame: the connection is open.
    Frame(Agreed),
    /// A byte that is forgotten.
    Nothing,
}

/// What follows a response.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    /// The connection is open.
    Open(Agreed),
    /// The transport must be closed: the request was refused, or answered by the application.
    Close,
}

impl<const N: usize, const HTTP_1_0: bool> Default for ServerHandshake<N, HTTP_1_0> {
    fn default() -> Self {
        Self::begin()
    }
}

impl<const N: usize> ServerHandshake<N> {
    /// A handshake of which nothing was received. A request by another version than HTTP/1.1 is
    /// refused when its first line is complete.
    pub const fn new() -> Self {
        Self::begin()
    }
}

impl<const N: usize> ServerHandshake<N, true> {
    /// A handshake of which nothing was received, for a server that answers other requests too.
    /// A request by HTTP/1.0 is [complete](Progress::Request) like one by HTTP/1.1, and may lack
    /// Host. Health checks and proxies make such requests. Whatever the answer is, it has the
    /// request's version. If the request asks for a WebSocket, [`accept`](Self::accept) fails:
    /// HTTP/1.0 has no upgrade.
    pub const fn with_http_1_0() -> Self {
        Self::begin()
    }
}

impl<const N: usize, const HTTP_1_0: bool> ServerHandshake<N, HTTP_1_0> {
    const fn begin() -> Self {
        const { assert!(N >= MIN_HEAD_LEN, "every refusal and every answer must fit") };
        Self {
            next: Next::RequestLine,
            bytes: Vec::new(),
            headers: Headers::new(),
        }
    }

    /// Reads the request in `buffer`, and makes the response ready, as far as there is room. Bytes
    /// after the head stay there.
    ///
    /// # Errors
    ///
    /// What is wrong with the request, once. Continue until the handshake [is done](Self::is_done).
    pub fn advance<S: Storage>(&mut self, buffer: &mut Buffer<S>) -> Result<Progress, Refusal> {
        match self.next {
            Next::RequestLine | Next::AfterBlank | Next::Header { .. } => {
                let gathered = self.gather(buffer);
                gathered.inspect_err(|&refusal| self.next = Next::Refusal(refusal))
            }
            Next::Decision => Ok(Progress::Request),
            Next::Refusal(refusal) => {
                // It fits: see `MIN_HEAD_LEN`.
                self.write_head(&HttpResponse::new(refusal.status()), refusal.headers());
                Ok(self.send_response(buffer, 0, Outcome::Close))
            }
            Next::Response { produced, then } => Ok(self.send_response(buffer, produced, then)),
            Next::Frame(agreed) => Ok(Progress::Open(agreed)),
            Next::Nothing => {
                buffer.discard_received();
                Ok(Progress::Wait)
            }
        }
    }

    /// The request while it is [complete](Progress::Request) and not answered. Before and after,
    /// its method, target and version are empty, and it has no headers.
    pub fn request(&self) -> Request<'_> {
        match self.next {
            Next::Decision => Request::new(&self.bytes, &self.headers),
            _ => Request::new(&[], &Headers::new()),
        }
    }

    /// Checks the request while it is [complete](Progress::Request) and not answered: whether
    /// [`accept`](Self::accept) can open the connection, if the response fits.
    ///
    /// # Errors
    ///
    /// Why `accept` would refuse the request.
    pub fn check(&self) -> Result<(), Refusal> {
        match self.next {
            Next::Decision => self.key().map(drop),
            _ => Ok(()),
        }
    }

    /// Answers the request with 101, and sends the greeting after it. Does nothing unless the
    /// request is [complete](Progress::Request) and not answered.
    ///
    /// The response and the greeting must fit in `N` bytes: the response has 129, 26 more and its
    /// name with a subprotocol, and up to 156 more with compression.
    ///
    /// # Errors
    ///
    /// Why the request is refused instead: it does not ask for a WebSocket as RFC 6455 section
    /// 4.2.1 requires, or the response does not fit. [`explain`](Self::explain) adds a text to the
    /// refusal, and [`respond`](Self::respond) replaces it.
    pub fn accept(&mut self, acceptance: Acceptance<'_>) -> Result<(), Refusal> {
        if !matches!(self.next, Next::Decision) {
            return Ok(());
        }
        let accepted = self.write_switching_protocols(acceptance);
        accepted.inspect_err(|&refusal| self.next = Next::Refusal(refusal))
    }

    /// Refuses the request, complete or not. The content of the response is `text`: the refusal's
    /// own [text](Refusal::text), or another, or `""` for none. A text that does not fit in `N`
    /// bytes is left out.
    ///
    /// Returns `false`, and does nothing, if the request was answered or found wrong before.
    pub fn refuse(&mut self, refusal: Refusal, text: &str) -> bool {
        if self.is_answered() || matches!(self.next, Next::Refusal(_)) {
            return false;
        }
        self.next = Next::Refusal(refusal);
        self.explain(text);
        true
    }

    /// Answers the request with any HTTP response, also a request that is not complete, or that
    /// [`advance`](Self::advance) or [`accept`](Self::accept) has just found wrong.
    ///
    /// Returns the length of the content that must follow the head, in bytes: 0 if the method is
    /// HEAD. Call [`advance`](Self::advance) until the handshake [is done](Self::is_done): then the
    /// head is ready. Make the content ready with [`Buffer::make_ready`], in as many parts as
    /// needed, and close the transport when all is transmitted.
    ///
    /// # Errors
    ///
    /// Why the response cannot be sent. The handshake does not change.
    pub fn respond(&mut self, response: &HttpResponse<'_>) -> Result<usize, HttpResponseError> {
        if self.is_answered() {
            return Err(HttpResponseError::Answered);
        }
        let mut len = 0;
        response.write(|part| len += part.len())?;
        if len > N {
            return Err(HttpResponseError::TooLarge);
        }
        let content_len = self.content_len(response);
        self.write_head(response, "");
        Ok(content_len)
    }

    /// Adds a text to the refusal of a request that [`advance`](Self::advance) or
    /// [`accept`](Self::accept) has just found wrong: the refusal's own [text](Refusal::text), or
    /// another. It becomes the content of the response. A text that does not fit in `N` bytes is
    /// left out.
    ///
    /// Call it before the next `advance`: at other times it does nothing.
    pub fn explain(&mut self, text: &str) {
        let Next::Refusal(refusal) = self.next else {
            return;
        };
        if text.is_empty() {
            return;
        }
        let response = HttpResponse {
            content_type: Some("text/plain"),
            content_len: text.len() + 1,
            ..HttpResponse::new(refusal.status())
        };
        let more = refusal.headers();
        let mut head_len = 0;
        response.write_with(more, |part| head_len += part.len());
        let content_len = self.content_len(&response);
        if head_len + content_len > N {
            return;
        }
        self.write_head(&response, more);
        if content_len > 0 {
            // It was found to fit.
            let _ = self.write(&[text.as_bytes(), b"\n"]);
        }
    }

    /// Whether the handshake is over without a connection: transmit what is ready, then close the
    /// transport. All of the response is ready, except the content of a response of the
    /// [application](Self::respond).
    pub fn is_done(&self) -> bool {
        matches!(self.next, Next::Nothing)
    }

    /// Whether the request is answered, with a response that is ready or not.
    fn is_answered(&self) -> bool {
        matches!(
            self.next,
            Next::Response { .. } | Next::Frame(_) | Next::Nothing
        )
    }

    /// The length of the content that follows this head, in bytes.
    ///
    /// > The HEAD method is identical to GET except that the server MUST NOT send content in the
    /// > response. (RFC 9110 section 9.3.2)
    fn content_len(&self, response: &HttpResponse<'_>) -> usize {
        if self.bytes.starts_with(b"HEAD ") {
            0
        } else {
            response.content_len
        }
    }

    fn write_switching_protocols(&mut self, acceptance: Acceptance<'_>) -> Result<(), Refusal> {
        let Acceptance {
            subprotocol,
            deflate,
            greeting,
        } = acceptance;
        let accept = accept(self.key()?);
        let request = self.request();
        // > The value chosen MUST be derived from the client's handshake, specifically by selecting
        // > one of the values from the |Sec-WebSocket-Protocol| field [...] (section 4.2.2)
        let subprotocol =
            subprotocol.filter(|&name| request.subprotocols().any(|offer| offer == name));
        let protocol_header = match subprotocol {
            Some(_) => &b"\r\nSec-WebSocket-Protocol: "[..],
            None => b"",
        };
        self.bytes.clear();
        self.write(&[
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
              Sec-WebSocket-Accept: ",
            &accept,
            protocol_header,
            subprotocol.unwrap_or_default().as_bytes(),
        ])?;
        if let Some(answer) = deflate {
            let mut fits = true;
            answer.encode(|part| fits &= self.bytes.extend_from_slice(part).is_ok());
            if !fits {
                return Err(Refusal::ResponseTooLarge);
            }
        }
        let (mut header, mut payload) = (Header::new(), &b""[..]);
        if let Some(message) = greeting {
            let (opcode, bytes) = message.encode();
            (header, payload) = (encode(opcode, Fin::Last, bytes.len()), bytes);
        }
        self.write(&[b"\r\n\r\n", &header, payload])?;
        self.next = Next::Response {
            produced: 0,
            then: Outcome::Open(Agreed {
                deflate: deflate.map(DeflateAnswer::agreed),
            }),
        };
        Ok(())
    }

    /// Puts the head of a response in the place of the request. It is known to fit. After it the
    /// connection ends. `more` follows `Connection: close`.
    #[inline(always)]
    fn write_head(&mut self, response: &HttpResponse<'_>, more: &str) {
        let is_http_1_0 = self.is_http_1_0();
        self.bytes.clear();
        response.write_with(more, |part| {
            let _ = self.bytes.extend_from_slice(part);
        });
        // RFC 9110 section 2.5 prefers the server's version: see `HttpResponse::write_with`. But
        // clients that still speak HTTP/1.0 are health checks, and some want their own.
        if let Some(minor) = self.bytes.get_mut(MINOR_VERSION).filter(|_| is_http_1_0) {
            *minor = b'0';
        }
        self.next = Next::Response {
            produced: 0,
            then: Outcome::Close,
        };
    }

    /// Adds these parts to a response.
    fn write(&mut self, parts: &[&[u8]]) -> Result<(), Refusal> {
        let too_large = |_| Refusal::ResponseTooLarge;
        for part in parts {
            self.bytes.extend_from_slice(part).map_err(too_large)?;
        }
        Ok(())
    }

    /// Makes as much of the response ready as there is room for.
    fn send_response<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
        produced: usize,
        then: Outcome,
    ) -> Progress {
        let rest = self.bytes.get(produced..).unwrap_or_default();
        buffer.make_gap(rest.len());
        let now = buffer.append(rest);
        if now < rest.len() {
            let produced = produced + now;
            self.next = Next::Response { produced, then };
            return Progress::Wait;
        }
        match then {
            Outcome::Open(agreed) => {
                self.next = Next::Frame(agreed);
                Progress::Open(agreed)
            }
            Outcome::Close => {
                buffer.discard_received();
                self.next = Next::Nothing;
                Progress::Wait
            }
        }
    }
}
