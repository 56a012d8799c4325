//! Drives a client: moves bytes between its buffer and its transport, in turns.
//!
//! A turn transmits what is ready, receives at most once, and transmits the answers at once. While
//! the client does not take what is ready, nothing is received from it.

mod expiry;

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};

use crate::serve::client::{Client, Shared, TransportState, Want};
use crate::serve::deadline::{Deadline, DeadlineChange, Next, Turn};
use crate::serve::journal::{Ending, Journal};
use crate::serve::pool::{BufferClass, HeapBuffer, Pool};
use crate::serve::response::Answer;
use crate::serve::transport::{Readiness, Transport};

/// A client and its transport. Idle, it is one line of the processor's cache, so that a client does
/// not cost more among many than among few.
#[derive(Debug)]
pub(crate) struct Driver<T> {
    transport: T,
    readiness: Readiness,
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
    pub(crate) fn new(transport: T, peer: SocketAddr) -> Self {
        Self::of(Client::new(peer), transport)
    }

    /// Drives a client that is answered before it makes a request.
    pub(crate) fn turned_away(transport: T, peer: SocketAddr, answer: &Answer) -> Self {
        Self::of(Client::turned_away(peer, answer), transport)
    }

    fn of(client: Client, transport: T) -> Self {
        Self {
            transport,
            readiness: Readiness::None,
            class: BufferClass::Small,
            is_queued: false,
            client,
        }
    }

    /// The address that the client connects from.
    pub(crate) fn address(&self) -> IpAddr {
        self.client.peer().ip()
    }

    /// What the client must do next.
    pub(crate) fn deadline(&self) -> Deadline {
        self.client.deadline()
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

    /// Does what can be done now, up to a buffer's worth.
    #[inline]
    pub(crate) fn turn(&mut self, shared: &mut Shared) -> Turn {
        let before = self.client.deadline();
        let next = self.go_on(shared);
        self.end_turn(before, next, shared)
    }

    /// Begins to answer a client that is [turned away](Self::turned_away).
    pub(crate) fn turn_away(&mut self, shared: &mut Shared) -> Turn {
        let before = self.client.deadline();
        let next = self.answer_then_receive(shared);
        self.end_turn(before, next, shared)
    }

    #[inline]
    fn end_turn(&mut self, before: Deadline, next: Next, shared: &Shared) -> Turn {
        let deadline = match next {
            Next::Close => DeadlineChange::Keep,
            Next::Idle | Next::Requeue => self.client.deadline_change(before, shared),
        };
        Turn { next, deadline }
    }

    /// Chooses how the turn is taken.
    #[inline]
    fn go_on(&mut self, shared: &mut Shared) -> Next {
        if self.client.has_work(self.transport_state()) {
            return self.answer_then_receive(shared);
        }
        if self.readiness == Readiness::None {
            return Next::Idle;
        }
        if self.client.is_idle() && !shared.service.looks_at_messages() {
            return self.echo_at_once(shared);
        }
        self.receive_then_answer(shared)
    }

    /// What most turns are: an idle client has sent whole messages, and takes their echoes at once,
    /// while the buffer and the connection that are next in the pool stay there.
    #[inline]
    fn echo_at_once(&mut self, shared: &mut Shared) -> Next {
        let mut class = self.class;
        let agreed = self.client.agreed();
        let Some((buffer, connection)) = shared.pool.next(&mut class, agreed) else {
            return self.receive_then_answer(shared);
        };
        if let Err(next) = self.receive(buffer, &mut shared.journal) {
            return next;
        }
        let is_all = connection.exchange(buffer).echo_whole_messages();
        if is_all {
            match self.transmit(buffer) {
                Ok(Transmitted::All) => return self.then(),
                Ok(Transmitted::Part) => {}
                Err(error) => {
                    self.client.lose(error, &mut shared.journal);
                    buffer.clear();
                    return Next::Close;
                }
            }
        }
        let mut buffer = shared.pool.take_buffer(class);
        if is_all {
            self.client.keep_buffer(buffer);
            return Next::Idle;
        }
        self.client.keep_session(shared.pool.take_idle(agreed));
        let answered = self.answer(&mut buffer, shared);
        self.put_buffer(buffer, answered, shared)
    }

    /// Answers what the client's buffer holds, and then what is received.
    fn answer_then_receive(&mut self, shared: &mut Shared) -> Next {
        let mut buffer = self.take_buffer(shared);
        let answered = self.answer_late(&mut buffer, shared).and_then(|next| {
            if next != Next::Requeue {
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
        let buffer = self.client.take_buffer(|| pool.take_buffer(self.class));
        if pool.is_reserve_in_use() {
            journal.short_of_memory();
        }
        buffer
    }

    /// Puts a buffer back after the turn has come to this. The client keeps it only if it holds
    /// bytes; if memory is short, a client that would have to keep it is dropped.
    fn put_buffer(
        &mut self,
        mut buffer: HeapBuffer,
        answered: io::Result<Next>,
        shared: &mut Shared,
    ) -> Next {
        let mut next = answered.unwrap_or_else(|error| {
            self.client.lose(error, &mut shared.journal);
            Next::Close
        });
        if shared.pool.is_reserve_in_use() && !buffer.is_empty() && next != Next::Close {
            let peer = self.client.peer();
            shared.journal.ended(peer, &Ending::ShortOfMemory);
            next = Next::Close;
        }
        if next == Next::Close {
            buffer.clear();
        }
        if buffer.is_empty() {
            shared.pool.put_buffer(buffer);
        } else {
            self.client.keep_buffer(buffer);
        }
        next
    }

    /// Transmits what the client has not taken before, which is a sign of life, and answers.
    fn answer_late(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) -> io::Result<Next> {
        let len = buffer.ready().len();
        let transmitted = self.transmit(buffer)?;
        if buffer.ready().len() < len {
            self.client.note_activity();
        }
        match transmitted {
            Transmitted::All => self.answer(buffer, shared),
            Transmitted::Part => Ok(Next::Idle),
        }
    }

    /// Receives once, and answers. All that was ready is transmitted.
    fn receive_and_answer(
        &mut self,
        buffer: &mut HeapBuffer,
        shared: &mut Shared,
    ) -> io::Result<Next> {
        let is_new = self.client.is_new();
        match self.receive(buffer, &mut shared.journal) {
            Ok(()) if is_new => {
                if let Some(wrong) = self.transport.wrong_protocol(buffer.received()) {
                    self.client.refuse_protocol(wrong, buffer, shared);
                }
            }
            // That nothing more was received may be what the client waits for.
            Ok(()) | Err(Next::Idle) => {}
            Err(next) => return Ok(next),
        }
        self.answer(buffer, shared)
    }

    /// Does what the client wants, up to receiving: whether it is to receive now is what is
    /// returned.
    fn answer(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) -> io::Result<Next> {
        loop {
            match self.client.advance(buffer, self.transport_state(), shared) {
                Want::Transmit => {
                    if self.transmit(buffer)? == Transmitted::Part {
                        return Ok(Next::Idle);
                    }
                }
                Want::Shut => self.transport.shut()?,
                Want::Receive => return Ok(self.then()),
            }
        }
    }

    /// What follows when all is answered.
    #[inline]
    fn then(&self) -> Next {
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

    /// Receives once. `Err` is what follows when nothing was received.
    #[inline(always)]
    fn receive(&mut self, buffer: &mut HeapBuffer, journal: &mut Journal) -> Result<(), Next> {
        let room = self.client.room(buffer);
        let offered = room.len();
        let len = self
            .transport
            .read(room)
            .or_else(|error| self.receive_nothing(error, journal))?;
        if len == 0 {
            self.client.end_of_stream(journal);
            return Err(Next::Close);
        }
        buffer.commit(len);
        self.client.note_activity();
        self.class = self.class.after(len, offered);
        // A read that returns less than it was offered has drained the socket.
        let is_drained = len < offered && !self.transport.is_cut_short();
        if is_drained && self.readiness == Readiness::Data {
            self.readiness = Readiness::None;
        }
        Ok(())
    }

    #[cold]
    fn receive_nothing(&mut self, error: io::Error, journal: &mut Journal) -> Result<usize, Next> {
        Err(match error.kind() {
            ErrorKind::WouldBlock => {
                self.readiness = Readiness::None;
                Next::Idle
            }
            ErrorKind::Interrupted => Next::Requeue,
            _ => {
                self.client.lose(error, journal);
                Next::Close
            }
        })
    }

    /// Transmits what is ready, as far as the client takes it. (As a call of its own it would cost
    /// an echo 40 instructions more.)
    #[inline(always)]
    fn transmit(&mut self, buffer: &mut HeapBuffer) -> io::Result<Transmitted> {
        while !buffer.ready().is_empty() {
            match self.transport.write(buffer.ready()) {
                Ok(len) => buffer.consume(len),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Ok(Transmitted::Part);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Transmitted::All)
    }

    /// Gives the pool back what a client that is dropped still has of it.
    pub(crate) fn give_memory_back(&mut self, pool: &mut Pool) {
        self.client.give_memory_back(pool);
    }
}

#[cfg(test)]
mod tests;
