//! Drives a client: moves bytes between its buffer and its transport, in turns.
//!
//! A turn transmits what is ready, receives at most once, and transmits the answers at once. While
//! the client does not take what is ready, nothing is received from it, unless that can be set
//! aside: see `driver/backlog`.

mod backlog;
mod decision;
mod expiry;
mod quick_turn;
mod test_turn;

use std::io::{self, ErrorKind};

use crate::serve::client::{Client, Shared, TransportState, Want};
use crate::serve::client_buffer::{ClientBuffer, Patience};
use crate::serve::deadline::{Deadline, DeadlineChange, Liveness, Next, Turn};
use crate::serve::journal::Ending;
use crate::serve::peer::Peer;
use crate::serve::pool::{BufferClass, HeapBuffer, Pool};
use crate::serve::response::Answer;
use crate::serve::transport::{Readiness, Transport};

/// A client and its transport. Idle, it is one line of the processor's cache, so that a client does
/// not cost more among many than among few.
#[derive(Debug)]
pub(crate) struct Driver<T> {
    transport: T,
    readiness: Readiness,
    liveness: Liveness,
    class: BufferClass,
    /// Whether it is in the run queue.
    pub(crate) is_queued: bool,
    client: Client,
}

/// How much of what was ready is transmitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transmitted {
    All,
    Part,
}

impl<T: Transport> Driver<T> {
    /// Drives a client that has just connected.
    pub(crate) fn new(transport: T, peer: Peer) -> Self {
        Self::of(Client::new(peer), transport)
    }

    /// Drives a client that is answered before it makes a request.
    pub(crate) fn turned_away(transport: T, peer: Peer, answer: &Answer) -> Self {
        Self::of(Client::turned_away(peer, answer), transport)
    }

    fn of(client: Client, transport: T) -> Self {
        Self {
            transport,
            readiness: Readiness::None,
            liveness: Liveness::Silent,
            class: BufferClass::Small,
            is_queued: false,
            client,
        }
    }

    /// Where the client connects from.
    pub(crate) fn peer(&self) -> Peer {
        self.client.peer()
    }

    /// What the client must do next.
    pub(crate) fn deadline(&self) -> Deadline {
        match self.client.deadline() {
            Deadline::SignOfLife => Deadline::of_idle(self.liveness),
            deadline => deadline,
        }
    }

    /// What the client does, and what it has carried.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The signs of life that it has given since its deadline was set.
    pub(crate) fn liveness(&self) -> Liveness {
        self.liveness
    }

    /// Whether the connection is open, and neither side has closed.
    pub(crate) fn is_open(&self) -> bool {
        self.client.is_open()
    }

    /// Notes what the transport may hold.
    #[inline]
    pub(crate) fn note(&mut self, readiness: Readiness) {
        self.readiness = self.readiness.max(readiness);
    }

    /// Whether it was noted that the transport may hold this.
    pub(crate) fn is_known(&self, readiness: Readiness) -> bool {
        self.readiness >= readiness
    }

    /// Does what can be done now, up to a buffer's worth. Most turns are [quick](Self::quick_turn).
    pub(crate) fn turn(&mut self, shared: &mut Shared) -> Turn {
        if self.client.is_idle()
            && self.readiness != Readiness::None
            && !shared.service.looks_at_messages()
        {
            return self.quick_turn(shared);
        }
        self.general_turn(shared)
    }

    /// Begins to answer a client that is [turned away](Self::turned_away).
    pub(crate) fn turn_away(&mut self, shared: &mut Shared) -> Turn {
        let before = self.deadline();
        let next = self.answer_then_receive(shared);
        self.end_turn(before, next)
    }

    /// What follows from a turn, if the client's deadline was `before`.
    fn end_turn(&mut self, before: Deadline, next: Next) -> Turn {
        let after = self.deadline();
        let mut has_progressed = false;
        let is_watched = match after {
            Deadline::Patience | Deadline::Progress => true,
            // As long as it takes something, it gets all of it.
            Deadline::End => self.client.has_backlog(),
            _ => false,
        };
        if is_watched {
            has_progressed = self.liveness == Liveness::Heard;
            self.liveness = Liveness::Silent;
        }
        let deadline = DeadlineChange::between(before, after, has_progressed);
        Turn { next, deadline }
    }

    /// Any other turn. (Inlined, this and the other rare parts of a turn would cost an echo 5
    /// instructions more.)
    #[inline(never)]
    fn general_turn(&mut self, shared: &mut Shared) -> Turn {
        let before = self.deadline();
        let next = self.go_on(shared);
        self.end_turn(before, next)
    }

    /// Answers what waits first, and then what is received.
    fn go_on(&mut self, shared: &mut Shared) -> Next {
        if self.client.is_in_test() {
            return self.test_turn(shared);
        }
        if self.client.has_work(self.transport_state()) {
            return self.answer_then_receive(shared);
        }
        match self.readiness {
            Readiness::None => Next::Idle,
            Readiness::Data | Readiness::UntilWouldBlock => self.receive_then_answer(shared),
        }
    }

    /// Answers what the client's buffer holds, and then what is received.
    fn answer_then_receive(&mut self, shared: &mut Shared) -> Next {
        let mut buffer = self.take_buffer(shared);
        let answered = self.answer_late(&mut buffer, shared).and_then(|next| {
            if next != Next::Requeue || self.client.is_flushing() || self.client.is_paused() {
                return Ok(next);
            }
            self.receive_and_answer(&mut buffer, shared)
        });
        self.put_buffer(buffer, answered, shared)
    }

    /// Receives once, and answers.
    fn receive_then_answer(&mut self, shared: &mut Shared) -> Next {
        let mut buffer = self.take_buffer(shared);
        let answered = self.receive_and_answer(&mut buffer, shared);
        self.put_buffer(buffer, answered, shared)
    }

    /// Takes the client's buffer, or an empty one.
    fn take_buffer(&mut self, shared: &mut Shared) -> HeapBuffer {
        let Shared { pool, journal, .. } = shared;
        let buffer = self.client.take_buffer(pool, self.class);
        if pool.is_reserve_in_use() {
            journal.short_of_memory();
        }
        buffer
    }

    /// Puts a buffer back after it was used, and returns what follows. The client keeps a buffer
    /// only if it holds bytes, or if the client is paused. If memory is short, a client that would
    /// have to keep one is dropped, and so is one that would have to keep a session or a verifier.
    fn put_buffer(
        &mut self,
        mut buffer: HeapBuffer,
        answered: io::Result<Next>,
        shared: &mut Shared,
    ) -> Next {
        let mut next = answered.unwrap_or_else(|error| self.lose(error, Some(&buffer), shared));
        if shared.pool.is_short() && self.has_too_much(&buffer, shared) && next != Next::Close {
            let ending = Ending::ShortOfMemory;
            self.client.end(&ending, Some(&buffer), &mut shared.journal);
            next = Next::Close;
        }
        if next == Next::Close {
            shared.pool.take_back(buffer);
            return next;
        }
        let is_paused = self.client.is_paused();
        if buffer.holds_nothing() && !is_paused {
            shared.pool.put_buffer(buffer);
            return next;
        }
        if buffer.is_empty() && !is_paused {
            buffer = shared.pool.detach_backlog(buffer);
        } else if !shared.pool.has_backlogs() {
            buffer.patience = Patience::Over;
        }
        self.client.keep_buffer(buffer);
        next
    }

    /// Whether it would have to keep a buffer, a session or a verifier without memory for it.
    #[cold]
    fn has_too_much(&self, buffer: &HeapBuffer, shared: &mut Shared) -> bool {
        let is_session_too_many = shared.pool.take_session_too_many();
        let needs_buffer = !buffer.is_empty() || self.client.is_paused();
        (shared.pool.is_reserve_in_use() && needs_buffer)
            || (is_session_too_many && self.client.has_session())
            || shared.pool.is_verifier_reserve_in_use()
    }

    /// Transmits what the client has not taken before, which is a sign of life, and answers.
    fn answer_late(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) -> io::Result<Next> {
        let len = buffer.waiting_len();
        let transmitted = self.transmit_in_order(buffer, shared)?;
        if buffer.waiting_len() < len {
            self.liveness = self.liveness.after_activity();
            buffer.patience = Patience::Left;
        }
        if transmitted == Transmitted::Part && !self.set_aside(buffer, shared) {
            return Ok(self.wait_for_room(shared));
        }
        self.answer(buffer, shared)
    }

    /// Receives once, and answers. All that was ready is transmitted.
    fn receive_and_answer(
        &mut self,
        buffer: &mut HeapBuffer,
        shared: &mut Shared,
    ) -> io::Result<Next> {
        let is_first = self.liveness == Liveness::Silent && self.client.is_in_handshake();
        match self.receive(self.client.room(buffer)) {
            Ok(len @ 1..) => {
                buffer.commit(len);
                if is_first && let Some(wrong) = self.transport.wrong_protocol(buffer.received()) {
                    self.client.refuse_protocol(wrong, buffer, shared);
                }
            }
            // It still takes what it is sent. The end is found again.
            Ok(_) if !buffer.backlog.is_empty() => return Ok(Next::Idle),
            nothing => match self.receive_nothing(nothing, Some(buffer), shared) {
                // The client may have waited for this: that nothing more is there.
                Next::Idle => {}
                next => return Ok(next),
            },
        }
        self.answer(buffer, shared)
    }

    /// Does what the client wants until it wants to receive. `Requeue` means that there may be
    /// something to receive.
    fn answer(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) -> io::Result<Next> {
        loop {
            match self.client.advance(buffer, self.transport_state(), shared) {
                want @ (Want::Transmit | Want::Pause) => {
                    let transmitted = self.transmit_in_order(buffer, shared)?;
                    if transmitted == Transmitted::Part && !self.set_aside(buffer, shared) {
                        return Ok(self.next_turn_without_room());
                    }
                    if want == Want::Pause {
                        return Ok(Next::Requeue);
                    }
                }
                Want::Shut => self.transport.shut()?,
                Want::Decide => self.decide(buffer, shared),
                Want::Perform => return Ok(self.begin_test(buffer, shared)),
                Want::Receive => return Ok(self.next_turn()),
            }
        }
    }

    /// When the next turn is, if all is answered.
    #[inline]
    fn next_turn(&self) -> Next {
        match self.readiness {
            Readiness::None => Next::Idle,
            Readiness::Data | Readiness::UntilWouldBlock => Next::Requeue,
        }
    }

    #[inline]
    fn transport_state(&self) -> TransportState {
        TransportState {
            is_open: self.transport.is_open(),
            is_drained: self.readiness == Readiness::None,
        }
    }

    /// Receives once. No bytes mean that the client has shut its side.
    #[inline(always)]
    fn receive(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let offered = room.len();
        let len = self.transport.read(room)?;
        if len > 0 {
            self.liveness = self.liveness.after_activity();
            self.class = self.class.after(len, offered);
            // A read that returns less than it was offered has drained the socket.
            let is_drained = len < offered && !self.transport.is_cut_short();
            if is_drained && self.readiness == Readiness::Data {
                self.readiness = Readiness::None;
            }
        }
        Ok(len)
    }

    /// What follows when nothing was received.
    #[cold]
    fn receive_nothing(
        &mut self,
        received: io::Result<usize>,
        buffer: Option<&ClientBuffer>,
        shared: &mut Shared,
    ) -> Next {
        match received {
            Ok(_) => {
                self.client.end_of_stream(buffer, &mut shared.journal);
                Next::Close
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.readiness = Readiness::None;
                Next::Idle
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Next::Requeue,
            Err(error) => self.lose(error, buffer, shared),
        }
    }

    /// What follows when the transport has failed.
    #[cold]
    fn lose(&self, error: io::Error, buffer: Option<&ClientBuffer>, shared: &mut Shared) -> Next {
        self.client.lose(error, buffer, &mut shared.journal);
        Next::Close
    }

    /// Transmits what is ready, as far as the client takes it.
    #[inline]
    fn transmit(&mut self, buffer: &mut HeapBuffer) -> io::Result<Transmitted> {
        while !buffer.ready().is_empty() {
            let Some(len) = self.write(buffer.ready())? else {
                return Ok(Transmitted::Part);
            };
            buffer.transmitted(len);
        }
        Ok(Transmitted::All)
    }

    /// Transmits some bytes, and returns how many; `None` if the client takes none now.
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        accepted(self.transport.write(bytes))
    }

    /// Gives the pool back what a client that is dropped still has of it.
    pub(crate) fn give_memory_back(&mut self, pool: &mut Pool) {
        self.client.give_memory_back(pool);
    }
}

/// How many bytes a client has taken; `None` if it takes none now.
#[inline]
fn accepted(written: io::Result<usize>) -> io::Result<Option<usize>> {
    match written {
        Ok(len) => Ok(Some(len)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(Some(0)),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
