//! TLS on a server's socket (RFC 8446, RFC 5246), by rustls: the handshake, and the bytes after it.
//!
//! One direction of the socket may be full while the other has bytes, so neither waits for the
//! other. The streams of rustls are not used because their reads write first.

mod error;
mod trust;

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::Instant;

use mio::net::TcpStream;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, HandshakeKind};

use crate::client::destination::Destination;
use crate::client::error::ConnectError;
use crate::client::facts::TlsFacts;
use crate::client::waiter::Waiter;
use crate::options::url::Scheme;
use crate::time::Time;

/// What a user is told who trusts anyone.
pub(crate) const INSECURE: &str = "--insecure: the server's certificate is not checked; anyone between here \
                        and the server can read and change everything";

/// Makes TLS connections to one server. They share their sessions, so reconnecting costs less.
#[derive(Debug)]
pub(crate) struct TlsConnector<'a> {
    destination: Destination<'a>,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl<'a> TlsConnector<'a> {
    /// A connector for the URL; `None` if the URL does not ask for TLS.
    ///
    /// # Errors
    ///
    /// Why no authority can be trusted.
    pub(crate) fn new(destination: Destination<'a>) -> Result<Option<Self>, String> {
        let Some(name) = destination.url.server_name.clone() else {
            return Ok(None);
        };
        let config = Arc::new(trust::config(destination.trust)?);
        Ok(Some(Self {
            destination,
            config,
            name,
        }))
    }

    /// Does the TLS handshake on a socket that has just been connected.
    ///
    /// # Errors
    ///
    /// Why the handshake failed.
    pub(crate) fn shake_hands(
        &self,
        waiter: &mut impl Waiter,
        socket: TcpStream,
        deadline: Instant,
    ) -> Result<TlsClientStream, ConnectError> {
        let url = self.destination.url;
        let session = ClientConnection::new(Arc::clone(&self.config), self.name.clone());
        let session =
            session.map_err(|error| error::connect_error(&io::Error::other(error), url))?;
        let mut stream = TlsClientStream { socket, session };
        while stream.session.is_handshaking() {
            if waiter.is_past(deadline)? {
                return Err(self.timed_out());
            }
            // If this fails, the next read says why.
            let _ = stream.flush();
            match stream.receive() {
                Ok(0) => return Err(error::connect_error(&ErrorKind::UnexpectedEof.into(), url)),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    waiter.wait(Some(deadline))?
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error::connect_error(&error, url)),
            }
        }
        Ok(stream)
    }

    fn timed_out(&self) -> ConnectError {
        let time = Time::from(self.destination.timeout);
        let plain = self.destination.url.with(Scheme::Ws);
        ConnectError::NotConnected(format!(
            "the TLS handshake did not finish within {time} (--timeout); if the server does not \
             speak TLS, use {plain}"
        ))
    }
}

/// A socket with TLS.
#[derive(Debug)]
pub(crate) struct TlsClientStream {
    socket: TcpStream,
    session: ClientConnection,
}

impl TlsClientStream {
    /// What was agreed on, once the handshake is over.
    pub(crate) fn facts(&self) -> TlsFacts {
        let version = self.session.protocol_version();
        let cipher = self.session.negotiated_cipher_suite();
        TlsFacts {
            version: version
                .map_or("", |it| it.as_str().unwrap_or(""))
                .replace('_', "."),
            cipher: cipher
                .map_or("", |it| it.suite().as_str().unwrap_or(""))
                .into(),
            is_resumed: self.session.handshake_kind() == Some(HandshakeKind::Resumed),
        }
    }

    /// Reads the socket once, and returns how many bytes it had: 0 at the end.
    fn receive(&mut self) -> io::Result<usize> {
        let len = self.session.read_tls(&mut self.socket)?;
        self.process()?;
        Ok(len)
    }

    /// Decrypts and answers what was read. An error is returned again by every later call.
    fn process(&mut self) -> io::Result<()> {
        let processed = self.session.process_new_packets();
        let failed = |error| io::Error::new(ErrorKind::InvalidData, error);
        processed.map(drop).map_err(failed)
    }
}

impl Read for TlsClientStream {
    /// Returns decrypted bytes before it reads the socket, because no event reports them, and
    /// before it returns an error that follows them. Returns `Interrupted` when it has read the
    /// socket: the bytes may contain no data, a flush may have to answer them, and a server that
    /// sends many such records must not block the caller.
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let processed = self.process();
        match self.session.reader().read(bytes) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Err(cut_off()),
            result => return result,
        }
        processed?;
        self.session.read_tls(&mut self.socket)?;
        Err(ErrorKind::Interrupted.into())
    }
}

impl Write for TlsClientStream {
    /// Encrypts some bytes, but only when everything encrypted before is sent. So at most one write
    /// is buffered.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.flush()?;
        self.session.writer().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            self.session.write_tls(&mut self.socket)?;
        }
        Ok(())
    }
}

impl Drop for TlsClientStream {
    /// Sends close_notify, or the alert that is pending, if the socket accepts it.
    ///
    /// > Each party MUST send a "close_notify" alert before closing its write side of the
    /// > connection, unless it has already sent some error alert. (RFC 8446 section 6.1)
    fn drop(&mut self) {
        self.session.send_close_notify();
        let _ = self.flush();
    }
}

/// The end of the TCP stream without the end of the TLS stream: bytes may be missing.
fn cut_off() -> io::Error {
    io::Error::new(
        ErrorKind::UnexpectedEof,
        "TLS ended without close_notify, so data may be missing",
    )
}
