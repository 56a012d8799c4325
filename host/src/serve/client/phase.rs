//! What the connection of a client is doing. Data only.

use ws_echo_core::Agreed;

use super::pending::Pending;
use crate::serve::behaviour::performance::Performance;
use crate::serve::journal::Moment;
use crate::serve::pool::Pool;
use crate::serve::service::Handshake;
use crate::serve::session::Session;

/// What the connection is doing.
#[derive(Debug)]
pub(super) enum Phase {
    /// The opening handshake.
    Handshake(Box<Handshake>),
    /// Sending a greeting that did not fit the buffer with the response. (The box keeps a client
    /// small.)
    Greeting(Box<PendingGreeting>),
    /// Echoing.
    Open {
        agreed: Agreed,
        opened: Moment,
        /// `None` while the connection is idle.
        session: Option<Box<Session>>,
    },
    /// Echoing what was received and the rest of a begun message, and then sending our Close and
    /// waiting for its answer.
    Leaving {
        agreed: Agreed,
        opened: Moment,
        session: Option<Box<Session>>,
    },
    /// On the test path: doing what the address asks for. (The box keeps a client small.)
    Test(Box<Performance>),
    /// Sending a response that is not WebSocket: a page, or why the client is not served. (The box
    /// keeps a client small.)
    Responding(Box<Pending>),
    /// The last bytes are being transmitted; what is received is discarded.
    Flushing,
    /// Our side of the transport is shut. What is received is discarded until the client shuts its
    /// side as well: closing at once could destroy what the client has not read yet.
    Draining,
}

/// The rest of a greeting, and what the connection does after it. Until then nothing is received.
#[derive(Debug)]
pub(super) struct PendingGreeting {
    pub(super) frame: Pending,
    /// Open or leaving.
    pub(super) then: Phase,
}

impl Phase {
    /// What the connection does, or will do after its greeting.
    pub(super) fn after_greeting(&self) -> &Self {
        match self {
            Self::Greeting(greeting) => &greeting.then,
            phase => phase,
        }
    }

    /// The server stops: an open connection ends after what was received is echoed.
    pub(super) fn leave(&mut self) {
        if let Self::Open {
            agreed,
            opened,
            session,
        } = self
        {
            *self = Self::Leaving {
                agreed: *agreed,
                opened: *opened,
                session: session.take(),
            };
        }
    }

    pub(super) fn give_verifier_back(&mut self, pool: &mut Pool) {
        if let Self::Open { session, .. } | Self::Leaving { session, .. } = self
            && let Some(session) = session
        {
            pool.take_back_verifier(session);
        }
    }
}
