//! Who opens a connection, and waits for it.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Instant;

use mio::{Events, Poll, Registry, Token, Waker};

use super::error::ConnectError;
use super::stream::ByteStream;

const WAKER: Token = Token(1);
/// How many events one poll returns at most: of the socket, and of the waker.
const EVENT_COUNT: usize = 8;

/// What a thread waits in: for one socket, and for another thread that wakes it.
pub(crate) struct SocketPoll {
    poll: Poll,
    waker: Arc<Waker>,
    events: Events,
}

impl SocketPoll {
    /// # Errors
    ///
    /// When the system refuses a poll.
    pub(crate) fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        Ok(Self {
            poll,
            waker,
            events: Events::with_capacity(EVENT_COUNT),
        })
    }

    /// Where the socket is registered.
    pub(crate) fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    /// What ends a wait from another thread.
    pub(crate) fn waker(&self) -> &Arc<Waker> {
        &self.waker
    }

    /// Waits for an event, until a deadline if there is one. A signal may end the wait early.
    ///
    /// # Errors
    ///
    /// When the process cannot poll.
    pub(crate) fn wait(&mut self, until: Option<Instant>) -> io::Result<()> {
        let timeout = until.map(|until| until.saturating_duration_since(Instant::now()));
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() != ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }
}

/// Who opens a connection: it owns what the thread waits in, and may give up.
pub(crate) trait Waiter {
    /// What the thread waits in.
    fn socket_poll(&mut self) -> &mut SocketPoll;

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

    /// Waits as [`SocketPoll::wait`] does.
    ///
    /// # Errors
    ///
    /// When the process cannot poll.
    fn wait(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.socket_poll().wait(until)
    }
}

impl Waiter for SocketPoll {
    fn socket_poll(&mut self) -> &mut SocketPoll {
        self
    }

    fn is_past(&mut self, until: Instant) -> Result<bool, ConnectError> {
        Ok(Instant::now() >= until)
    }
}
