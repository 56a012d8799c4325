//! What `bench` and `chat` share when they connect to a server.

use std::io::{self, ErrorKind};

use mio::net::TcpStream;

/// The maximum length of a response's head, in bytes.
pub(crate) const HEAD_LEN_MAX: usize = 16 << 10;

/// Whether a connection attempt has succeeded; `false` while it is in progress.
///
/// # Errors
///
/// Why it failed.
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
