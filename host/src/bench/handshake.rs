//! The opening handshake of a client, which is the core's, for connections that share their read
//! buffer.

use ws_echo_core::{
    Agreed, Buffer, ClientHandshake, ClientRequest, ClientRequestError, DeflateOffer, Progress,
    ResponseError,
};

use super::error::ConnectionError;
use crate::connect::HEAD_LEN_MAX;
use crate::escape::PEER_TEXT_LEN_MAX;
use crate::options::url::Url;
use crate::random;

const BUFFER_LEN: usize = 4 << 10;

/// Names and values.
pub(super) type Headers<'a> = &'a [(&'a str, &'a str)];

/// The handshake of one connection.
#[derive(Debug)]
pub(super) struct Handshake<'a> {
    handshake: ClientHandshake<'a, HEAD_LEN_MAX>,
    buffer: Buffer<[u8; BUFFER_LEN]>,
    /// The first bytes received, to show a response that is not HTTP.
    start: Vec<u8>,
}

impl<'a> Handshake<'a> {
    /// A handshake with a nonce of its own, that offers this compression, and with these headers
    /// besides those that it needs.
    pub(super) fn new(
        url: &'a Url,
        headers: Headers<'a>,
        deflate: Option<DeflateOffer>,
    ) -> Result<Self, ClientRequestError> {
        let request = ClientRequest {
            headers,
            deflate,
            ..ClientRequest::new(&url.authority, &url.resource)
        };
        Self::with_nonce(request, random::bytes())
    }

    fn with_nonce(request: ClientRequest<'a>, nonce: [u8; 16]) -> Result<Self, ClientRequestError> {
        Ok(Self {
            handshake: ClientHandshake::new(request, nonce)?,
            buffer: Buffer::new([0; BUFFER_LEN]),
            start: Vec::new(),
        })
    }

    /// Returns the bytes of the request.
    pub(super) fn request(&mut self) -> Result<Vec<u8>, ConnectionError> {
        let mut request = Vec::new();
        loop {
            self.advance()?;
            if self.buffer.ready().is_empty() {
                return Ok(request);
            }
            request.extend(self.buffer.ready());
            self.buffer.consume(usize::MAX);
        }
    }

    /// Takes received bytes up to the end of the response, and returns what was agreed on if that
    /// was in them.
    pub(super) fn receive(&mut self, bytes: &mut &[u8]) -> Result<Option<Agreed>, ConnectionError> {
        let room = PEER_TEXT_LEN_MAX.saturating_sub(self.start.len());
        self.start.extend(bytes.iter().take(room));
        let mut progress = Progress::Wait;
        while progress == Progress::Wait && !bytes.is_empty() {
            let spare = self.buffer.spare_mut();
            let len = spare.len().min(bytes.len());
            spare[..len].copy_from_slice(&bytes[..len]);
            self.buffer.commit(len);
            progress = self.advance()?;
            // The bytes that the handshake leaves are frames.
            let read = len - self.buffer.received().len();
            self.buffer.discard_received();
            *bytes = &bytes[read..];
        }
        Ok(match progress {
            Progress::Open(agreed) => Some(agreed),
            _ => None,
        })
    }

    fn advance(&mut self) -> Result<Progress, ConnectionError> {
        let error = match self.handshake.advance(&mut self.buffer) {
            Ok(progress) => return Ok(progress),
            Err(error) => error,
        };
        if !self.start.starts_with(b"HTTP/") {
            let start = String::from_utf8_lossy(&self.start);
            return Err(ConnectionError::NotHttp(start.into_owned()));
        }
        let response = self.handshake.response();
        Err(match error {
            ResponseError::Status(status) => {
                ConnectionError::Refused(status, response.reason().into())
            }
            error => ConnectionError::Response(error),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_after_the_response_are_left_wherever_it_is_cut() {
        let url = url();
        // The response to the key of a nonce of zeros.
        let response = b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                         Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n";
        let bytes = [&response[..], b"frames"].concat();
        for cut in 0..bytes.len() {
            let mut handshake = zero_handshake(&url);
            handshake.request().expect("a request");
            let (mut first, second) = bytes.split_at(cut);
            let agreed = handshake.receive(&mut first).expect("a valid response");
            assert_eq!(agreed.is_some(), cut >= response.len(), "cut at {cut}");
            let left = [first, second].concat();
            let mut left = &left[..];
            let agreed = handshake.receive(&mut left).expect("a valid response");
            assert_eq!(agreed, Some(Agreed::NOTHING));
            let expected = &b"frames"[..];
            assert_eq!(left, expected, "cut at {cut}");
        }
    }

    #[test]
    fn a_long_request_is_whole() {
        let mut url = url();
        url.resource = format!("/{}", "x".repeat(3 * BUFFER_LEN));
        let request = zero_handshake(&url).request().expect("a request");
        assert!(request.starts_with(format!("GET {} HTTP/1.1\r\n", url.resource).as_bytes()));
        assert!(request.ends_with(b"\r\n\r\n"));
    }

    #[test]
    fn each_connection_has_a_key_of_its_own() {
        let url = url();
        let [first, second] = [(); 2].map(|()| {
            let mut handshake = Handshake::new(&url, &[], None).expect("a request");
            handshake.request().expect("a request")
        });
        assert_ne!(first, second);
    }

    fn url() -> Url {
        Url {
            text: String::new(),
            authority: "localhost".into(),
            authorization: None,
            resource: "/".into(),
            server_name: None,
            host: "localhost".into(),
            port: 80,
        }
    }

    fn zero_handshake(url: &Url) -> Handshake<'_> {
        let request = ClientRequest::new(&url.authority, &url.resource);
        Handshake::with_nonce(request, [0; 16]).expect("a request")
    }
}
