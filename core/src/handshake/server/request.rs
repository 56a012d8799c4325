//! The request of a server's opening handshake: gathers its head line by line, and checks each line
//! and then the whole (RFC 6455 section 4.2.1, RFC 9112 section 2).

use super::{Next, ServerHandshake};
use crate::buffer::Buffer;
use crate::handshake::base64::KEY_LEN;
use crate::handshake::head;
use crate::handshake::progress::Progress;
use crate::handshake::refusal::Refusal;
use crate::handshake::request::{Request, check_request_line};
use crate::storage::Storage;

impl<const N: usize, const HTTP_1_0: bool> ServerHandshake<N, HTTP_1_0> {
    /// Gathers bytes up to the end of the head.
    pub(super) fn gather<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
    ) -> Result<Progress, Refusal> {
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

    /// Checks the line that is complete, and returns what follows it.
    fn end_line(&mut self) -> Result<Next, Refusal> {
        let start = match self.next {
            Next::Header { start } => start,
            // A request line, or an empty line before it.
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
                match self.headers.check_host() {
                    // > A client MUST send a Host header field in all HTTP/1.1 request messages.
                    // > (RFC 9112 section 3.2)
                    Err(Refusal::MissingHost) if self.is_http_1_0() => self.headers.excuse_host(),
                    checked => checked?,
                }
                return Ok(Next::Decision);
            }
            Next::Header { .. } => self.headers.add(line)?,
            _ => match check_request_line(line) {
                Err(Refusal::UnsupportedHttpVersion) if self.is_http_1_0() => {}
                checked => checked?,
            },
        }
        let start = self.bytes.len();
        Ok(Next::Header { start })
    }

    /// The key, if the request can be accepted.
    pub(super) fn key(&self) -> Result<&[u8; KEY_LEN], Refusal> {
        Request::new(&self.bytes, &self.headers).check(&self.headers)?;
        // > A server MUST ignore an Upgrade header field that is received in an HTTP/1.0 request.
        // > (RFC 9110 section 7.8)
        //
        // So nothing is upgraded. The client is told, because most often a proxy in front of it
        // speaks HTTP/1.0, and a page would hide that.
        if self.is_http_1_0() && self.headers.are_for_websocket() {
            return Err(Refusal::UpgradeByHttp10);
        }
        self.headers.key()
    }

    /// Whether the request is HTTP/1.0, and such requests are read. If its first line is not
    /// complete, this is a guess.
    pub(super) fn is_http_1_0(&self) -> bool {
        HTTP_1_0 && Request::new(&self.bytes, &self.headers).is_http_1_0()
    }
}
