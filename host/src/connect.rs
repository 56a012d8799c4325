//! What connections to a server have in common that this program makes, to load it or to talk to it.

use std::io::{self, ErrorKind};

use mio::net::TcpStream;

/// The longest head of a response, in bytes: a longer one is no answer to such a request.
pub(crate) const HEAD_LEN_MAX: usize = 16 << 10;

/// Whether a connection that was begun is there.
pub(crate) fn is_connected(stream: &TcpStream) -> io::Result<bool> {
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    match stream.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error),
    }
}
