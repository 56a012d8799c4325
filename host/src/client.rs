//! One client: its socket, the state of its connection, and the turns in which both move on.
//!
//! A turn transmits what is ready, receives at most once, and transmits the answers at once. While
//! the client does not take what is ready, nothing is received from it.

use std::io::{self, ErrorKind, Read, Write};
use std::mem;
use std::net::{Shutdown, SocketAddr};
use std::time::Instant;

use log::debug;
use mio::net::TcpStream;
use ws_echo_core::{CloseCode, Connection, Event, Opening, Progress, Refusal};

use crate::deadlines::{Deadlines, Ticket};
use crate::platform;
use crate::pool::{HeapBuffer, HeapConnection, Pool};
use crate::service::{self, Ending, HEAD_LEN, Service};

/// What the clients of a worker share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) service: Service,
    pub(crate) pool: Pool,
    /// For requests to be complete.
    pub(crate) handshakes: Deadlines,
    /// For connections to end, once that has begun.
    pub(crate) closes: Deadlines,
    /// When the worker last woke up.
    pub(crate) now: Instant,
}

/// A client of this server.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) socket: TcpStream,
    peer: SocketAddr,
    ticket: Ticket,
    phase: Phase,
    unread: Unread,
    /// Whether the worker has promised another turn.
    pub(crate) is_queued: bool,
    /// Its own for as long as something stands in it.
    buffer: Option<HeapBuffer>,
}

/// What the connection is doing.
#[derive(Debug)]
enum Phase {
    /// The opening handshake.
    Opening(Box<Opening<HEAD_LEN>>),
    /// Echoing. Nothing is kept of a connection that is idle.
    Open(Option<HeapConnection>),
    /// Echoing no more: our Close has to be made ready, or waits for its answer.
    Leaving(Option<HeapConnection>),
    /// The last bytes are transmitted; what comes is forgotten.
    Flushing,
    /// Our side of the transport is shut. What comes is forgotten until the client's is shut as
    /// well: closing at once could take back what the client has not read yet.
    Draining,
}

/// What the socket may hold, as far as its events tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unread {
    Nothing,
    Bytes,
    /// Bytes, urgent data or the end of the stream: it has to be read until it says that there is
    /// nothing.
    All,
}

/// What a turn leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The next event of the socket.
    Wait,
    /// Another turn, after the other clients': there may be more to receive.
    Again,
    /// The end: the client is to be dropped.
    Gone,
}

/// Whether all that was ready is transmitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transmitted {
    All,
    Part,
}

impl Client {
    /// A client that has just connected.
    pub(crate) fn new(
        socket: TcpStream,
        peer: SocketAddr,
        ticket: Ticket,
        shared: &mut Shared,
    ) -> Self {
        shared.handshakes.set(shared.now, ticket);
        Self {
            socket,
            peer,
            ticket,
            phase: Phase::Opening(Box::default()),
            unread: Unread::Nothing,
            is_queued: false,
            buffer: None,
        }
    }

    /// Which connection this is.
    pub(crate) fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// Whether the deadline for the request is still on.
    pub(crate) fn is_opening(&self) -> bool {
        matches!(self.phase, Phase::Opening(_))
    }

    /// Whether the deadline for the end is on.
    pub(crate) fn is_closing(&self) -> bool {
        !matches!(self.phase, Phase::Opening(_) | Phase::Open(_))
    }

    /// Notes what an event of the socket tells.
    pub(crate) fn note(&mut self, event: &mio::event::Event) {
        if event.is_read_closed() || event.is_error() || platform::is_urgent(event) {
            self.unread = Unread::All;
        } else if event.is_readable() && self.unread == Unread::Nothing {
            self.unread = Unread::Bytes;
        }
    }

    /// Does what can be done now, up to a buffer's worth.
    pub(crate) fn turn(&mut self, shared: &mut Shared) -> Turn {
        let buffer = self.buffer.take();
        if buffer.is_none() && self.unread == Unread::Nothing && !self.has_to_close() {
            return Turn::Wait;
        }
        let mut buffer = buffer.unwrap_or_else(|| shared.pool.take_buffer());
        let turn = self.work(&mut buffer, shared).unwrap_or_else(|error| {
            self.lose(error);
            Turn::Gone
        });
        if turn == Turn::Gone || buffer.is_empty() {
            shared.pool.put_buffer(buffer);
        } else {
            self.buffer = Some(buffer);
        }
        turn
    }

    /// Answers a request that was not complete in time.
    pub(crate) fn refuse_late_request(&mut self, shared: &mut Shared) -> Turn {
        let Phase::Opening(opening) = &mut self.phase else {
            return Turn::Wait;
        };
        opening.refuse(Refusal::Timeout);
        service::explain_refusal(self.peer, opening, Refusal::Timeout, "");
        self.buffer.get_or_insert_with(|| shared.pool.take_buffer());
        self.turn(shared)
    }

    /// Gives up a client whose connection did not end in time.
    pub(crate) fn give_up(&self) {
        if let Phase::Leaving(_) = self.phase {
            let ending = Ending::CloseTimeout(CloseCode::GOING_AWAY);
            service::log_ending(self.peer, &ending);
        }
    }

    /// Ends the connection because the server stops.
    pub(crate) fn leave(&mut self, shared: &mut Shared) -> Turn {
        match mem::replace(&mut self.phase, Phase::Flushing) {
            Phase::Opening(_) => return Turn::Gone,
            Phase::Open(kept) => {
                shared.closes.set(shared.now, self.ticket);
                self.phase = Phase::Leaving(kept);
            }
            phase => self.phase = phase,
        }
        self.turn(shared)
    }

    fn has_to_close(&self) -> bool {
        let Phase::Leaving(kept) = &self.phase else {
            return false;
        };
        !kept.as_deref().is_some_and(Connection::is_closing)
    }

    fn work(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) -> io::Result<Turn> {
        if self.advance_and_transmit(buffer, shared)? == Transmitted::Part {
            return Ok(Turn::Wait);
        }
        if self.unread == Unread::Nothing {
            return Ok(Turn::Wait);
        }
        let mut spare = buffer.spare_mut();
        if self.is_opening() {
            // So that the whole response fits, whatever stands behind the request.
            spare = spare.split_at_mut(spare.len() / 2).0;
        }
        let offered = spare.len();
        let len = match self.socket.read(spare) {
            Ok(0) => {
                self.end_of_stream();
                return Ok(Turn::Gone);
            }
            Ok(len) => len,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.unread = Unread::Nothing;
                return Ok(Turn::Wait);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(Turn::Again),
            Err(error) => return Err(error),
        };
        buffer.commit(len);
        // A read that returns less than it was offered has drained the socket.
        if len < offered && self.unread == Unread::Bytes {
            self.unread = Unread::Nothing;
        }
        match self.advance_and_transmit(buffer, shared)? {
            Transmitted::All if self.unread != Unread::Nothing => Ok(Turn::Again),
            _ => Ok(Turn::Wait),
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
            self.socket.shutdown(Shutdown::Write)?;
            self.phase = Phase::Draining;
        }
        Ok(Transmitted::All)
    }

    fn transmit(&mut self, buffer: &mut HeapBuffer) -> io::Result<Transmitted> {
        while !buffer.ready().is_empty() {
            match self.socket.write(buffer.ready()) {
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

    /// Works on what stands in the buffer.
    fn advance(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) {
        if let Phase::Opening(_) = self.phase {
            self.advance_opening(buffer, shared);
        }
        match self.phase {
            Phase::Opening(_) => {}
            // Nothing is begun and nothing has come.
            Phase::Open(None) if buffer.is_empty() => {}
            Phase::Open(_) | Phase::Leaving(_) => self.exchange(buffer, shared),
            Phase::Flushing | Phase::Draining => buffer.discard_received(),
        }
    }

    fn advance_opening(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) {
        let Phase::Opening(opening) = &mut self.phase else {
            return;
        };
        loop {
            match opening.advance(buffer) {
                Ok(Progress::Request) => shared.service.answer(self.peer, opening),
                Ok(Progress::Wait) => break,
                Ok(Progress::Open) => {
                    self.phase = Phase::Open(None);
                    return;
                }
                Err(refusal) => service::explain_refusal(self.peer, opening, refusal, ""),
            }
        }
        if opening.is_done() {
            self.finish(shared);
        }
    }

    fn exchange(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) {
        let is_leaving = matches!(self.phase, Phase::Leaving(_));
        let (Phase::Open(kept) | Phase::Leaving(kept)) = &mut self.phase else {
            return;
        };
        let new = || shared.pool.take_connection();
        let mut connection = kept.take().unwrap_or_else(new);
        echo(self.peer, &mut connection, buffer, &shared.service);
        if is_leaving {
            // When there is no room now, there is after the next transmission.
            let _ = connection.exchange(buffer).close(CloseCode::GOING_AWAY, "");
        }
        if connection.is_done() {
            self.finish(shared);
        } else if connection.is_idle() {
            shared.pool.put_connection(connection);
        } else {
            *kept = Some(connection);
        }
    }

    /// Ends the connection: what is ready is the last.
    fn finish(&mut self, shared: &mut Shared) {
        if !self.is_closing() {
            shared.closes.set(shared.now, self.ticket);
        }
        self.phase = Phase::Flushing;
    }

    fn end_of_stream(&self) {
        match &self.phase {
            Phase::Opening(_) => debug!("client {} left without a request", self.peer),
            Phase::Open(_) | Phase::Leaving(_) => {
                service::log_ending(self.peer, &Ending::EndOfStream);
            }
            // Some clients shut their side as soon as they have sent Close.
            Phase::Flushing | Phase::Draining => {}
        }
    }

    fn lose(&self, error: io::Error) {
        match &self.phase {
            Phase::Opening(_) => debug!("client {} left: {}", self.peer, error.kind()),
            Phase::Open(_) | Phase::Leaving(_) => {
                service::log_ending(self.peer, &Ending::Lost(error));
            }
            Phase::Flushing | Phase::Draining => {}
        }
    }
}

/// Echoes what stands in the buffer, as far as there is room for the answers.
fn echo(peer: SocketAddr, connection: &mut Connection, buffer: &mut HeapBuffer, service: &Service) {
    let is_closed_by_us = connection.is_closing();
    let mut exchange = connection.exchange(buffer);
    if !service.logs_messages() && exchange.echo_whole_messages() {
        return;
    }
    loop {
        match exchange.next_event() {
            Ok(None) => return,
            Ok(Some(Event::Data(chunk))) => {
                if service.logs_messages() {
                    service::log_chunk(peer, &chunk, exchange.bytes(&chunk));
                }
                exchange.echo(chunk);
            }
            Ok(Some(Event::Pong)) => debug!("pong {peer}"),
            Ok(Some(Event::Close(_))) if is_closed_by_us => {
                service::log_ending(peer, &Ending::ClosedByServer(CloseCode::GOING_AWAY));
            }
            Ok(Some(Event::Close(code))) => {
                let ending = Ending::ClosedByClient(code, exchange.close_reason());
                service::log_ending(peer, &ending);
            }
            Err(error) => service::log_ending(peer, &Ending::Failed(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_client_is_at_most_128_bytes() {
        assert!(size_of::<Client>() <= 128);
    }
}
