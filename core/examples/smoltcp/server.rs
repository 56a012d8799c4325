//! A WebSocket echo server on one smoltcp socket: a file to copy into firmware. It has no heap, no
//! clock, and no memory but a [`Server`] for each socket and one buffer for all of them.

use core::fmt;

use smoltcp::iface::{SocketHandle, SocketSet};
use smoltcp::socket::tcp;
use smoltcp::time::{Duration, Instant};
use ws_echo_core::{
    Acceptance, Buffer, Connection, Event, MIN_BUFFER_LEN, Message, Progress, ProtocolError,
    Refusal, ServerHandshake, Window,
};

/// The port on which the servers listen.
pub(crate) const PORT: u16 = 3000;

/// The greeting of each client.
const WELCOME: Message<'_> = Message::Text("Welcome to Awesome Chat");

/// The time for a TCP connection to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The time for a request to be complete.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// The time for a client to accept some of what is ready for it.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);
/// The time for a TCP connection to end, once the WebSocket connection is over.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an acknowledgement waits for an answer that carries it.
const ACK_DELAY: Duration = Duration::from_millis(10);
/// How often a silent client is probed.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// The time after which a client that does not answer is gone.
const VANISHED_TIMEOUT: Duration = Duration::from_secs(30);

/// Serves one client after the other. Make one for each client that may be connected at a time, and
/// some more: smoltcp turns a client away if no socket listens when it connects. Let smoltcp know
/// more neighbors than there are clients (`iface-neighbor-cache-count-*`): each neighbor that it
/// has forgotten costs all clients a second. The head of a request may have `HEAD_LEN` bytes.
///
/// With `COMPRESSION`, clients may compress their messages (permessage-deflate, RFC 7692), and get
/// back what they have compressed: nothing here inflates or checks it, so it costs no memory.
/// That is right only for a server that echoes every compressed message or closes the connection,
/// because a client inflates a message with the ones before it. A server that reads messages
/// must inflate them, or leave `COMPRESSION` out: then no client compresses. The response, of up
/// to 285 bytes and the greeting, must fit in `HEAD_LEN` bytes too.
pub(crate) struct Server<const HEAD_LEN: usize, const COMPRESSION: bool = false> {
    socket: SocketHandle,
    phase: Phase<HEAD_LEN>,
    /// The time by which the client must do what is expected of it.
    deadline: Option<Instant>,
    /// How many bytes in the socket the client had not accepted.
    unaccepted: usize,
}

enum Phase<const HEAD_LEN: usize> {
    Listening,
    Handshake(ServerHandshake<HEAD_LEN>),
    Open(Connection),
}

/// A change of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The WebSocket connection is open.
    Opened,
    /// The request was refused.
    Refused(Refusal),
    /// The client broke the protocol.
    Failed(ProtocolError),
    /// The client took too long.
    TimedOut,
    /// The client is gone. The next one can connect.
    Gone,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened => f.write_str("connected"),
            Self::Refused(refusal) => write!(f, "refused with {}: {refusal}", refusal.status()),
            Self::Failed(error) => write!(f, "failed: {error}"),
            Self::TimedOut => f.write_str("took too long"),
            Self::Gone => f.write_str("gone"),
        }
    }
}

impl<const HEAD_LEN: usize, const COMPRESSION: bool> Server<HEAD_LEN, COMPRESSION> {
    /// A server on a socket of its own. The socket's send buffer must have at least
    /// [`MIN_BUFFER_LEN`] bytes.
    pub(crate) fn new<'a>(sockets: &mut SocketSet<'a>, mut socket: tcp::Socket<'a>) -> Self {
        // An echo is sent as soon as it is there.
        socket.set_nagle_enabled(false);
        socket.set_keep_alive(Some(KEEP_ALIVE));
        socket.set_timeout(Some(VANISHED_TIMEOUT));
        Self {
            socket: sockets.add(socket),
            phase: Phase::Listening,
            deadline: None,
            unaccepted: 0,
        }
    }

    /// Does what there is to do, and reports changes. Call it after each poll of the interface,
    /// with the same storage for all servers: nothing stays there.
    pub(crate) fn serve(
        &mut self,
        sockets: &mut SocketSet<'_>,
        storage: &mut [u8],
        now: Instant,
        mut report: impl FnMut(Change),
    ) {
        let socket = sockets.get_mut::<tcp::Socket>(self.socket);
        if !socket.is_active() {
            self.listen(socket, report);
            return;
        }
        if socket.state() == tcp::State::SynReceived {
            self.await_client(socket, now);
            return;
        }
        if let Phase::Listening = self.phase {
            self.phase = Phase::Handshake(ServerHandshake::new());
            self.deadline = Some(now + HANDSHAKE_TIMEOUT);
        }
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            self.give_up(socket, now, &mut report);
        }
        let has_accepted = socket.send_queue() < self.unaccepted;
        while self.exchange(socket, storage, &mut report) {}
        // Everything that a client has sent is answered once it has accepted all answers.
        let has_closed = socket.state() == tcp::State::CloseWait && socket.send_queue() == 0;
        if self.is_done() || has_closed {
            self.close(socket, now);
        } else if let Phase::Open(_) = self.phase
            && socket.may_send()
        {
            self.update_stall_deadline(socket.send_queue(), has_accepted, now);
        }
        self.unaccepted = socket.send_queue();
    }

    /// Sets the deadline for a client that has bytes to accept, from when it last accepted some.
    fn update_stall_deadline(&mut self, unaccepted: usize, has_accepted: bool, now: Instant) {
        if unaccepted == 0 {
            self.deadline = None;
        } else if has_accepted || self.deadline.is_none() {
            self.deadline = Some(now + STALL_TIMEOUT);
        }
    }

    /// When [`serve`](Self::serve) has something to do even if nothing arrives.
    pub(crate) fn poll_at(&self) -> Option<Instant> {
        self.deadline
    }

    /// Waits for the rest of a TCP handshake. Before that there is no client.
    fn await_client(&mut self, socket: &mut tcp::Socket<'_>, now: Instant) {
        let deadline = *self.deadline.get_or_insert(now + CONNECT_TIMEOUT);
        if now >= deadline {
            socket.abort();
        }
    }

    /// Waits for the next client.
    fn listen(&mut self, socket: &mut tcp::Socket<'_>, mut report: impl FnMut(Change)) {
        if !matches!(self.phase, Phase::Listening) {
            self.phase = Phase::Listening;
            report(Change::Gone);
        }
        self.deadline = None;
        // This cannot fail: the socket is closed, or listens here already.
        let _ = socket.listen(PORT);
        socket.set_ack_delay(Some(ACK_DELAY));
    }

    /// Answers what was received, as far as there is room for the answers. Returns whether anything
    /// moved.
    fn exchange(
        &mut self,
        socket: &mut tcp::Socket<'_>,
        storage: &mut [u8],
        report: impl FnMut(Change),
    ) -> bool {
        // The storage that is lent is no longer than what the socket can send at the moment. So all
        // that is made ready can be sent, and the buffer is empty again for the next socket.
        let room = socket.send_capacity() - socket.send_queue();
        // With less room the answers would be fragments of a few bytes.
        if room < MIN_BUFFER_LEN {
            return false;
        }
        let lent = storage.len().min(room);
        let mut buffer = Buffer::for_pieces(storage.get_mut(..lent).unwrap_or_default());

        // Peek, and remove only what was read.
        let spare = buffer.spare_mut();
        let received = socket.peek(spare.len()).unwrap_or_default();
        for (to, from) in spare.iter_mut().zip(received) {
            *to = *from;
        }
        let peeked = received.len();
        buffer.commit(peeked);
        self.answer(&mut buffer, report);
        let read = peeked - buffer.received().len();
        let _ = socket.recv(|_| (read, ()));
        let sent = socket.send_slice(buffer.ready()).unwrap_or_default();
        read + sent > 0
    }

    fn answer(&mut self, buffer: &mut Buffer<&mut [u8]>, mut report: impl FnMut(Change)) {
        while let Phase::Handshake(handshake) = &mut self.phase {
            let progress = match handshake.advance(buffer) {
                Ok(Progress::Request) => Self::accept(handshake).map(|()| Progress::Request),
                progress => progress,
            };
            match progress {
                Ok(Progress::Request) => {}
                Ok(Progress::Open(agreed)) => {
                    self.phase = Phase::Open(Connection::server(agreed));
                    self.deadline = None;
                    report(Change::Opened);
                }
                Ok(_) => return,
                Err(refusal) => {
                    // The text costs 0.7 KB of flash. Without it the response has no content.
                    handshake.explain(refusal.text());
                    report(Change::Refused(refusal));
                }
            }
        }
        let Phase::Open(connection) = &mut self.phase else {
            return;
        };
        let mut exchange = connection.exchange(buffer);
        loop {
            match exchange.next_event() {
                // An application would look at exchange.bytes(&chunk) here. Those of a chunk that
                // is_compressed() are not the message.
                Ok(Some(Event::Data(chunk))) => exchange.echo(chunk),
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(error) => report(Change::Failed(error)),
            }
        }
    }

    fn accept(handshake: &mut ServerHandshake<HEAD_LEN>) -> Result<(), Refusal> {
        // An application would look at handshake.request() here.
        let deflate = if COMPRESSION {
            handshake.request().deflate(Window::MAX)
        } else {
            None
        };
        handshake.accept(Acceptance {
            deflate: deflate.as_ref(),
            greeting: Some(WELCOME),
            ..Acceptance::default()
        })
    }

    /// Whether all of the last answer was sent to the socket.
    fn is_done(&self) -> bool {
        match &self.phase {
            Phase::Listening => false,
            Phase::Handshake(handshake) => handshake.is_done(),
            Phase::Open(connection) => connection.is_done(),
        }
    }

    /// Ends the TCP connection in order, after everything that was sent.
    fn close(&mut self, socket: &mut tcp::Socket<'_>, now: Instant) {
        if socket.may_send() {
            socket.close();
            // No answer will carry an acknowledgement, and the last one must be sent before
            // `listen`.
            socket.set_ack_delay(None);
            self.deadline = Some(now + CLOSE_TIMEOUT);
        }
    }

    /// Refuses a client that has not sent its request in time, and drops any other.
    fn give_up(
        &mut self,
        socket: &mut tcp::Socket<'_>,
        now: Instant,
        mut report: impl FnMut(Change),
    ) {
        report(Change::TimedOut);
        if let Phase::Handshake(handshake) = &mut self.phase
            && socket.may_send()
            && handshake.refuse(Refusal::Timeout, Refusal::Timeout.text())
        {
            self.deadline = Some(now + CLOSE_TIMEOUT);
        } else {
            socket.abort();
        }
    }
}
