//! One client: its transport, the state of its connection, and the turns in which both move on.
//!
//! A turn transmits what is ready, receives at most once, and transmits the answers at once. While
//! the client does not take what is ready, nothing is received from it.

mod echo;
mod expiry;
mod handshake;
mod shutdown;
mod transfer;
mod wrong_protocol;

use std::io;
use std::mem;
use std::net::{IpAddr, SocketAddr};

use ws_echo_core::{CloseCode, ServerHandshake};

pub(crate) use self::handshake::{OPENING_COST, least_memory};
use crate::serve::journal::{Ending, Journal};
use crate::serve::pool::{BufferClass, HeapBuffer, Pool, Session};
use crate::serve::service::{HEAD_LEN, Service};
use crate::serve::transport::{Readiness, Transport};

/// What the clients of a worker share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) service: Service,
    pub(crate) pool: Pool,
    pub(crate) journal: Journal,
    /// Whether the server stops: then a deadline is when a client has to go.
    pub(crate) is_stopping: bool,
}

/// A client of this server. Idle, it is one line of the processor's cache, so as not to cost more
/// among many than among few.
#[derive(Debug)]
pub(crate) struct Client<T> {
    transport: T,
    peer: SocketAddr,
    phase: Phase,
    readiness: Readiness,
    liveness: Liveness,
    class: BufferClass,
    /// Whether it was promised another turn.
    pub(crate) is_queued: bool,
    /// Its own for as long as something stands in it.
    buffer: Option<HeapBuffer>,
}

/// What the connection is doing.
#[derive(Debug)]
enum Phase {
    /// The opening handshake.
    Handshake(Box<ServerHandshake<HEAD_LEN>>),
    /// Echoing. Nothing is kept of a connection that is idle.
    Open(Option<Box<Session>>),
    /// Echoing what has come and the message that is coming: then our Close is made ready, and waits
    /// for its answer.
    Leaving(Option<Box<Session>>),
    /// Answering with what is no WebSocket: a page, or why there is none. (The box keeps a client small.)
    Responding(Box<PendingResponse>),
    /// The last bytes are transmitted; what comes is forgotten.
    Flushing,
    /// Our side of the transport is shut. What comes is forgotten until the client's is shut as
    /// well: closing at once could take back what the client has not read yet.
    Draining,
}

/// What of a response is not made ready yet.
#[derive(Debug)]
struct PendingResponse(&'static [u8]);

/// The signs of life that a client has given since its deadline was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Liveness {
    /// None since it was sent a Ping.
    Pinged,
    /// None.
    Silent,
    /// It has sent bytes, or taken some that waited.
    Heard,
}

/// What a client has to do before its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deadline {
    /// Send the whole request.
    Request,
    /// Send anything.
    SignOfLife,
    /// Send anything, now that it was sent a Ping.
    Answer,
    /// Go on with the frame that it has begun, or take more of what waits for it.
    Progress,
    /// End the message that it has begun, now that the server stops.
    EndOfMessage,
    /// End the connection, now that one side has closed it, or takes its last answer.
    End,
}

/// What a turn leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The next event of the transport.
    Idle,
    /// Another turn, after the other clients': there may be more to receive.
    Requeue,
    /// The end: the client must be dropped.
    Close,
}

/// Whether all that was ready is transmitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transmitted {
    All,
    Part,
}

impl<T: Transport> Client<T> {
    /// A client that has just connected.
    pub(crate) fn new(transport: T, peer: SocketAddr) -> Self {
        Self::in_phase(Phase::Handshake(Box::default()), transport, peer)
    }

    fn in_phase(phase: Phase, transport: T, peer: SocketAddr) -> Self {
        Self {
            transport,
            peer,
            phase,
            readiness: Readiness::None,
            liveness: Liveness::Silent,
            class: BufferClass::Small,
            is_queued: false,
            buffer: None,
        }
    }

    /// What its deadline is for.
    pub(crate) fn awaited(&self) -> Deadline {
        match self.phase {
            Phase::Handshake(_) => Deadline::Request,
            Phase::Open(_) if self.is_inside_frame() => Deadline::Progress,
            Phase::Open(_) if self.liveness == Liveness::Pinged => Deadline::Answer,
            Phase::Open(_) => Deadline::SignOfLife,
            Phase::Leaving(_) if !self.is_closing() => Deadline::EndOfMessage,
            Phase::Leaving(_) | Phase::Responding(_) | Phase::Flushing | Phase::Draining => {
                Deadline::End
            }
        }
    }

    /// Whether a frame is begun, or an answer waits to be taken: a Ping could not be answered now.
    fn is_inside_frame(&self) -> bool {
        let session = self.session();
        self.buffer.is_some() || session.is_some_and(|session| session.connection.is_inside_frame())
    }

    /// What is kept of an open connection.
    fn session(&self) -> Option<&Session> {
        match &self.phase {
            Phase::Open(kept) | Phase::Leaving(kept) => kept.as_deref(),
            _ => None,
        }
    }

    /// Whether it has given a sign of life since its deadline was set; from now on it is to give
    /// another.
    pub(crate) fn take_activity(&mut self) -> bool {
        mem::replace(&mut self.liveness, Liveness::Silent) == Liveness::Heard
    }

    /// Where it connects from.
    pub(crate) fn address(&self) -> IpAddr {
        self.peer.ip()
    }

    /// Notes what the transport may hold.
    pub(crate) fn note(&mut self, readiness: Readiness) {
        self.readiness = self.readiness.max(readiness);
    }

    /// Does what can be done now, up to a buffer's worth.
    pub(crate) fn turn(&mut self, shared: &mut Shared) -> Next {
        if self.buffer.is_some() || self.has_to_close() {
            return self.with_buffer(shared, Self::go_on);
        }
        if self.readiness == Readiness::None {
            return Next::Idle;
        }
        if let Phase::Open(None) = self.phase
            && !shared.service.looks_at_messages()
        {
            return self.echo_at_once(shared);
        }
        self.with_buffer(shared, Self::receive_and_answer)
    }

    /// What most turns are: an idle client has sent whole messages, and takes their echoes at once,
    /// while the buffer and the connection that are next in the pool stay there.
    #[inline]
    fn echo_at_once(&mut self, shared: &mut Shared) -> Next {
        let mut class = self.class;
        let Some((buffer, connection)) = shared.pool.next(&mut class) else {
            return self.with_buffer(shared, Self::receive_and_answer);
        };
        if let Err(turn) = self.receive(buffer, &mut shared.journal) {
            return turn;
        }
        let is_all = connection.exchange(buffer).echo_whole_messages();
        if is_all {
            match self.transmit(buffer) {
                Ok(Transmitted::All) => return self.then(),
                Ok(Transmitted::Part) => {}
                Err(error) => {
                    self.lose(error, &mut shared.journal);
                    buffer.clear();
                    return Next::Close;
                }
            }
        }
        self.buffer = Some(shared.pool.take_buffer(class));
        if is_all {
            return Next::Idle;
        }
        self.phase = Phase::Open(Some(shared.pool.take_idle()));
        self.with_buffer(shared, Self::answer)
    }

    /// Works with the client's buffer, or with a free one, which it keeps only if something stands
    /// in it then. Where memory is short, who would keep it is dropped.
    fn with_buffer(
        &mut self,
        shared: &mut Shared,
        work: impl FnOnce(&mut Self, &mut HeapBuffer, &mut Shared) -> io::Result<Next>,
    ) -> Next {
        let own = self.buffer.take();
        let mut buffer = own.unwrap_or_else(|| shared.pool.take_buffer(self.class));
        if shared.pool.is_reserve_in_use() {
            shared.journal.short_of_memory();
        }
        let mut turn = work(self, &mut buffer, shared).unwrap_or_else(|error| {
            self.lose(error, &mut shared.journal);
            Next::Close
        });
        if shared.pool.is_reserve_in_use() && !buffer.is_empty() && turn != Next::Close {
            shared.journal.ended(self.peer, &Ending::ShortOfMemory);
            turn = Next::Close;
        }
        if turn == Next::Close {
            buffer.clear();
        }
        if buffer.is_empty() {
            shared.pool.put_buffer(buffer);
        } else {
            self.buffer = Some(buffer);
        }
        turn
    }

    /// Works with the state of an open connection, or with a free one, which is kept only if
    /// something is begun then.
    fn with_connection(
        &mut self,
        shared: &mut Shared,
        work: impl FnOnce(&mut Session, &Service, &mut Journal),
    ) {
        let (Phase::Open(kept) | Phase::Leaving(kept)) = &mut self.phase else {
            return;
        };
        let mut session = kept.take().unwrap_or_else(|| shared.pool.take_idle());
        work(&mut session, &shared.service, &mut shared.journal);
        if session.is_done(&shared.service) {
            // What is ready is the last.
            self.phase = Phase::Flushing;
        } else if session.connection.is_idle() {
            shared.pool.put_idle(session);
        } else {
            *kept = Some(session);
        }
    }

    /// Goes on with what stands in the buffer, and then with what comes.
    fn go_on(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) -> io::Result<Next> {
        if self.transmit_late(buffer)? == Transmitted::Part
            || self.advance_and_transmit(buffer, shared)? == Transmitted::Part
            || self.readiness == Readiness::None
        {
            return Ok(Next::Idle);
        }
        self.receive_and_answer(buffer, shared)
    }

    /// Receives once, and answers. All that was ready is transmitted.
    fn receive_and_answer(
        &mut self,
        buffer: &mut HeapBuffer,
        shared: &mut Shared,
    ) -> io::Result<Next> {
        let is_new = self.is_new();
        match self.receive(buffer, &mut shared.journal) {
            Ok(()) => {
                if is_new {
                    self.check_protocol(buffer, shared);
                }
                self.answer(buffer, shared)
            }
            Err(Next::Idle) if self.has_to_close() || self.has_to_respond() => {
                self.answer(buffer, shared)
            }
            Err(turn) => Ok(turn),
        }
    }

    fn answer(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) -> io::Result<Next> {
        Ok(match self.advance_and_transmit(buffer, shared)? {
            Transmitted::All => self.then(),
            Transmitted::Part => Next::Idle,
        })
    }

    /// Whether there is a response to be sent, whatever comes.
    fn has_to_respond(&self) -> bool {
        matches!(self.phase, Phase::Responding(_)) && self.transport.is_open()
    }

    /// What a turn leads to in which all was answered.
    fn then(&self) -> Next {
        match self.readiness {
            Readiness::None => Next::Idle,
            Readiness::Data | Readiness::UntilWouldBlock => Next::Requeue,
        }
    }

    /// Answers what stands in the buffer, as far as the client takes the answers.
    fn advance_and_transmit(
        &mut self,
        buffer: &mut HeapBuffer,
        shared: &mut Shared,
    ) -> io::Result<Transmitted> {
        loop {
            self.advance(buffer, shared);
            if buffer.ready().is_empty() {
                break;
            }
            if self.transmit(buffer)? == Transmitted::Part {
                return Ok(Transmitted::Part);
            }
        }
        if let Phase::Flushing = self.phase {
            self.transport.shut()?;
            self.phase = Phase::Draining;
        }
        Ok(Transmitted::All)
    }

    /// Works on what stands in the buffer.
    fn advance(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) {
        if let Phase::Handshake(_) = self.phase {
            self.advance_opening(buffer, shared);
        }
        match &mut self.phase {
            Phase::Handshake(_) => {}
            // Before the transport's own handshake is over it would only wait.
            Phase::Responding(_) if !self.transport.is_open() => {}
            Phase::Responding(rest) => {
                let len = buffer.make_ready(rest.0);
                rest.0 = &rest.0[len..];
                if rest.0.is_empty() {
                    self.phase = Phase::Flushing;
                }
            }
            // Nothing is begun and nothing has come.
            Phase::Open(None) if buffer.is_empty() => {}
            Phase::Open(_) | Phase::Leaving(_) => self.exchange(buffer, shared),
            Phase::Flushing | Phase::Draining => buffer.discard_received(),
        }
    }

    fn exchange(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) {
        let peer = self.peer;
        let is_leaving =
            matches!(self.phase, Phase::Leaving(_)) && self.readiness == Readiness::None;
        self.with_connection(shared, |session, service, journal| {
            session.echo(peer, buffer, service, journal);
            let connection = &mut session.connection;
            if is_leaving && connection.is_idle() && buffer.received().is_empty() {
                // When there is no room now, there is after the next transmission.
                let _ = connection.exchange(buffer).close(CloseCode::GOING_AWAY, "");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;
    use crate::command_line::tests::options;

    /// A transport that takes everything, and from which these bytes come.
    struct Paper(&'static [u8]);

    impl Read for Paper {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            self.0.read(bytes)
        }
    }

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Transport for Paper {
        fn shut(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn an_idle_client_is_a_line_of_the_cache_and_is_kept_in_no_more() {
        assert_eq!(size_of::<Client<u32>>(), 64);
        assert_eq!(size_of::<Option<Client<u32>>>(), 64);
    }

    #[test]
    fn a_client_that_is_pinged_owns_nothing_more_than_before() {
        let options = options(&[], &[]);
        let mut shared = Shared {
            service: Service::new(&options),
            pool: Pool::new(options.buffer_len, usize::MAX),
            journal: Journal::default(),
            is_stopping: false,
        };
        let request = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        let mut client = Client::new(Paper(request), ([127, 0, 0, 1], 1).into());
        client.note(Readiness::Data);
        assert_eq!(client.turn(&mut shared), Next::Idle);
        for awaited in [Deadline::SignOfLife, Deadline::Answer] {
            assert_eq!(client.expire(&mut shared), Next::Idle);
            assert_eq!(client.awaited(), awaited);
            assert!(matches!(client.phase, Phase::Open(None)));
            assert!(client.buffer.is_none());
        }
    }
}
