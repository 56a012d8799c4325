//! The opening handshake with a client (RFC 6455 section 4.2), as a server does it.

use std::time::{Duration, Instant};

use super::connection::{Connection, Moved};
use super::opening;
use crate::check::client_request::ClientRequest;
use crate::check::timing::Timing;
use crate::check::transcript::{Detail, Direction, Transcript};

/// How long the rest of a request may take, and the sending of a response.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A client that has connected and has sent its request.
pub(crate) struct WaitingClient<'a> {
    pub(crate) connection: Connection<'a>,
    pub(crate) request: ClientRequest,
    /// What came behind the request.
    pub(crate) behind: Vec<u8>,
    pub(crate) timing: Timing,
    pub(crate) detail: Detail,
}

impl<'a> WaitingClient<'a> {
    /// Receives a request, of which these bytes have come already.
    ///
    /// # Errors
    ///
    /// Why there is none, in words.
    pub(crate) fn receive(
        mut connection: Connection<'a>,
        mut bytes: Vec<u8>,
        timing: Timing,
        detail: Detail,
    ) -> Result<Self, String> {
        let deadline = Instant::now() + TIMEOUT;
        let head = opening::await_head(&mut connection, &mut bytes, deadline)?;
        let behind = bytes.split_off(head.len);
        Ok(Self {
            connection,
            request: ClientRequest { head, bytes },
            behind,
            timing,
            detail,
        })
    }

    /// An empty transcript with the request.
    pub(crate) fn transcript(&self) -> Transcript {
        let mut transcript = Transcript::new(self.detail);
        let line = self.request.head.first_line.clone();
        let record = &mut transcript.record;
        record.add(Direction::Received, line, &self.request.bytes);
        transcript
    }

    /// The value of `Sec-WebSocket-Accept` that answers the request.
    ///
    /// # Errors
    ///
    /// When there is no key: no connection can be opened.
    pub(crate) fn accept(&self) -> Result<String, String> {
        let key = self.request.key();
        let key = key.ok_or("the request has no Sec-WebSocket-Key, so nothing can answer it")?;
        Ok(opening::accept(key))
    }

    /// A response that opens the connection, with an answer to the offers of extensions.
    ///
    /// # Errors
    ///
    /// When there is no key.
    pub(crate) fn response(&self, extensions: Option<&str>) -> Result<String, String> {
        let mut response = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n",
            self.accept()?
        );
        if let Some(extensions) = extensions {
            response += &format!("Sec-WebSocket-Extensions: {extensions}\r\n");
        }
        Ok(response + "\r\n")
    }

    /// Sends bytes of a response.
    ///
    /// # Errors
    ///
    /// Why not all could be sent.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        opening::send_all(&mut self.connection, bytes, Instant::now() + TIMEOUT)
    }

    /// Receives what comes within some time, or until something has come.
    pub(crate) fn listen(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until {
            match self.connection.read(&mut self.behind) {
                Moved::Nothing => self.connection.wait(until),
                Moved::Bytes(_) | Moved::End => return,
            }
        }
    }
}
