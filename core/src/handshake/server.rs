//! The opening handshake of a server (RFC 6455 section 4.2): what gathers the request's head, and
//! what puts the response where the head was. How a request looks is in `http`, `headers` and
//! `request`.

use heapless::Vec;

use crate::buffer::Buffer;
use crate::connection::event::Message;
use crate::frame::header::encode;
use crate::frame::layout::Fin;
use crate::handshake::accept::accept;
use crate::handshake::head;
use crate::handshake::headers::Headers;
use crate::handshake::refusal::Refusal;
use crate::handshake::request::{Request, check_request_line};
use crate::storage::Storage;

/// The least length, in bytes, of what gathers a head: every refusal fits.
pub const MIN_HEAD_LEN: usize = 256;

/// A connection before it is open. It gathers a head of up to `N` bytes, [`MIN_HEAD_LEN`] at least,
/// and needs them no longer once the connection is open.
///
/// ```
/// use ws_echo_core::{Buffer, Message, ServerHandshake, Progress};
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
/// handshake.accept(None, Some(Message::Text("hi")))?;
/// assert_eq!(handshake.advance(&mut buffer)?, Progress::Open);
/// assert!(buffer.ready().starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
/// assert!(buffer.ready().ends_with(b"\r\n\r\n\x81\x02hi"));
/// # Ok::<(), ws_echo_core::Refusal>(())
/// ```
#[derive(Clone, Debug)]
pub struct ServerHandshake<const N: usize = 1024> {
    next: Next,
    /// The head as far as it has come; then the response.
    bytes: Vec<u8, N>,
    headers: Headers,
}

/// What the next received byte is, or what has to be made ready before it is looked at.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// A byte of the request line, or of an empty line before it.
    RequestLine,
    /// A byte of the request line, behind an empty line.
    AfterBlank,
    /// A byte of a header, or of the empty line at the end, that began at `start` of the head.
    Header { start: usize },
    /// The first byte behind the head: the application decides.
    Decision,
    /// As before; the application may have something to say about the response.
    Refusal(Refusal),
    /// As before; the response is made ready, `produced` bytes of it so far.
    Response { produced: usize, then: Outcome },
    /// A frame's: the connection is open.
    Frame,
    /// Bytes that are forgotten.
    Nothing,
}

/// What a response leads to.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    Open,
    Refused,
}

/// How far an opening handshake has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It waits until bytes are transmitted or received.
    Wait,
    /// The request is complete: [`ServerHandshake::accept`] or [`ServerHandshake::refuse`] it.
    Request,
    /// All of the response is ready, and the connection is open: go on with
    /// [`Connection::server`](crate::Connection::server) and the same buffer.
    Open,
}

impl<const N: usize> Default for ServerHandshake<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> ServerHandshake<N> {
    /// A connection from which nothing has come.
    pub const fn new() -> Self {
        const { assert!(N >= MIN_HEAD_LEN, "every refusal must fit") };
        Self {
            next: Next::RequestLine,
            bytes: Vec::new(),
            headers: Headers::new(),
        }
    }

    /// Works on what stands in `buffer`. Bytes behind the head stay there.
    ///
    /// # Errors
    ///
    /// What is wrong with the request, once. Go on until the opening is [done](Self::is_done).
    pub fn advance<S: Storage>(&mut self, buffer: &mut Buffer<S>) -> Result<Progress, Refusal> {
        match self.next {
            Next::RequestLine | Next::AfterBlank | Next::Header { .. } => {
                let gathered = self.gather(buffer);
                gathered.inspect_err(|&refusal| self.next = Next::Refusal(refusal))
            }
            Next::Decision => Ok(Progress::Request),
            Next::Refusal(refusal) => {
                let _ = self.write_refusal(refusal, "");
                Ok(self.respond(buffer, 0, Outcome::Refused))
            }
            Next::Response { produced, then } => Ok(self.respond(buffer, produced, then)),
            Next::Frame => Ok(Progress::Open),
            Next::Nothing => {
                buffer.discard_received();
                Ok(Progress::Wait)
            }
        }
    }

    /// The request, once it is [complete](Progress::Request); an empty one before and after.
    pub fn request(&self) -> Request<'_> {
        match self.next {
            Next::Decision => Request::new(&self.bytes),
            _ => Request::new(&[]),
        }
    }

    /// Answers the request with 101, and sends a greeting right behind it. The `subprotocol` has to
    /// be one of those [offered](Request::subprotocols); no other is sent. The response and
    /// the greeting have to fit where the head was gathered: 129 bytes without subprotocol
    /// and greeting. It does nothing unless the request is [complete](Progress::Request) and not
    /// answered.
    ///
    /// # Errors
    ///
    /// Why it was refused instead: it does not ask for a WebSocket as RFC 6455 wants it.
    pub fn accept(
        &mut self,
        subprotocol: Option<&str>,
        greeting: Option<Message<'_>>,
    ) -> Result<(), Refusal> {
        if !matches!(self.next, Next::Decision) {
            return Ok(());
        }
        let accepted = self.write_switching_protocols(subprotocol, greeting);
        accepted.inspect_err(|&refusal| self.next = Next::Refusal(refusal))
    }

    /// Answers the request, complete or not, with what is wrong with it. Once the request is
    /// answered it does nothing, and returns `false`.
    pub fn refuse(&mut self, refusal: Refusal) -> bool {
        let is_answered = matches!(
            self.next,
            Next::Refusal(_) | Next::Response { .. } | Next::Frame | Next::Nothing
        );
        if !is_answered {
            self.next = Next::Refusal(refusal);
        }
        !is_answered
    }

    /// Gives the response a text and a line feed as its content: the refusal's own
    /// [text](Refusal::text), or another. For this, call it between the refusal and the next
    /// [`advance`](Self::advance); at other times it does nothing. A text that does not fit where
    /// the head was gathered is left out.
    pub fn explain(&mut self, text: &str) {
        if let Next::Refusal(refusal) = self.next
            && self.write_refusal(refusal, text).is_err()
        {
            let _ = self.write_refusal(refusal, "");
        }
    }

    /// Whether the connection was refused and all of the response is ready: transmit what is
    /// ready, then close the transport.
    pub fn is_done(&self) -> bool {
        matches!(self.next, Next::Nothing)
    }

    /// Gathers bytes up to the end of the head.
    fn gather<S: Storage>(&mut self, buffer: &mut Buffer<S>) -> Result<Progress, Refusal> {
        buffer.release();
        while let Some(byte) = buffer.read_byte() {
            if head::push(&mut self.bytes, byte, Refusal::HeadTooLarge)? {
                self.next = self.end_line()?;
            }
            if let Next::Decision = self.next {
                return Ok(Progress::Request);
            }
        }
        Ok(Progress::Wait)
    }

    /// Checks the line that has ended, and says what comes behind it.
    fn end_line(&mut self) -> Result<Next, Refusal> {
        let start = match self.next {
            Next::Header { start } => start,
            // Of the request line, or of an empty one.
            _ => 0,
        };
        let line = head::line(&self.bytes, start);
        match self.next {
            // > [...] a server that is expecting to receive and parse a request-line SHOULD ignore
            // > at least one empty line (CRLF) [...] (RFC 9112 section 2.2)
            Next::RequestLine if line.is_empty() => {
                self.bytes.clear();
                return Ok(Next::AfterBlank);
            }
            Next::Header { .. } if line.is_empty() => {
                self.headers.check_host()?;
                return Ok(Next::Decision);
            }
            Next::Header { .. } => self.headers.add(line)?,
            _ => check_request_line(line)?,
        }
        let start = self.bytes.len();
        Ok(Next::Header { start })
    }

    fn write_switching_protocols(
        &mut self,
        subprotocol: Option<&str>,
        greeting: Option<Message<'_>>,
    ) -> Result<(), Refusal> {
        let request = self.request();
        request.check(&self.headers)?;
        let accept = accept(self.headers.key()?);
        // > The value chosen MUST be derived from the client's handshake, specifically by selecting
        // > one of the values from the |Sec-WebSocket-Protocol| field [...] (section 4.2.2)
        let subprotocol = subprotocol.filter(|&name| request.subprotocols().any(|it| it == name));
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
            b"\r\n\r\n",
        ])?;
        if let Some(message) = greeting {
            let (opcode, payload) = message.encode();
            let header = encode(opcode, Fin::Last, payload.len());
            self.write(&[&header, payload])?;
        }
        self.next = Next::Response {
            produced: 0,
            then: Outcome::Open,
        };
        Ok(())
    }

    /// Puts the response to a refused request where its head was. Without a text it fits: see
    /// [`MIN_HEAD_LEN`].
    fn write_refusal(&mut self, refusal: Refusal, text: &str) -> Result<(), Refusal> {
        // > The HEAD method is identical to GET except that the server MUST NOT send content in
        // > the response. (RFC 9110 section 9.3.2)
        let has_content = !self.bytes.starts_with(b"HEAD ");
        self.bytes.clear();
        self.write(&[
            b"HTTP/1.1 ",
            refusal.status().as_bytes(),
            b"\r\nConnection: close",
            refusal.headers().as_bytes(),
        ])?;
        if text.is_empty() {
            self.write(&[b"Content-Length: 0\r\n\r\n"])?;
        } else {
            self.write(&[b"Content-Type: text/plain\r\nContent-Length: "])?;
            self.write_number(text.len() + 1)?;
            self.write(&[b"\r\n\r\n"])?;
        }
        if has_content && !text.is_empty() {
            self.write(&[text.as_bytes(), b"\n"])?;
        }
        self.next = Next::Response {
            produced: 0,
            then: Outcome::Refused,
        };
        Ok(())
    }

    /// Writes a number in decimal.
    fn write_number(&mut self, number: usize) -> Result<(), Refusal> {
        if number >= 10 {
            self.write_number(number / 10)?;
        }
        self.write(&[&[b'0' + (number % 10) as u8]])
    }

    /// Writes these parts of a response behind what is written.
    fn write(&mut self, parts: &[&[u8]]) -> Result<(), Refusal> {
        let too_large = |_| Refusal::ResponseTooLarge;
        for part in parts {
            self.bytes.extend_from_slice(part).map_err(too_large)?;
        }
        Ok(())
    }

    /// Makes as much of the response ready as there is room for.
    fn respond<S: Storage>(
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
            Outcome::Open => {
                self.next = Next::Frame;
                Progress::Open
            }
            Outcome::Refused => {
                buffer.discard_received();
                self.next = Next::Nothing;
                Progress::Wait
            }
        }
    }
}
