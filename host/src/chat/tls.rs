//! TLS on a server's socket (RFC 8446, RFC 5246), by rustls: the handshake, and the bytes behind it.
//!
//! The socket may be full in one direction while the other goes on, so neither waits for the other.
//! That is why rustls' own streams, whose reads write first, are not used.

mod error;
mod trust;

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::Instant;

use mio::net::TcpStream;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::end_reason::EndReason;
use super::user::User;
use crate::options::chat::ChatOptions;
use crate::options::url::Scheme;
use crate::time::Time;

/// What makes connections to one server secure. They share their sessions, so that the second one costs
/// less.
#[derive(Debug)]
pub(super) struct TlsConnector<'a> {
    options: &'a ChatOptions,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl<'a> TlsConnector<'a> {
    /// What the URL asks for: `None` where that is no TLS.
    ///
    /// # Errors
    ///
    /// Why nobody can be trusted.
    pub(super) fn new(options: &'a ChatOptions) -> Result<Option<Self>, String> {
        let Some(name) = options.url.server_name.clone() else {
            return Ok(None);
        };
        let config = Arc::new(trust::config(&options.trust)?);
        Ok(Some(Self {
            options,
            config,
            name,
        }))
    }

    /// Does the handshake of TLS on a socket that has just been connected.
    ///
    /// # Errors
    ///
    /// Why there is no secure connection.
    pub(super) fn shake_hands(
        &self,
        user: &mut User,
        socket: TcpStream,
        deadline: Instant,
    ) -> Result<TlsStream, EndReason> {
        let url = &self.options.url;
        let session = ClientConnection::new(Arc::clone(&self.config), self.name.clone());
        let session = session.map_err(|error| error::ending(&io::Error::other(error), url))?;
        let mut stream = TlsStream { socket, session };
        while stream.session.is_handshaking() {
            if user.is_over(deadline)? {
                return Err(self.late());
            }
            // When it fails, what comes says why.
            let _ = stream.flush();
            match stream.receive() {
                Ok(0) => return Err(error::ending(&ErrorKind::UnexpectedEof.into(), url)),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => user.wait(Some(deadline))?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error::ending(&error, url)),
            }
        }
        Ok(stream)
    }

    fn late(&self) -> EndReason {
        let time = Time::from(self.options.timeout);
        let plain = self.options.url.with(Scheme::Ws);
        EndReason::NotConnected(format!(
            "the TLS handshake was not over within {time} (--timeout); if the server speaks no TLS, \
             write {plain}"
        ))
    }
}

/// A socket with TLS on it.
#[derive(Debug)]
pub(super) struct TlsStream {
    socket: TcpStream,
    session: ClientConnection,
}

impl TlsStream {
    /// Takes in what one read of the socket brings; its length is 0 at the end.
    fn receive(&mut self) -> io::Result<usize> {
        let len = self.session.read_tls(&mut self.socket)?;
        self.process()?;
        Ok(len)
    }

    /// Decrypts and answers what was taken in. What is wrong is so from now on.
    fn process(&mut self) -> io::Result<()> {
        let processed = self.session.process_new_packets();
        let failed = |error| io::Error::new(ErrorKind::InvalidData, error);
        processed.map(drop).map_err(failed)
    }
}

impl Read for TlsStream {
    /// Reads what was decrypted before more is received, as no event tells of that, and before it says what
    /// is wrong behind that. It is `Interrupted` when something was received, of which there may be nothing
    /// to read: a flush may have to answer it, and who floods with such must not hold up the rest.
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

impl Write for TlsStream {
    /// Encrypts some bytes, once all that was encrypted before is sent: so there is never more than one
    /// write's here.
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

impl Drop for TlsStream {
    /// Says that nothing more comes, or why, as far as the socket takes it.
    ///
    /// > Each party MUST send a "close_notify" alert before closing its write side of the connection,
    /// > unless it has already sent some error alert. (RFC 8446 section 6.1)
    fn drop(&mut self) {
        self.session.send_close_notify();
        let _ = self.flush();
    }
}

/// An end without TLS's own, behind which something may be missing.
fn cut_off() -> io::Error {
    io::Error::new(
        ErrorKind::UnexpectedEof,
        "it ended without close_notify, as if it was cut off",
    )
}
