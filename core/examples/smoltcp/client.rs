//! A WebSocket client on one smoltcp socket: a file to copy into firmware. It has no heap, no
//! clock, no source of entropy of its own, and no memory but a [`Client`] and the buffer that it is
//! given. The caller decides whether and when to connect again.

use core::fmt;

use smoltcp::iface::{Context, SocketHandle, SocketSet};
use smoltcp::socket::tcp;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpEndpoint;
use ws_echo_core::{
    Buffer, Client as ClientRole, ClientHandshake, ClientRequest, ClientRequestError, CloseCode,
    Connection, Event, Fin, MIN_BUFFER_LEN, Message, Progress, ProtocolError, ResponseError,
    SendError,
};

/// The time for the connection to open.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the server may be silent before it is sent a Ping.
const PING_INTERVAL: Duration = Duration::from_secs(25);
/// The time for the server to answer a Ping.
const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// The time for the server to accept some of what was sent.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);
/// The time for the connection to end, once one side has closed it.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an acknowledgement waits for an answer that carries it.
const ACK_DELAY: Duration = Duration::from_millis(10);

/// The first of the ephemeral ports (RFC 6335 section 6). Each connection has a random one.
const FIRST_LOCAL_PORT: u16 = 49152;

/// The length of the longest header of a frame with a payload of up to 65,535 bytes.
const HEADER_LEN: usize = 8;

/// Four unpredictable bytes: a masking key, or a part of a nonce. Take them from the hardware's
/// random number generator, or from a cryptographic generator that it seeds.
pub(crate) type Entropy = fn() -> [u8; 4];

/// A client with one connection at a time. The head of a response may have `HEAD_LEN` bytes. It is
/// polled:
///
/// ```text
/// interface.poll(now, device, sockets)
/// client.poll(sockets, now, |change| ..)
/// unsent = client.send(sockets, unsent, now)  // if there is something to be said
/// wait until client.poll_at(), interface.poll_at(now, sockets), or a packet comes
/// ```
pub(crate) struct Client<'a, const HEAD_LEN: usize> {
    socket: SocketHandle,
    entropy: Entropy,
    /// Bytes to send go to the socket at once, so that the buffer is free to receive: the server
    /// may wait for that before it accepts more.
    buffer: Buffer<&'a mut [u8]>,
    phase: Phase<'a, HEAD_LEN>,
    /// The time by which the connection must be open, or at its end.
    deadline: Option<Instant>,
    /// The time by which the server must send something. Otherwise it is sent a Ping, or took too
    /// long if it was sent one before.
    silence_deadline: Instant,
    /// Whether nothing was received since a Ping was sent.
    is_pinged: bool,
    /// How many bytes in the socket the server has not accepted, and since when it accepted none.
    unaccepted: usize,
    unaccepted_since: Instant,
}

enum Phase<'a, const HEAD_LEN: usize> {
    /// There is no connection.
    Gone,
    /// Once this is done, the server has refused, and the content of its response is skipped.
    Handshake(ClientHandshake<'a, HEAD_LEN>),
    Open(Connection<ClientRole<Entropy>>),
}

/// A change of the connection, or a message of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change<'a> {
    /// The WebSocket connection is open. The server chose this of the subprotocols that were
    /// offered.
    Opened { subprotocol: Option<&'a str> },
    /// The server did not open the connection: its status, or what is wrong with its response.
    Refused(ResponseError),
    /// The next piece of a message, up to the one with [`Fin::Last`]. No character is cut.
    Received(Message<'a>, Fin),
    /// A Close frame was received: the server's own, or its answer to ours. An empty one has no
    /// code.
    Closed {
        code: Option<CloseCode>,
        reason: &'a str,
    },
    /// The server broke the protocol.
    Failed(ProtocolError),
    /// The server took too long.
    TimedOut,
    /// The connection is gone. Another can be made.
    Gone,
}

/// Why no connection was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectError {
    /// The request cannot be sent.
    Request(ClientRequestError),
    /// There is a connection already, or no route to this address.
    Socket(tcp::ConnectError),
}

impl<'a, const HEAD_LEN: usize> Client<'a, HEAD_LEN> {
    /// A client on a socket of its own. The buffer, and each of the socket's, must have at least
    /// [`MIN_BUFFER_LEN`] bytes. One of 256 has room for a Pong of any length while the server
    /// accepts nothing.
    pub(crate) fn new<'s>(
        sockets: &mut SocketSet<'s>,
        mut socket: tcp::Socket<'s>,
        buffer: &'a mut [u8],
        entropy: Entropy,
    ) -> Self {
        // Bytes are sent as soon as they are there.
        socket.set_nagle_enabled(false);
        Self {
            socket: sockets.add(socket),
            entropy,
            buffer: Buffer::for_pieces(buffer),
            phase: Phase::Gone,
            deadline: None,
            silence_deadline: Instant::ZERO,
            is_pinged: false,
            unaccepted: 0,
            unaccepted_since: Instant::ZERO,
        }
    }

    /// Starts to connect. [`poll`](Self::poll) reports the result; the last is [`Change::Gone`].
    ///
    /// # Errors
    ///
    /// If there is a connection already, the request cannot be sent, or there is no route to the
    /// server.
    pub(crate) fn connect(
        &mut self,
        sockets: &mut SocketSet<'_>,
        context: &mut Context,
        server: impl Into<IpEndpoint>,
        request: ClientRequest<'a>,
        now: Instant,
    ) -> Result<(), ConnectError> {
        let mut nonce = [0; 16];
        let (parts, _) = nonce.as_chunks_mut();
        parts.fill_with(self.entropy);
        let handshake = ClientHandshake::new(request, nonce).map_err(ConnectError::Request)?;
        let [high, low, ..] = (self.entropy)();
        let local_port = FIRST_LOCAL_PORT | u16::from_be_bytes([high, low]);
        let socket = sockets.get_mut::<tcp::Socket>(self.socket);
        socket
            .connect(context, server, local_port)
            .map_err(ConnectError::Socket)?;
        socket.set_ack_delay(Some(ACK_DELAY));
        self.buffer.clear();
        self.phase = Phase::Handshake(handshake);
        self.deadline = Some(now + OPEN_TIMEOUT);
        Ok(())
    }

    /// Does what there is to do, and reports changes. Call it after each poll of the interface.
    pub(crate) fn poll(
        &mut self,
        sockets: &mut SocketSet<'_>,
        now: Instant,
        mut report: impl FnMut(Change<'_>),
    ) {
        if let Phase::Gone = self.phase {
            return;
        }
        let socket = sockets.get_mut::<tcp::Socket>(self.socket);
        if socket.send_queue() < self.unaccepted {
            self.unaccepted_since = now;
        }
        self.unaccepted = socket.send_queue();
        while self.exchange(socket, now, &mut report) {}
        // What was received before the end was reported.
        if !socket.is_active() {
            self.phase = Phase::Gone;
            report(Change::Gone);
            return;
        }
        self.end(socket, now);
        self.ping_if_silent(socket, now);
        if self.poll_at().is_some_and(|deadline| now >= deadline) {
            report(Change::TimedOut);
            socket.abort();
        }
    }

    /// When [`poll`](Self::poll) has something to do even if nothing arrives.
    pub(crate) fn poll_at(&self) -> Option<Instant> {
        let stall = self.unaccepted_since + STALL_TIMEOUT;
        match self.phase {
            Phase::Gone => None,
            _ if self.deadline.is_some() => self.deadline,
            _ if self.unaccepted > 0 => Some(self.silence_deadline.min(stall)),
            _ => Some(self.silence_deadline),
        }
    }

    /// Sends as much of a message as there is room for, in one frame, and returns the rest: a
    /// fragment to send when there is room again, after a [`poll`](Self::poll) and before any other
    /// message.
    ///
    /// # Errors
    ///
    /// If the connection is not open, or was closed.
    pub(crate) fn send<'m>(
        &mut self,
        sockets: &mut SocketSet<'_>,
        message: Message<'m>,
        now: Instant,
    ) -> Result<Option<Message<'m>>, SendError> {
        let socket = sockets.get_mut::<tcp::Socket>(self.socket);
        self.transmit(socket, now);
        let (Phase::Open(connection), true) = (&mut self.phase, socket.may_send()) else {
            return Err(SendError::Closed);
        };
        let room = socket.send_capacity() - socket.send_queue();
        // With less room the message would become fragments of a few bytes.
        if room < MIN_BUFFER_LEN {
            return Ok(Some(message));
        }
        let max_len = (room - HEADER_LEN).min(u16::MAX.into());
        let mut exchange = connection.exchange(&mut self.buffer);
        let rest = exchange.send_up_to(max_len, message);
        self.transmit(socket, now);
        rest
    }

    /// Closes the connection. One that is not open yet is abandoned.
    ///
    /// # Errors
    ///
    /// If the answer to a Ping waits for room: try again after a [`poll`](Self::poll). If the
    /// reason is longer than 123 bytes, or if there is no connection.
    pub(crate) fn close(
        &mut self,
        sockets: &mut SocketSet<'_>,
        code: CloseCode,
        reason: &str,
        now: Instant,
    ) -> Result<(), SendError> {
        let socket = sockets.get_mut::<tcp::Socket>(self.socket);
        match &mut self.phase {
            Phase::Open(connection) => {
                connection.exchange(&mut self.buffer).close(code, reason)?;
                self.deadline = Some(now + CLOSE_TIMEOUT);
                self.transmit(socket, now);
            }
            Phase::Handshake(handshake) if !handshake.is_done() => socket.abort(),
            Phase::Handshake(_) | Phase::Gone => return Err(SendError::Closed),
        }
        Ok(())
    }

    /// Moves bytes between the socket and the buffer, and processes them. Returns whether any
    /// moved.
    fn exchange(
        &mut self,
        socket: &mut tcp::Socket<'_>,
        now: Instant,
        report: impl FnMut(Change<'_>),
    ) -> bool {
        let sent = self.transmit(socket, now);
        let spare = self.buffer.spare_mut();
        let received = socket.recv_slice(spare).unwrap_or_default();
        self.buffer.commit(received);
        if received > 0 {
            self.silence_deadline = now + PING_INTERVAL;
            self.is_pinged = false;
        }
        self.read(report);
        sent + received + self.transmit(socket, now) > 0
    }

    fn transmit(&mut self, socket: &mut tcp::Socket<'_>, now: Instant) -> usize {
        let sent = socket.send_slice(self.buffer.ready()).unwrap_or_default();
        self.buffer.consume(sent);
        if self.unaccepted == 0 {
            self.unaccepted_since = now;
        }
        self.unaccepted += sent;
        sent
    }

    /// Processes what was received, and makes the answers ready that the protocol requires.
    fn read(&mut self, mut report: impl FnMut(Change<'_>)) {
        if let Phase::Handshake(handshake) = &mut self.phase {
            match handshake.advance(&mut self.buffer) {
                Ok(Progress::Open(agreed)) => {
                    // An application would look at handshake.response() here.
                    let subprotocol = handshake.subprotocol();
                    report(Change::Opened { subprotocol });
                    self.phase = Phase::Open(Connection::client(agreed, self.entropy));
                    self.deadline = None;
                }
                Ok(_) => return,
                Err(error) => return report(Change::Refused(error)),
            }
        }
        let Phase::Open(connection) = &mut self.phase else {
            return;
        };
        let mut exchange = connection.exchange(&mut self.buffer);
        loop {
            match exchange.next_event() {
                Ok(Some(Event::Data(chunk))) => {
                    let piece = match exchange.text(&chunk) {
                        Some(text) => Message::Text(text),
                        None => Message::Binary(exchange.bytes(&chunk)),
                    };
                    report(Change::Received(piece, chunk.fin()));
                }
                Ok(Some(Event::Close(code))) => {
                    let reason = exchange.close_reason();
                    report(Change::Closed { code, reason });
                }
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(error) => report(Change::Failed(error)),
            }
        }
    }

    /// Ends the TCP connection in order, after everything that was sent, when the server has ended
    /// it or refused.
    ///
    /// > [...] the client SHOULD wait for the server to close the connection [...] (RFC 6455
    /// > section 5.5.1)
    fn end(&mut self, socket: &mut tcp::Socket<'_>, now: Instant) {
        let has_closed = socket.state() == tcp::State::CloseWait && self.buffer.ready().is_empty();
        let is_refused = matches!(&self.phase, Phase::Handshake(failed) if failed.is_done());
        if (has_closed || is_refused) && socket.may_send() {
            socket.close();
            // No answer will carry an acknowledgement, and the last one must be sent before
            // `connect`.
            socket.set_ack_delay(None);
            self.deadline = Some(now + CLOSE_TIMEOUT);
        } else if let Phase::Open(connection) = &self.phase
            && connection.is_done()
        {
            self.deadline.get_or_insert(now + CLOSE_TIMEOUT);
        }
    }

    /// Sends a Ping to a server that has been silent for long.
    fn ping_if_silent(&mut self, socket: &mut tcp::Socket<'_>, now: Instant) {
        if let Phase::Open(connection) = &mut self.phase
            && !self.is_pinged
            && now >= self.silence_deadline
        {
            // If there is no room for it, the server has bytes to accept, and a deadline for that.
            let _ = connection.exchange(&mut self.buffer).ping(b"");
            self.silence_deadline = now + PING_TIMEOUT;
            self.is_pinged = true;
            self.transmit(socket, now);
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(error) => error.fmt(f),
            Self::Socket(error) => error.fmt(f),
        }
    }
}
