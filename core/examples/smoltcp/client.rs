//! A WebSocket client on one smoltcp socket: the file to copy into firmware. No heap, no clock, no source of
//! entropy of its own, and no memory but a [`Client`] and the buffer that it is given. Whether and when to
//! connect again is left to the caller.

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

/// The time for the connection to be open, once it was begun.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the server may be silent before it is asked whether it is still there.
const PING_INTERVAL: Duration = Duration::from_secs(25);
/// The time for the answer to that.
const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// The time for the server to take some of what was said to it.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);
/// The time for the connection to end, once one side has closed it.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an acknowledgement waits for an answer that carries it.
const ACK_DELAY: Duration = Duration::from_millis(10);

/// The first of the ports that are for whoever connects. Each connection has one of them, by chance.
const FIRST_LOCAL_PORT: u16 = 49152;

/// The length of the longest header of a frame with a payload of up to 65,535 bytes.
const HEADER_LEN: usize = 8;
/// What has to be free in the buffer beside a frame that is sent: see [`SendError::Full`].
const RESERVE_LEN: usize = 18;

/// Four bytes that nobody can guess: a masking key, or a part of a nonce. Take them from the hardware's
/// generator of random numbers, or from a cryptographic one that it has seeded.
pub(crate) type Entropy = fn() -> [u8; 4];

/// Has one connection at a time. The head of a response may be `HEAD_LEN` bytes long. It is polled:
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
    /// What is said goes to the socket at once, so it is free to receive: the server may wait for that
    /// before it takes more.
    buffer: Buffer<&'a mut [u8]>,
    phase: Phase<'a, HEAD_LEN>,
    /// When the time for the connection to open, or to end, is over.
    deadline: Option<Instant>,
    heard: Heard,
    /// How many bytes the server has still to take from the socket, and since when it has taken none.
    untaken: usize,
    untaken_since: Instant,
}

enum Phase<'a, const HEAD_LEN: usize> {
    /// There is no connection.
    Gone,
    Handshake(ClientHandshake<'a, HEAD_LEN>),
    /// The content of a response that refuses is not looked at.
    Refused,
    Open(Connection<ClientRole<Entropy>>),
}

/// When the server was heard last.
#[derive(Clone, Copy)]
enum Heard {
    At(Instant),
    /// Too long ago: it was sent a Ping at this time.
    NotSincePing(Instant),
}

/// What has become of the connection, and what the server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change<'a> {
    /// The WebSocket connection is open; the server has chosen this of the request's subprotocols.
    Opened { subprotocol: Option<&'a str> },
    /// The server did not open the connection: the status that it gave instead, or what is wrong with it.
    Refused(ResponseError),
    /// The next piece of a message, up to the one with [`Fin::Last`]. No character is cut.
    Received(Message<'a>, Fin),
    /// A Close frame has come: the server's own, or its answer to ours. An empty one has no code.
    Closed {
        code: Option<CloseCode>,
        reason: &'a str,
    },
    /// The server broke the protocol.
    Failed(ProtocolError),
    /// The server took too long.
    TimedOut,
    /// There is no connection any more. The next one can be made.
    Gone,
}

/// Why no connection was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectError {
    /// The request cannot be sent as it is.
    Request(ClientRequestError),
    /// There is a connection, or no way to this address.
    Socket(tcp::ConnectError),
}

impl<'a, const HEAD_LEN: usize> Client<'a, HEAD_LEN> {
    /// A client on a socket of its own. The buffer, and each of the socket's, must have at least
    /// [`MIN_BUFFER_LEN`] bytes; one of 256 has room for a Pong of any length while the server takes nothing.
    pub(crate) fn new<'s>(
        sockets: &mut SocketSet<'s>,
        mut socket: tcp::Socket<'s>,
        buffer: &'a mut [u8],
        entropy: Entropy,
    ) -> Self {
        // What is said is sent as soon as it is there.
        socket.set_nagle_enabled(false);
        Self {
            socket: sockets.add(socket),
            entropy,
            buffer: Buffer::for_pieces(buffer),
            phase: Phase::Gone,
            deadline: None,
            heard: Heard::At(Instant::ZERO),
            untaken: 0,
            untaken_since: Instant::ZERO,
        }
    }

    /// Begins to connect. What becomes of it is told by [`poll`](Self::poll), [`Change::Gone`] at last.
    ///
    /// # Errors
    ///
    /// When there is a connection, the request cannot be sent, or there is no way to the server.
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

    /// Does what there is to do, and tells what became of it. Call it after each poll of the interface.
    pub(crate) fn poll(
        &mut self,
        sockets: &mut SocketSet<'_>,
        now: Instant,
        mut tell: impl FnMut(Change<'_>),
    ) {
        if let Phase::Gone = self.phase {
            return;
        }
        let socket = sockets.get_mut::<tcp::Socket>(self.socket);
        if socket.send_queue() < self.untaken {
            self.untaken_since = now;
        }
        self.untaken = socket.send_queue();
        while self.exchange(socket, now, &mut tell) {}
        // What came before the end was told.
        if !socket.is_active() {
            self.phase = Phase::Gone;
            tell(Change::Gone);
            return;
        }
        self.end(socket, now);
        self.ask(socket, now);
        if self.poll_at().is_some_and(|deadline| now >= deadline) {
            tell(Change::TimedOut);
            socket.abort();
        }
    }

    /// When [`poll`](Self::poll) has something to do even if nothing comes.
    pub(crate) fn poll_at(&self) -> Option<Instant> {
        let silence = match self.heard {
            Heard::At(at) => at + PING_INTERVAL,
            Heard::NotSincePing(at) => at + PING_TIMEOUT,
        };
        let stall = self.untaken_since + STALL_TIMEOUT;
        match self.phase {
            Phase::Gone => None,
            _ if self.deadline.is_some() => self.deadline,
            _ if self.untaken > 0 => Some(silence.min(stall)),
            _ => Some(silence),
        }
    }

    /// Sends as much of a message as there is room for, in one frame, and returns what is left: a fragment that
    /// is to be sent when there is room again, after a [`poll`](Self::poll), and before any other message.
    ///
    /// # Errors
    ///
    /// When the connection is not open, or was closed.
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
        let frame_len = room.min(self.buffer.capacity().saturating_sub(RESERVE_LEN));
        let (fragment, rest) = split(message, frame_len.saturating_sub(HEADER_LEN));
        let fin = if rest.is_some() { Fin::More } else { Fin::Last };
        let mut exchange = connection.exchange(&mut self.buffer);
        let sent = exchange.send_fragment(fragment, fin);
        self.transmit(socket, now);
        match sent {
            Ok(()) => Ok(rest),
            Err(SendError::Full) => Ok(Some(message)),
            Err(error) => Err(error),
        }
    }

    /// Closes the connection; one that is not open yet is given up.
    ///
    /// # Errors
    ///
    /// When there is no room for the Close frame now: try again after a [`poll`](Self::poll). When the reason is
    /// longer than 123 bytes, or there is nothing to be closed. With its reason the frame must fit the buffer.
    pub(crate) fn close(
        &mut self,
        sockets: &mut SocketSet<'_>,
        code: CloseCode,
        reason: &str,
        now: Instant,
    ) -> Result<(), SendError> {
        let socket = sockets.get_mut::<tcp::Socket>(self.socket);
        match &mut self.phase {
            Phase::Gone | Phase::Refused => return Err(SendError::Closed),
            Phase::Handshake(_) => socket.abort(),
            Phase::Open(connection) => {
                connection.exchange(&mut self.buffer).close(code, reason)?;
                self.deadline = Some(now + CLOSE_TIMEOUT);
                self.transmit(socket, now);
            }
        }
        Ok(())
    }

    /// Moves bytes between the socket and the buffer, and works on them. Whether any moved.
    fn exchange(
        &mut self,
        socket: &mut tcp::Socket<'_>,
        now: Instant,
        tell: impl FnMut(Change<'_>),
    ) -> bool {
        let sent = self.transmit(socket, now);
        let spare = self.buffer.spare_mut();
        let received = socket.recv_slice(spare).unwrap_or_default();
        self.buffer.commit(received);
        if received > 0 {
            self.heard = Heard::At(now);
        }
        self.read(tell);
        sent + received > 0
    }

    fn transmit(&mut self, socket: &mut tcp::Socket<'_>, now: Instant) -> usize {
        let sent = socket.send_slice(self.buffer.ready()).unwrap_or_default();
        self.buffer.consume(sent);
        if self.untaken == 0 {
            self.untaken_since = now;
        }
        self.untaken += sent;
        sent
    }

    /// Reads what has come, and makes the answers ready that the protocol asks for.
    fn read(&mut self, mut tell: impl FnMut(Change<'_>)) {
        if let Phase::Handshake(handshake) = &mut self.phase {
            match handshake.advance(&mut self.buffer) {
                Ok(Progress::Open(agreed)) => {
                    // An application would look at handshake.response() here.
                    let subprotocol = handshake.subprotocol();
                    tell(Change::Opened { subprotocol });
                    self.phase = Phase::Open(Connection::client(agreed, self.entropy));
                    self.deadline = None;
                }
                Ok(_) => return,
                Err(error) => {
                    tell(Change::Refused(error));
                    self.phase = Phase::Refused;
                }
            }
        }
        let Phase::Open(connection) = &mut self.phase else {
            self.buffer.discard_received();
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
                    tell(Change::Received(piece, chunk.fin()));
                }
                Ok(Some(Event::Close(code))) => {
                    let reason = exchange.close_reason();
                    tell(Change::Closed { code, reason });
                }
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(error) => tell(Change::Failed(error)),
            }
        }
    }

    /// Ends the TCP connection in order, behind all that was said, when the server has ended it, or has refused.
    ///
    /// > [...] the client SHOULD wait for the server to close the connection [...] (RFC 6455 section 5.5.1)
    fn end(&mut self, socket: &mut tcp::Socket<'_>, now: Instant) {
        let has_left = socket.state() == tcp::State::CloseWait && self.buffer.ready().is_empty();
        let is_refused = matches!(self.phase, Phase::Refused);
        if (has_left || is_refused) && socket.may_send() {
            socket.close();
            // No answer will carry an acknowledgement, and the last one must be sent before `connect`.
            socket.set_ack_delay(None);
            self.deadline = Some(now + CLOSE_TIMEOUT);
        } else if let Phase::Open(connection) = &self.phase
            && connection.is_done()
        {
            self.deadline.get_or_insert(now + CLOSE_TIMEOUT);
        }
    }

    /// Sends a Ping to a server that has been silent for long.
    fn ask(&mut self, socket: &mut tcp::Socket<'_>, now: Instant) {
        if let Phase::Open(connection) = &mut self.phase
            && let Heard::At(at) = self.heard
            && now >= at + PING_INTERVAL
        {
            // Where there is no room for it, the server has enough to take, and as long for that.
            let _ = connection.exchange(&mut self.buffer).ping(b"");
            self.heard = Heard::NotSincePing(now);
            self.transmit(socket, now);
        }
    }
}

/// The beginning of a message, of up to `len` bytes, and the rest if there is one. No character is cut.
fn split(message: Message<'_>, len: usize) -> (Message<'_>, Option<Message<'_>>) {
    let len = len.min(usize::from(u16::MAX));
    match message {
        Message::Text(text) if text.len() > len => {
            let (now, rest) = text.split_at(text.floor_char_boundary(len));
            (Message::Text(now), Some(Message::Text(rest)))
        }
        Message::Binary(bytes) if bytes.len() > len => {
            let (now, rest) = bytes.split_at(len);
            (Message::Binary(now), Some(Message::Binary(rest)))
        }
        whole => (whole, None),
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
