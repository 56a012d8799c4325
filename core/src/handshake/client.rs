//! The opening handshake of a client (RFC 6455 section 4.1): sends the request, and gathers the
//! head of the response. Their form is in `client_request` and `response`.

use heapless::Vec;

use crate::buffer::Buffer;
use crate::connection::agreed::Agreed;
use crate::handshake::accept::accept;
use crate::handshake::base64::{self, KEY_LEN};
use crate::handshake::client_request::{ClientRequest, ClientRequestError};
use crate::handshake::deflate_offer::DeflateOffer;
use crate::handshake::extensions;
use crate::handshake::head;
use crate::handshake::http;
use crate::handshake::progress::Progress;
use crate::handshake::response::{Response, ResponseError, StatusLine};
use crate::storage::Storage;

/// A client's connection before it is open. It gathers the head of a response of up to `N` bytes,
/// which are not needed once the connection is open.
///
/// ```
/// use ws_echo_core::{Buffer, ClientHandshake, ClientRequest, Connection, Event, Progress};
///
/// let request = ClientRequest::new("server.example.com", "/chat");
/// let mut handshake = ClientHandshake::<1024>::new(request, *b"the sample nonce")?;
/// let mut buffer = Buffer::new([0; 1024]);
///
/// assert_eq!(handshake.advance(&mut buffer)?, Progress::Wait);
/// assert!(buffer.ready().starts_with(b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\n"));
/// buffer.consume(usize::MAX); // All was transmitted.
///
/// let response = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
///     Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\
///     \x81\x02hi";
/// buffer.spare_mut()[..response.len()].copy_from_slice(response);
/// buffer.commit(response.len());
/// let Progress::Open(agreed) = handshake.advance(&mut buffer)? else { panic!() };
///
/// // Of a strong source of entropy, not this.
/// let mut connection = Connection::client(agreed, || [1, 2, 3, 4]);
/// let mut exchange = connection.exchange(&mut buffer);
/// let Some(Event::Data(chunk)) = exchange.next_event()? else { panic!() };
/// assert_eq!(exchange.text(&chunk), Some("hi"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientHandshake<'a, const N: usize = 1024> {
    request: ClientRequest<'a>,
    key: [u8; KEY_LEN],
    next: Next<'a>,
    /// The part of the response's head that was received.
    head: Vec<u8, N>,
}

/// What the next received byte is, or what must be made ready before it is read.
#[derive(Clone, Copy, Debug)]
enum Next<'a> {
    /// None: the request must be made ready first, of which `produced` bytes are.
    Request { produced: usize },
    /// A byte of the line that began at `start` of the response's head.
    Line { start: usize },
    /// A byte of a frame: the connection is open, with this subprotocol.
    Frame {
        subprotocol: Option<&'a str>,
        agreed: Agreed,
    },
    /// A byte after the head of a response that refuses.
    Content,
    /// A byte after something that is not a head.
    Nothing,
}

impl<'a, const N: usize> ClientHandshake<'a, N> {
    /// A handshake of which nothing was sent. `nonce` must not be used for another connection.
    ///
    /// > The value of this header field MUST be a nonce consisting of a randomly selected 16-byte
    /// > value that has been base64-encoded [...] The nonce MUST be selected randomly for each
    /// > connection. (section 4.1)
    ///
    /// # Errors
    ///
    /// What in the request cannot be sent.
    pub fn new(request: ClientRequest<'a>, nonce: [u8; 16]) -> Result<Self, ClientRequestError> {
        request.check()?;
        let (words, _) = nonce.as_chunks::<4>();
        let mut nonce = [0; 4];
        for (number, &word) in nonce.iter_mut().zip(words) {
            *number = u32::from_be_bytes(word);
        }
        Ok(Self {
            request,
            key: base64::encode(nonce),
            next: Next::Request { produced: 0 },
            head: Vec::new(),
        })
    }

    /// Makes the request ready, as far as there is room, and reads the response in `buffer`. Bytes
    /// after its head stay there: the first frames, or the content of a refusal. Any number of
    /// interim responses is skipped: set a deadline.
    ///
    /// # Errors
    ///
    /// Why the connection is not open, once. Close the transport: the next call forgets the
    /// received bytes.
    pub fn advance<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
    ) -> Result<Progress, ResponseError> {
        match self.next {
            Next::Request { produced } => self.send_request(buffer, produced),
            Next::Content | Next::Nothing => buffer.discard_received(),
            Next::Line { .. } | Next::Frame { .. } => {}
        }
        let gathered = self.gather(buffer);
        gathered.inspect_err(|_| {
            if !matches!(self.next, Next::Content) {
                self.next = Next::Nothing;
            }
        })?;
        Ok(match self.next {
            Next::Frame { agreed, .. } => Progress::Open(agreed),
            _ => Progress::Wait,
        })
    }

    /// Whether the handshake failed: transmit what is ready, then close the transport.
    pub fn is_done(&self) -> bool {
        matches!(self.next, Next::Content | Next::Nothing)
    }

    /// The subprotocol that the server chose. `None` before the connection is open.
    pub fn subprotocol(&self) -> Option<&'a str> {
        match self.next {
            Next::Frame { subprotocol, .. } => subprotocol,
            _ => None,
        }
    }

    /// The response, once its head is complete. Before that, its status is 0 and its reason is
    /// empty.
    pub fn response(&self) -> Response<'_> {
        match self.next {
            Next::Frame { .. } | Next::Content => Response::new(&self.head),
            _ => Response::new(&[]),
        }
    }

    /// Makes as much of the request ready as there is room for.
    fn send_request<S: Storage>(&mut self, buffer: &mut Buffer<S>, produced: usize) {
        let mut len = 0;
        self.request.write(&self.key, &mut |part| len += part.len());
        buffer.make_gap(len - produced);
        let (mut before, mut now) = (produced, 0);
        self.request.write(&self.key, &mut |part| {
            let rest = part.get(before..).unwrap_or_default();
            before = before.saturating_sub(part.len());
            now += buffer.append(rest);
        });
        let produced = produced + now;
        self.next = if produced < len {
            Next::Request { produced }
        } else {
            Next::Line { start: 0 }
        };
    }

    /// Gathers bytes up to the end of the head.
    fn gather<S: Storage>(&mut self, buffer: &mut Buffer<S>) -> Result<(), ResponseError> {
        buffer.release();
        while let Next::Line { start } = self.next
            && let Some(byte) = buffer.read_byte()
        {
            if head::push(&mut self.head, byte, ResponseError::HeadTooLarge)? {
                self.end_line(start)?;
            }
        }
        Ok(())
    }

    /// Checks the line that began at `start` and is complete.
    fn end_line(&mut self, start: usize) -> Result<(), ResponseError> {
        let line = head::line(&self.head, start);
        if start == 0 {
            StatusLine::decode(line)?;
        } else if line.is_empty() {
            return self.end_head();
        } else {
            // > A user agent that receives an obs-fold in a response message [...] MUST replace
            // > each received obs-fold with one or more SP [...] (RFC 9112 section 5.2)
            // Such a response is refused instead: no server has a reason to send one.
            http::split_header(line)?;
        }
        self.next = Next::Line {
            start: self.head.len(),
        };
        Ok(())
    }

    fn end_head(&mut self) -> Result<(), ResponseError> {
        self.next = Next::Content;
        let response = Response::new(&self.head);
        // > A client MUST be able to parse one or more 1xx responses received prior to a final
        // > response, even if the client does not expect one. (RFC 9110 section 15.2)
        if response.is_interim() {
            self.head.clear();
            self.next = Next::Line { start: 0 };
            return Ok(());
        }
        response.check(&accept(&self.key))?;
        let agreed = agreed(&response, self.request.deflate)?;
        let subprotocol = response.subprotocol(self.request.subprotocols)?;
        self.next = Next::Frame {
            subprotocol,
            agreed,
        };
        Ok(())
    }
}

/// What was agreed on in the response to a client that made this offer, or none.
///
/// > If the response includes a |Sec-WebSocket-Extensions| header field and this header field
/// > indicates the use of an extension that was not present in the client's handshake [...], the
/// > client MUST _Fail the WebSocket Connection_. (section 4.1)
fn agreed(response: &Response<'_>, offer: Option<DeflateOffer>) -> Result<Agreed, ResponseError> {
    let mut values = response.headers(extensions::NAME);
    match (values.next(), values.next(), offer) {
        (None, _, _) => Ok(Agreed::NOTHING),
        (Some(answer), None, Some(offer)) => offer.agreed(answer),
        _ => Err(ResponseError::UnexpectedExtension),
    }
}
