//! Servers and a client of the examples, and scripted peers for them, on one interface, with a
//! clock that jumps to the next event.

use std::collections::VecDeque;

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, IpCidr, Ipv4Address};
use ws_echo_core::ClientRequest;
use ws_echo_tests::scripted_client::{WELCOME, request, request_with};
use ws_echo_tests::wire::{self, FIN, Frame, TEXT};

use crate::client::ConnectError;
use crate::client_driver::{ClientDriver, ClientEvent};
use crate::lossy_loopback::LossyLoopback;
use crate::server::{Change, PORT, Server};

/// The longest head of a request, in bytes.
pub(crate) const HEAD_LEN: usize = 384;

/// The servers accept compression from clients that offer it.
const COMPRESSION: bool = true;

const ADDRESS: Ipv4Address = Ipv4Address::new(192, 168, 69, 1);

/// The least time of one turn: a packet's way from one end to the other.
const TICK: Duration = Duration::from_millis(1);

/// How long a script waits, in simulated time. It also limits the number of turns.
const PATIENCE: Duration = Duration::from_secs(300);

/// The configuration of a network. Lengths are in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) servers: usize,
    /// The length of each of a server's two rings.
    pub(crate) ring: usize,
    /// The length of the storage that all servers share.
    pub(crate) storage: usize,
    /// The lengths of the receive ring and the send ring of a scripted client, and of a scripted
    /// server.
    pub(crate) client: [usize; 2],
    /// The lengths of the receive ring and the send ring of the examples' client, and of its
    /// buffer.
    pub(crate) driver: [usize; 3],
    /// The length of the longest packet.
    pub(crate) packet: usize,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            servers: 1,
            ring: 512,
            storage: 256,
            client: [2048; 2],
            driver: [512, 512, 256],
            packet: 1514,
        }
    }
}

/// The script's end of a connection: a client's, or a server's, which is used in the same way.
struct Client {
    socket: SocketHandle,
    port: u16,
    reads: bool,
    received: Vec<u8>,
    unsent: VecDeque<u8>,
    /// Whether to end this side after everything unsent.
    shuts: bool,
}

impl Client {
    /// Sends what there is room for, and receives what has arrived.
    fn work(&mut self, socket: &mut Socket<'_>) {
        let unsent = self.unsent.make_contiguous();
        if !unsent.is_empty() {
            // A client with a reset connection sends nothing.
            let sent = socket.send_slice(unsent).unwrap_or_default();
            self.unsent.drain(..sent);
        }
        if self.shuts && self.unsent.is_empty() {
            socket.close();
            self.shuts = false;
        }
        while self.reads && socket.can_recv() {
            let taken = socket.recv(|bytes| (bytes.len(), self.received.extend(&*bytes)));
            taken.expect("something can be received");
        }
    }
}

/// The number of a client, in the order in which they connected.
pub(crate) type Number = usize;

pub(crate) struct Network {
    pub(crate) now: Instant,
    /// How often the interface was polled.
    pub(crate) turns: usize,
    pub(crate) loopback: LossyLoopback,
    interface: Interface,
    sockets: SocketSet<'static>,
    servers: Vec<Server<HEAD_LEN, COMPRESSION>>,
    storage: Vec<u8>,
    client_rings: [usize; 2],
    clients: Vec<Client>,
    changes: Vec<(usize, Change)>,
    /// The client of the examples.
    pub(crate) driver: ClientDriver,
}

impl Network {
    pub(crate) fn new(setup: Setup) -> Self {
        Self::with_seed(setup, 0)
    }

    /// A network with a loopback that loses and garbles packets. They are short, so that several
    /// are under way at a time, and those after a lost one are out of order.
    pub(crate) fn over_a_lossy_line(seed: u64) -> Self {
        let setup = Setup {
            packet: 154,
            ..Setup::default()
        };
        let mut network = Self::with_seed(setup, seed);
        network.loopback.loss = 5;
        network.loopback.noise = 5;
        network
    }

    /// A network with a seed for everything that happens at random.
    pub(crate) fn with_seed(setup: Setup, seed: u64) -> Self {
        let now = Instant::from_secs(1);
        let mut loopback = LossyLoopback::new(setup.packet, seed);
        let mut config = Config::new(EthernetAddress([0x02, 0, 0, 0, 0, 0x01]).into());
        config.random_seed = seed;
        let mut interface = Interface::new(config, &mut loopback, now);
        interface.update_ip_addrs(|addresses| {
            let address = IpCidr::new(ADDRESS.into(), 24);
            addresses.push(address).expect("there is room for one");
        });
        let mut sockets = SocketSet::new(Vec::new());
        let servers = (0..setup.servers)
            .map(|_| Server::new(&mut sockets, socket([setup.ring; 2])))
            .collect();
        let [receive, send, buffer] = setup.driver;
        let driver = ClientDriver::new(&mut sockets, socket([receive, send]), buffer);
        let mut network = Self {
            now,
            turns: 0,
            loopback,
            interface,
            sockets,
            servers,
            storage: vec![0; setup.storage],
            client_rings: setup.client,
            clients: Vec::new(),
            changes: Vec::new(),
            driver,
        };
        network.turn();
        network
    }

    /// A new client, whose first packet is about to be sent.
    pub(crate) fn connect(&mut self) -> Number {
        let mut socket = socket(self.client_rings);
        let port = 49152 + self.clients.len() as u16;
        let connected = socket.connect(self.interface.context(), (ADDRESS, PORT), port);
        connected.expect("a new socket can connect");
        self.add(socket, port)
    }

    /// A scripted server's end of a connection that does not exist yet. There are no other servers.
    pub(crate) fn listen(&mut self) -> Number {
        let mut socket = socket(self.client_rings);
        socket.listen(PORT).expect("a new socket can listen");
        self.add(socket, PORT)
    }

    fn add(&mut self, mut socket: Socket<'static>, port: u16) -> Number {
        socket.set_nagle_enabled(false);
        self.clients.push(Client {
            socket: self.sockets.add(socket),
            port,
            reads: true,
            received: Vec::new(),
            unsent: VecDeque::new(),
            shuts: false,
        });
        self.clients.len() - 1
    }

    /// Lets the examples' client connect.
    pub(crate) fn connect_client(
        &mut self,
        request: ClientRequest<'static>,
    ) -> Result<(), ConnectError> {
        let Self {
            interface, sockets, ..
        } = self;
        let server = (ADDRESS, PORT);
        let context = interface.context();
        self.driver
            .connect(sockets, context, server, request, self.now)
    }

    /// Lets the examples' client send a message, whatever has arrived since it last received.
    pub(crate) fn send_at_once(&mut self, message: Frame) {
        self.driver.send(message);
        while self.driver.send_next(&mut self.sockets, self.now) {}
    }

    /// Waits until the examples' client has reported all of these events, and nothing else, since
    /// the last time.
    pub(crate) fn assert_client_events(&mut self, told: &[ClientEvent]) {
        self.wait(&format!("{told:?}"), |network| {
            network.driver.events.len() >= told.len()
        });
        assert_eq!(std::mem::take(&mut self.driver.events), told);
    }

    /// Waits for the bytes of the next frame.
    pub(crate) fn raw_frame(&mut self, client: Number) -> Vec<u8> {
        self.wait("a frame", |network| network.has_frame(client));
        let received = &mut self.clients[client].received;
        let (_, rest) = wire::split_frame(received).expect("it is there");
        let len = received.len() - rest.len();
        received.drain(..len).collect()
    }

    /// What a script has received and not looked at.
    pub(crate) fn received(&self, client: Number) -> &[u8] {
        &self.clients[client].received
    }

    /// Discards what a script has received.
    pub(crate) fn forget(&mut self, client: Number) {
        self.clients[client].received.clear();
    }

    /// The other end's port.
    pub(crate) fn remote_port(&self, client: Number) -> u16 {
        let other = self.socket(client).remote_endpoint();
        other.expect("it is connected").port
    }

    /// A new client, served and greeted.
    pub(crate) fn open(&mut self) -> Number {
        let client = self.connect();
        self.send(client, request("/"));
        self.assert_greeted(client);
        client
    }

    /// A new client that offers compression, which the server accepts with this answer.
    pub(crate) fn open_with(&mut self, offer: &str, answer: &str) -> Number {
        let client = self.connect();
        self.send(client, request_with(offer));
        let head = self.assert_greeted(client);
        let answer = format!("\r\nSec-WebSocket-Extensions: {answer}\r\n");
        assert!(head.contains(&answer), "{head}");
        client
    }

    /// Waits for the response, which accepts, and the greeting. Returns the response.
    pub(crate) fn assert_greeted(&mut self, client: Number) -> String {
        let head = self.head(client);
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let accept = "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
        assert!(head.contains(accept), "{head}");
        assert_eq!(self.messages(client, 1), [Frame::new(TEXT, WELCOME)]);
        head
    }

    /// Sends bytes as soon as there is room for them.
    pub(crate) fn send(&mut self, client: Number, bytes: impl AsRef<[u8]>) {
        let client = &mut self.clients[client];
        client.unsent.extend(bytes.as_ref());
        client.work(self.sockets.get_mut(client.socket));
    }

    /// Ends the client's side of the connection, after everything it has sent.
    pub(crate) fn shut(&mut self, client: Number) {
        let client = &mut self.clients[client];
        client.shuts = true;
        client.work(self.sockets.get_mut(client.socket));
    }

    /// Resets the connection.
    pub(crate) fn abort(&mut self, client: Number) {
        self.socket_mut(client).abort();
    }

    /// From now on, loses all packets from and to the client.
    pub(crate) fn cut_off(&mut self, client: Number) {
        self.loopback.cut_off = Some(self.clients[client].port);
    }

    /// Makes a client stop reading, or continue.
    pub(crate) fn set_reads(&mut self, client: Number, reads: bool) {
        let client = &mut self.clients[client];
        client.reads = reads;
        client.work(self.sockets.get_mut(client.socket));
    }

    /// Receives up to `len` bytes of what has arrived for a client that does not read.
    pub(crate) fn read(&mut self, client: Number, len: usize) -> usize {
        let mut bytes = vec![0; len];
        let received = self.socket_mut(client).recv_slice(&mut bytes);
        let len = received.unwrap_or_default();
        self.clients[client].received.extend(&bytes[..len]);
        len
    }

    /// Waits for the head of a response, without more.
    pub(crate) fn head(&mut self, client: Number) -> String {
        self.wait("a head", |network| network.head_len(client).is_some());
        let len = self.head_len(client).unwrap_or_default();
        let head = self.clients[client].received.drain(..len).collect();
        String::from_utf8(head).expect("a head is text")
    }

    fn head_len(&self, client: Number) -> Option<usize> {
        let received = &self.clients[client].received;
        let end = received.windows(4).position(|it| it == b"\r\n\r\n");
        end.map(|end| end + 4)
    }

    /// Waits for this many messages and control frames.
    pub(crate) fn messages(&mut self, client: Number, count: usize) -> Vec<Frame> {
        let (mut frames, mut messages) = (Vec::new(), Vec::new());
        while messages.len() < count {
            frames.extend(self.fragments(client));
            messages = wire::joined(&frames);
        }
        messages
    }

    /// Waits for the next frames, up to one with FIN.
    pub(crate) fn fragments(&mut self, client: Number) -> Vec<Frame> {
        let mut frames = Vec::new();
        loop {
            let bytes = self.raw_frame(client);
            let (frame, _) = wire::split_frame(&bytes).expect("it is there");
            let is_last = frame.first & FIN != 0;
            frames.push(frame);
            if is_last {
                return frames;
            }
        }
    }

    fn has_frame(&self, client: Number) -> bool {
        wire::split_frame(&self.clients[client].received).is_some()
    }

    /// Sends messages, and waits until each has come back.
    pub(crate) fn assert_echoed(&mut self, client: Number, messages: &[Frame]) {
        for message in messages {
            self.send(client, wire::masked(message.first, &message.payload));
        }
        let echoes = self.messages(client, messages.len());
        assert!(echoes == messages, "{messages:?}, and not {echoes:?}");
    }

    /// Sends a Close frame, gets it back, and ends the TCP connection in order.
    pub(crate) fn close(&mut self, client: Number) {
        self.send(client, wire::masked_close(1000, "bye"));
        assert_eq!(self.messages(client, 1), [Frame::close(1000)]);
        self.assert_ended(client);
    }

    /// Waits for the server's FIN, right after what was received so far, and answers it: the TCP
    /// connection ends without a reset.
    pub(crate) fn assert_ended(&mut self, client: Number) {
        let resets = self.loopback.resets;
        let unread = self.receive_rest(client);
        assert!(unread.is_empty(), "{} came", unread.escape_ascii());
        self.shut(client);
        self.wait("the end of the connection", |network| {
            matches!(network.state(client), State::TimeWait | State::Closed)
        });
        self.wait("the end of all packets", |network| {
            network.loopback.is_empty()
        });
        assert_eq!(self.loopback.resets, resets, "the connection was reset");
    }

    /// Waits for the server's FIN, and returns the data before it.
    pub(crate) fn receive_rest(&mut self, client: Number) -> Vec<u8> {
        self.wait("the server's FIN", |network| {
            let state = network.state(client);
            assert_ne!(state, State::Closed, "the connection was reset");
            matches!(state, State::CloseWait | State::TimeWait)
                && !network.socket_mut(client).can_recv()
        });
        std::mem::take(&mut self.clients[client].received)
    }

    /// Waits until the connection is reset.
    pub(crate) fn assert_reset(&mut self, client: Number) {
        self.wait("the reset", |network| {
            network.state(client) == State::Closed
        });
        assert_ne!(self.loopback.resets, 0);
    }

    /// Waits until the servers have reported all of these changes, and nothing else, since the last
    /// time.
    pub(crate) fn assert_told(&mut self, changes: &[(usize, Change)]) {
        self.wait(&format!("{changes:?}"), |network| {
            network.changes.len() >= changes.len()
        });
        assert_eq!(self.take_changes(), changes);
    }

    /// The changes that the servers have reported since the last time, each with the number of its
    /// server.
    pub(crate) fn take_changes(&mut self) -> Vec<(usize, Change)> {
        std::mem::take(&mut self.changes)
    }

    pub(crate) fn state(&self, client: Number) -> State {
        self.socket(client).state()
    }

    /// How many bytes a client has received and not read, and how many it has queued and not sent.
    pub(crate) fn queues(&self, client: Number) -> [usize; 2] {
        let socket = self.socket(client);
        [socket.recv_queue(), socket.send_queue()]
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.now < end {
            self.turn_until(end);
        }
    }

    /// Waits for a condition.
    pub(crate) fn wait(&mut self, what: &str, is_there: impl Fn(&mut Self) -> bool) {
        let end = self.now + PATIENCE;
        while !is_there(self) {
            let states = self.clients.iter().enumerate();
            let states = states.map(|(number, _)| (self.state(number), self.queues(number)));
            assert!(
                self.now < end,
                "{what} did not happen within {PATIENCE}; reported: {:?} and {:?}, clients: {:?}",
                self.changes,
                self.driver.events,
                states.collect::<Vec<_>>(),
            );
            self.turn_until(end);
        }
    }

    pub(crate) fn turn(&mut self) {
        self.turn_until(self.now + TICK);
    }

    /// Jumps to the next event, but not past `latest`; then moves packets, serves, and lets the
    /// clients work.
    fn turn_until(&mut self, latest: Instant) {
        self.now = self.next_turn().min(latest);
        self.turns += 1;
        self.interface
            .poll(self.now, &mut self.loopback, &mut self.sockets);
        for (number, server) in self.servers.iter_mut().enumerate() {
            // Nothing may be left there.
            self.storage.fill(0xEE);
            let changes = &mut self.changes;
            server.serve(&mut self.sockets, &mut self.storage, self.now, |change| {
                changes.push((number, change))
            });
        }
        for client in &mut self.clients {
            client.work(self.sockets.get_mut(client.socket));
        }
        self.driver.turn(&mut self.sockets, self.now);
    }

    fn next_turn(&mut self) -> Instant {
        let soonest = self.now + TICK;
        if !self.loopback.is_empty() {
            return soonest;
        }
        let interface = self.interface.poll_at(self.now, &self.sockets);
        let servers = self.servers.iter().filter_map(Server::poll_at);
        let driver = self.driver.poll_at();
        let next = servers.chain(driver).chain(interface).min();
        // If there is no next event, only the script is waiting.
        next.map_or(self.now + PATIENCE, |next| next.max(soonest))
    }

    fn socket(&self, client: Number) -> &Socket<'static> {
        self.sockets.get(self.clients[client].socket)
    }

    fn socket_mut(&mut self, client: Number) -> &mut Socket<'static> {
        self.sockets.get_mut(self.clients[client].socket)
    }
}

fn socket([receive, send]: [usize; 2]) -> Socket<'static> {
    Socket::new(
        SocketBuffer::new(vec![0; receive]),
        SocketBuffer::new(vec![0; send]),
    )
}
