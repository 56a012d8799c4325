//! One client: what its connection is doing, and what that needs next.
//!
//! It does no I/O. The `driver` fills its buffer, transmits what is ready there, and reports that
//! the transport has ended. The client says what it wants next: to transmit, to receive, or to shut
//! its side.

mod account;
mod answer;
mod echo;
mod ending;
mod handshake;
mod listing;
mod naming;
mod pending;
mod phase;
mod test;

use std::sync::Arc;
use std::time::Instant;

use ws_echo_core::{Agreed, CloseCode};

use self::account::Account;
use self::pending::Pending;
use self::phase::{PendingGreeting, Phase};
use crate::options::serve::{ServeOptions, Welcome};
use crate::serve::behaviour::performance::Scratch;
use crate::serve::client_buffer::Patience;
use crate::serve::deadline::Deadline;
use crate::serve::journal::Journal;
use crate::serve::limits::{ConnectionLimiter, Limit};
use crate::serve::peer::Peer;
use crate::serve::pool::{BufferClass, HeapBuffer, Pool};
use crate::serve::request_report;
use crate::serve::response::Answer;
use crate::serve::service::{Handshake, Service};
use crate::serve::session::Session;

/// The memory that a client costs before its request is answered, in bytes. The pool gets it back
/// then.
pub(crate) const OPENING_COST: usize = size_of::<Handshake>();

/// The memory that a worker needs to serve one client after the other, in bytes.
pub(crate) fn least_memory(options: &ServeOptions) -> usize {
    let greeting = match options.welcome {
        Welcome::Request => request_report::LEN_MAX,
        Welcome::None | Welcome::Text(_) => 0,
    };
    Pool::least_memory(options.buffer_len, options.deflate) + OPENING_COST + greeting
}

/// What the clients of a worker share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) service: Service,
    pub(crate) pool: Pool,
    pub(crate) journal: Journal,
    /// Counts the connections of all workers.
    pub(crate) limiter: Arc<ConnectionLimiter>,
    /// Whether the server stops: then an open client must go when its deadline expires.
    pub(crate) is_stopping: bool,
    /// Whether a connection was opened, perhaps since this was last looked at.
    pub(crate) has_opened: bool,
    /// What a connection is closed with when the server stops, or when its time is over.
    pub(crate) leave_code: CloseCode,
    /// The time of this round.
    pub(crate) now: Instant,
    pub(crate) scratch: Scratch,
}

impl Shared {
    /// Counts a client that is turned away, and logs it if that is due.
    pub(crate) fn count_turned_away(&mut self, limit: Limit) {
        self.journal.counters.turned_away[limit as usize] += 1;
        if let Some(clients) = self.limiter.turn_away(limit) {
            self.journal.turned_away(clients);
        }
    }
}

/// A client of this server.
#[derive(Debug)]
pub(crate) struct Client {
    account: Account,
    phase: Phase,
    /// Only while it holds bytes, or its backlog does.
    buffer: Option<HeapBuffer>,
}

/// What a client knows of its transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TransportState {
    /// Whether the handshake of the transport itself is over.
    pub(crate) is_open: bool,
    /// Whether all bytes were received that the transport is known to hold.
    pub(crate) is_drained: bool,
}

/// What a client wants of its transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// To transmit what is ready in its buffer.
    Transmit,
    /// To shut its side: it will not transmit any more.
    Shut,
    /// To receive.
    Receive,
    /// To transmit what is ready, and to go on in another turn.
    Pause,
    /// To [decide](Client::decide) about the request, which is complete.
    Decide,
    /// What its performance says.
    Perform,
}

impl Client {
    /// A client that has just connected.
    pub(crate) fn new(peer: Peer) -> Self {
        Self::in_phase(Phase::Handshake(Box::default()), peer)
    }

    /// A client that is answered before it makes a request.
    pub(crate) fn turned_away(peer: Peer, answer: &Answer) -> Self {
        let phase = Phase::Responding(Box::new(Pending::new(answer.bytes())));
        Self::in_phase(phase, peer)
    }

    fn in_phase(phase: Phase, peer: Peer) -> Self {
        Self {
            account: Account::new(peer),
            phase,
            buffer: None,
        }
    }

    pub(crate) fn peer(&self) -> Peer {
        self.account.peer()
    }

    /// What it must do next. (If that is a sign of life, a Ping may have asked for it.)
    #[inline]
    pub(crate) fn deadline(&self) -> Deadline {
        match self.phase {
            Phase::Handshake(_) => Deadline::Request,
            Phase::Test(_) => Deadline::Alarm,
            Phase::Open { .. } | Phase::Leaving { .. } | Phase::Greeting(_)
                if self.may_begin_to_read() =>
            {
                Deadline::Patience
            }
            Phase::Greeting(_) if self.is_open() => Deadline::Progress,
            Phase::Greeting(_) => Deadline::EndOfMessage,
            Phase::Open { .. } if self.is_inside_frame() => Deadline::Progress,
            Phase::Open { .. } => Deadline::SignOfLife,
            Phase::Leaving { .. } if !self.is_closing() => Deadline::EndOfMessage,
            Phase::Leaving { .. } | Phase::Responding(_) | Phase::Flushing | Phase::Draining => {
                Deadline::End
            }
        }
    }

    /// Whether a frame is begun, or an answer waits to be taken: a Ping could not be answered now.
    #[inline]
    fn is_inside_frame(&self) -> bool {
        let session = self.session();
        self.buffer.is_some() || session.is_some_and(|session| session.connection.is_inside_frame())
    }

    /// Whether it has something to do in another turn, before more is received. It must keep its
    /// buffer until then.
    #[inline]
    pub(crate) fn is_paused(&self) -> bool {
        self.session().is_some_and(Session::is_paused)
    }

    /// Whether the server stops, and there is nothing to do before the connection is closed.
    fn can_close(&self) -> bool {
        match &self.phase {
            Phase::Leaving { session, .. } => session
                .as_ref()
                .is_none_or(|session| session.is_between_messages()),
            _ => false,
        }
    }

    /// Whether what waits for it becomes a backlog unless it takes some of that.
    fn may_begin_to_read(&self) -> bool {
        let is_patient = self.buffer.as_ref().is_some_and(|it| it.is_patient());
        is_patient && !self.is_closing()
    }

    /// Lets what waits for it become a backlog from now on.
    pub(crate) fn end_patience(&mut self) {
        if let Some(buffer) = &mut self.buffer {
            buffer.patience = Patience::Over;
        }
    }

    /// Whether there are answers that it did not take for long.
    pub(crate) fn has_backlog(&self) -> bool {
        let backlog = self.buffer.as_ref().map(|it| &it.backlog);
        backlog.is_some_and(|it| !it.is_empty())
    }

    /// Whether only what is ready is left to be taken.
    pub(crate) fn is_flushing(&self) -> bool {
        matches!(self.phase, Phase::Flushing)
    }

    /// Whether our Close was sent, and is not answered yet.
    pub(crate) fn is_closing(&self) -> bool {
        let session = self.session();
        session.is_some_and(|session| session.connection.is_closing())
    }

    /// Whether something is begun on an open connection.
    pub(crate) fn has_session(&self) -> bool {
        self.session().is_some()
    }

    /// What is kept of an open connection.
    #[inline]
    fn session(&self) -> Option<&Session> {
        match &self.phase {
            Phase::Open { session, .. } | Phase::Leaving { session, .. } => session.as_deref(),
            _ => None,
        }
    }

    /// Whether its request is not answered yet.
    pub(crate) fn is_in_handshake(&self) -> bool {
        matches!(self.phase, Phase::Handshake(_))
    }

    /// Whether the connection is open, and neither side has closed.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.phase.after_greeting(), Phase::Open { .. })
    }

    /// Whether the connection is open, and nothing is begun.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.buffer.is_none() && matches!(self.phase, Phase::Open { session: None, .. })
    }

    /// What was agreed on in the opening handshake.
    #[inline]
    pub(crate) fn agreed(&self) -> Agreed {
        match self.phase {
            Phase::Open { agreed, .. } | Phase::Leaving { agreed, .. } => agreed,
            _ => Agreed::NOTHING,
        }
    }

    /// Whether there is something to do before more is received.
    #[inline]
    pub(crate) fn has_work(&self, transport: TransportState) -> bool {
        self.buffer.is_some() || (transport.is_drained && self.can_close())
    }

    /// Where the next bytes are received.
    pub(crate) fn room<'a>(&self, buffer: &'a mut HeapBuffer) -> &'a mut [u8] {
        let spare = buffer.spare_mut();
        if self.is_in_handshake() {
            // The whole response must fit, whatever follows the request.
            let half = spare.len() / 2;
            return spare.split_at_mut(half).0;
        }
        spare
    }

    /// Takes a buffer: its own, which holds bytes, or an empty one.
    pub(crate) fn take_buffer(&mut self, pool: &mut Pool, class: BufferClass) -> HeapBuffer {
        match self.buffer.take() {
            None => pool.take_buffer(class),
            Some(own) if own.is_detached() => pool.attach_backlog(*own, class),
            Some(own) => own,
        }
    }

    /// Keeps a buffer because it holds bytes.
    pub(crate) fn keep_buffer(&mut self, buffer: HeapBuffer) {
        self.buffer = Some(buffer);
    }

    /// Keeps a session that was begun outside.
    pub(crate) fn keep_session(&mut self, begun: Box<Session>) {
        if let Phase::Open { session, .. } = &mut self.phase {
            *session = Some(begun);
        }
    }

    /// Works on what is in its buffer. Returns what it wants then.
    pub(crate) fn advance(
        &mut self,
        buffer: &mut HeapBuffer,
        transport: TransportState,
        shared: &mut Shared,
    ) -> Want {
        if self.is_in_handshake()
            && let Some(want) = self.advance_handshake(buffer, shared)
        {
            return want;
        }
        match &mut self.phase {
            Phase::Handshake(_) => {}
            Phase::Test(_) => return Want::Perform,
            // Until the transport's own handshake is over the response could not be transmitted.
            Phase::Responding(_) if !transport.is_open => {}
            Phase::Responding(_) => self.continue_response(buffer, &mut shared.pool),
            Phase::Greeting(_) => self.continue_greeting(buffer, &mut shared.pool),
            Phase::Open { session: None, .. } if buffer.is_empty() => {}
            Phase::Open { .. } => self.exchange(buffer, shared),
            Phase::Leaving { .. } => {
                self.exchange(buffer, shared);
                if transport.is_drained {
                    self.close_when_idle(buffer, shared);
                }
            }
            Phase::Flushing | Phase::Draining => buffer.discard_received(),
        }
        if self.is_paused() {
            return Want::Pause;
        }
        if !buffer.ready().is_empty() || (self.is_flushing() && !buffer.backlog.is_empty()) {
            return Want::Transmit;
        }
        if let Phase::Flushing = self.phase {
            self.phase = Phase::Draining;
            return Want::Shut;
        }
        Want::Receive
    }

    /// The server stops, or its time is over: ends the connection after what was received is
    /// echoed.
    pub(crate) fn leave(&mut self) {
        match &mut self.phase {
            Phase::Greeting(greeting) => greeting.then.leave(),
            phase => phase.leave(),
        }
    }

    /// Gives the pool back what a client that is dropped still has of it.
    pub(crate) fn give_memory_back(&mut self, pool: &mut Pool) {
        match &mut self.phase {
            Phase::Handshake(_) => pool.give_memory_back(OPENING_COST),
            Phase::Test(performance) => performance.give_memory_back(pool),
            Phase::Greeting(greeting) => {
                greeting.frame.give_memory_back(pool);
                greeting.then.give_verifier_back(pool);
            }
            Phase::Responding(response) => response.give_memory_back(pool),
            phase => phase.give_verifier_back(pool),
        }
        if let Some(buffer) = self.buffer.take() {
            pool.take_back(buffer);
        }
    }
}
