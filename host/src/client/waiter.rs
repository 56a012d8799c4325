//! Who opens a connection, and waits for it.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Instant;

use mio::{Events, Poll, Registry, Waker};

use super::error::ConnectError;
use super::stream::ByteStream;

/// Who opens a connection: it owns the poll that the thread waits in, and may give up.
pub(crate) trait Waiter {
    /// Where the socket is registered.
    fn registry(&self) -> &Registry;

    /// What ends a wait from another thread.
    fn waker(&self) -> &Arc<Waker>;

    /// Waits for an event, until a deadline if there is one.
    ///
    /// # Errors
    ///
    /// When the process cannot poll.
    fn wait(&mut self, until: Option<Instant>) -> io::Result<()>;

    /// Whether a deadline has passed, while no connection is open.
    ///
    /// # Errors
    ///
    /// [`ConnectError::Cancelled`] if a connection is no longer wanted.
    fn is_past(&mut self, until: Instant) -> Result<bool, ConnectError>;

    /// The bytes of a connection, watched if they are of interest.
    fn watched(&self, byte_stream: Box<dyn ByteStream>) -> Box<dyn ByteStream> {
        byte_stream
    }
}

/// Waits for an event, until a deadline if there is one. A signal may end the wait early.
///
/// # Errors
///
/// When the process cannot poll.
pub(crate) fn poll_until(
    poll: &mut Poll,
    events: &mut Events,
    until: Option<Instant>,
) -> io::Result<()> {
    let timeout = until.map(|until| until.saturating_duration_since(Instant::now()));
    match poll.poll(events, timeout) {
        Err(error) if error.kind() != ErrorKind::Interrupted => Err(error),
        _ => Ok(()),
    }
}
