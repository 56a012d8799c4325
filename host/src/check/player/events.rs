//! Waiting for one socket at a time.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use mio::{Events, Poll, Registry, Token, Waker};

use crate::client::error::ConnectError;
use crate::client::waiter::{Waiter, poll_until};

const WAKER: Token = Token(1);
const EVENT_COUNT: usize = 8;

/// What a thread that plays cases waits in.
pub(crate) struct CheckEvents {
    poll: Poll,
    waker: Arc<Waker>,
    events: Events,
}

impl CheckEvents {
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
}

impl Waiter for CheckEvents {
    fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    fn waker(&self) -> &Arc<Waker> {
        &self.waker
    }

    fn wait(&mut self, until: Option<Instant>) -> io::Result<()> {
        poll_until(&mut self.poll, &mut self.events, until)
    }

    fn is_past(&mut self, until: Instant) -> Result<bool, ConnectError> {
        Ok(Instant::now() >= until)
    }
}
