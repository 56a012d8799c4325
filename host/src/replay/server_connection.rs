//! The connection to the server: the frames of the client go out, what the server sends comes in.
//!
//! The frames of the client are written here, and not by the core: the core sends no text that is
//! cut inside a character, and no empty Close. It answers the Pings and the Close of the server.

use std::time::{Duration, Instant};

use ws_echo_core::{Agreed, Client, Connection, Event, ProtocolError};

use super::events::ReplayEvents;
use super::inbox::{Inbox, Piece};
use super::outgoing::{Outgoing, Sent};
use super::seen::Seen;
use crate::client::stream::{FRAGMENT_LEN_MAX, ReadOutcome, Stream};
use crate::client::waiter::Waiter as _;
use crate::random;

/// How long the server may take to end the TCP connection, which it must do first.
const END_TIME: Duration = Duration::from_secs(1);

/// Returns the next masking key.
type NextKey = Box<dyn FnMut() -> [u8; 4]>;

/// An open connection to the server.
pub(super) struct ServerConnection {
    stream: Stream,
    connection: Connection<Client<NextKey>>,
    inbox: Inbox,
    /// What is being sent.
    outgoing: Option<Outgoing>,
    next_key: NextKey,
    has_sent_close: bool,
    /// Whether the server has ended the connection.
    is_over: bool,
    /// When the server has last taken something, or nothing was unsent.
    taken_at: Instant,
    /// Whether a message went on, and did not end, since this was last asked.
    has_progressed: bool,
}

/// What was received.
#[derive(Debug)]
pub(super) enum Received {
    /// Nothing can be received now.
    Nothing,
    /// There are bytes, with events or without.
    Bytes,
    /// The end of the connection.
    End(Seen),
}

impl ServerConnection {
    /// A connection that has just been opened.
    pub(super) fn new(stream: Stream, agreed: Agreed, now: Instant) -> Self {
        Self {
            stream,
            connection: Connection::client(agreed, Box::new(random::keys())),
            inbox: Inbox::new(agreed.deflate.map(|deflate| deflate.server)),
            outgoing: None,
            next_key: Box::new(random::keys()),
            has_sent_close: false,
            is_over: false,
            taken_at: now,
            has_progressed: false,
        }
    }

    /// The next message, Close or violation that was received; `None` if there is none yet.
    pub(super) fn next_seen(&mut self) -> Option<Seen> {
        self.try_next_seen()
            .unwrap_or_else(|error| Some(Seen::Violation(error.to_string())))
    }

    fn try_next_seen(&mut self) -> Result<Option<Seen>, ProtocolError> {
        let mut exchange = self.connection.exchange(&mut self.stream.buffer);
        while let Some(event) = exchange.next_event()? {
            match event {
                Event::Data(chunk) => {
                    let piece = Piece {
                        kind: chunk.kind(),
                        bytes: exchange.bytes(&chunk),
                        fin: chunk.fin(),
                        is_compressed: chunk.is_compressed(),
                    };
                    match self.inbox.add(piece) {
                        Ok(None) => self.has_progressed = true,
                        Ok(seen) => return Ok(seen),
                        Err(error) => {
                            exchange.fail(error);
                            return Err(error);
                        }
                    }
                }
                Event::Close(code) => {
                    let reason = exchange.close_reason().to_owned();
                    return Ok(Some(Seen::Close(code.map(|code| code.get()), reason)));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// Receives some bytes.
    pub(super) fn receive(&mut self) -> Received {
        if self.stream.is_congested() {
            return Received::Nothing;
        }
        match self.stream.receive() {
            ReadOutcome::Nothing => Received::Nothing,
            ReadOutcome::Bytes => Received::Bytes,
            ReadOutcome::End(error) => {
                self.is_over = true;
                let reason = error.map(|error| error.to_string()).unwrap_or_default();
                Received::End(Seen::End(reason))
            }
        }
    }

    /// Whether the server keeps up with what is sent.
    pub(super) fn can_send(&self) -> bool {
        self.outgoing.is_none() && self.stream.unsent_len() < FRAGMENT_LEN_MAX
    }

    /// Whether the server has taken all that was sent.
    pub(super) fn has_sent_all(&self) -> bool {
        self.outgoing.is_none() && self.stream.unsent_len() == 0
    }

    /// Whether frames of the last thing that was sent still wait.
    pub(super) fn is_sending(&self) -> bool {
        self.outgoing.is_some()
    }

    /// Whether a Close was sent.
    pub(super) fn has_sent_close(&self) -> bool {
        self.has_sent_close
    }

    /// Sends something, if [that is possible](Self::can_send).
    pub(super) fn send(&mut self, outgoing: Outgoing) {
        self.has_sent_close |= outgoing.what == Sent::Close;
        self.outgoing = Some(outgoing);
        self.send_frames();
    }

    /// Sends the next frames as long as the server keeps up; returns whether there was one.
    pub(super) fn send_frames(&mut self) -> bool {
        let mut has_sent = false;
        while let Some(outgoing) = &mut self.outgoing {
            if self.stream.unsent_len() >= FRAGMENT_LEN_MAX {
                break;
            }
            if let Some(frame) = outgoing.next_frame((self.next_key)()) {
                self.stream.send_bytes(&frame);
                has_sent = true;
            }
            if outgoing.is_sent() {
                self.outgoing = None;
            }
        }
        has_sent
    }

    /// Transmits what was sent; returns whether there may be more to do.
    pub(super) fn transmit(&mut self, now: Instant) -> bool {
        self.drop_answers_behind_close();
        let before = self.stream.unsent_len();
        let has_made_room = self.stream.transmit();
        let unsent_len = self.stream.unsent_len();
        if before == 0 || unsent_len < before {
            self.taken_at = now;
        }
        self.has_progressed |= unsent_len > 0 && unsent_len < before;
        has_made_room
    }

    /// Nothing may follow our Close, so what the core answers behind it is dropped.
    fn drop_answers_behind_close(&mut self) {
        if self.has_sent_close && self.outgoing.is_none() {
            self.stream.buffer.consume(usize::MAX);
        }
    }

    /// Whether a part of a message, and not its last, was sent or received since this was last
    /// asked.
    pub(super) fn take_progress(&mut self) -> bool {
        std::mem::take(&mut self.has_progressed)
    }

    /// When the server must have taken some of what is unsent, if anything is.
    pub(super) fn stall_deadline(&self, timeout: Duration) -> Option<Instant> {
        (self.stream.unsent_len() > 0).then(|| self.taken_at + timeout)
    }

    /// Ends the connection: by a Close, unless one was sent or received, and waits a moment for its
    /// end.
    ///
    /// > [...] the client SHOULD wait for the server to close the connection but MAY close the
    /// > connection at any time after sending and receiving a Close message (section 5.5.1)
    pub(super) fn close(&mut self, events: &mut ReplayEvents) {
        const NORMAL: u16 = 1000;
        if self.is_over {
            return;
        }
        // A message in fragments is not completed.
        self.outgoing = None;
        if !self.has_sent_close && !self.connection.is_done() {
            self.send(Outgoing::close(Some(NORMAL), b""));
        }
        let until = Instant::now() + END_TIME;
        while Instant::now() < until {
            self.stream.buffer.discard_received();
            self.drop_answers_behind_close();
            self.stream.transmit();
            match self.stream.receive() {
                ReadOutcome::Bytes => {}
                ReadOutcome::End(_) => return,
                ReadOutcome::Nothing => {
                    if events.wait(Some(until)).is_err() {
                        return;
                    }
                }
            }
        }
    }
}
