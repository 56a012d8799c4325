//! Sockets and their events, for one worker. No other file of the server knows mio.

mod listener;

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use mio::event::Event;
use mio::net::TcpStream;
use mio::{Interest, Poll, Token};
#[cfg(unix)]
use rustix::net::{RecvFlags, SendFlags};
use socket2::SockRef;

pub(crate) use self::listener::Listener;
use crate::platform::{EXHAUSTION, Exhaustion};
use crate::serve::peer::Peer;
use crate::serve::response::{self, WrongProtocol};
use crate::serve::transport::{Readiness, Transport};

/// The most events in one round.
const EVENTS_LEN: usize = 1024;

/// The most connections of a worker that [wait for a PROXY header](Poller::register_arrival).
pub(crate) const ARRIVALS_MAX: usize = 1024;

const WAKER: Token = Token(0);
const FIRST_LISTENER: usize = 1;

/// The first byte from a client that speaks TLS: the type of its first record (RFC 8446 section
/// 5.1).
const TLS_HANDSHAKE: u8 = 22;

/// A write to a client that is gone must be an error, not a signal. Apple's systems have no such
/// flag; every Rust program ignores the signal there.
#[cfg(target_vendor = "apple")]
const SEND_FLAGS: SendFlags = SendFlags::empty();
#[cfg(all(unix, not(target_vendor = "apple")))]
const SEND_FLAGS: SendFlags = SendFlags::NOSIGNAL;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    /// Another thread has called [`Waker::wake`].
    Waker,
    /// Clients wait at the listener that was added as number `0`, `1`, ...
    Listener(usize),
    /// The connection with this key, which is no client yet, can be read.
    Arrival(usize),
    /// The client with this key can be read as `readiness` says, or written.
    Client { key: usize, readiness: Readiness },
    /// The same, but it cannot be written. Only where a write that would block repeats such events.
    ClientWithoutRoom { key: usize, readiness: Readiness },
}

/// The listeners of a worker, and the events of these and of its clients' sockets.
#[derive(Debug)]
pub(crate) struct Poller {
    poll: Poll,
    listeners: Vec<Listener>,
    /// The token of the connection with key 0 that is no client yet. Tokens before it are the
    /// listeners'.
    first_arrival: usize,
    /// The token of the client with key 0.
    first_client: usize,
}

/// The events of one round.
#[derive(Debug)]
pub(crate) struct Events {
    events: mio::Events,
    first_arrival: usize,
    first_client: usize,
}

/// Wakes a worker from another thread.
#[derive(Clone, Debug)]
pub(crate) struct Waker(Arc<mio::Waker>);

impl Waker {
    /// Ends the [wait](Poller::wait) of the worker.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub(crate) fn wake(&self) -> io::Result<()> {
        self.0.wake()
    }
}

impl Events {
    pub(crate) fn new() -> Self {
        Self {
            events: mio::Events::with_capacity(EVENTS_LEN),
            first_arrival: FIRST_LISTENER,
            first_client: FIRST_LISTENER,
        }
    }

    /// The events of the last [`Poller::wait`].
    ///
    /// An event may be left from a client that is gone, and another client may have its key now.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Ready> + '_ {
        self.events.iter().map(|event| match event.token() {
            WAKER => Ready::Waker,
            Token(token) if token < self.first_client => {
                match token.checked_sub(self.first_arrival) {
                    None => Ready::Listener(token - FIRST_LISTENER),
                    Some(key) => Ready::Arrival(key),
                }
            }
            Token(token) => {
                let key = token - self.first_client;
                let readiness = readiness(event);
                if EXHAUSTION == Exhaustion::WouldBlock && !event.is_writable() {
                    Ready::ClientWithoutRoom { key, readiness }
                } else {
                    Ready::Client { key, readiness }
                }
            }
        })
    }
}

impl Poller {
    /// A poller without listeners, and its waker.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub(crate) fn new() -> io::Result<(Self, Waker)> {
        let poll = Poll::new()?;
        let waker = mio::Waker::new(poll.registry(), WAKER)?;
        let poller = Self {
            poll,
            listeners: Vec::new(),
            first_arrival: FIRST_LISTENER,
            first_client: FIRST_LISTENER,
        };
        Ok((poller, Waker(Arc::new(waker))))
    }

    /// Adds a listener. All listeners must be added before the first client.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub(crate) fn listen(&mut self, mut listener: Listener) -> io::Result<()> {
        let token = Token(self.first_client);
        listener.register(self.poll.registry(), token)?;
        self.listeners.push(listener);
        self.first_arrival += 1;
        self.first_client = self.first_arrival;
        Ok(())
    }

    /// Makes room for connections that are no clients yet. All listeners must be there, and no
    /// client.
    pub(crate) fn expect_arrivals(&mut self) {
        self.first_client = self.first_arrival + ARRIVALS_MAX;
    }

    /// The listeners. They are numbered in this order.
    pub(crate) fn listeners(&self) -> &[Listener] {
        &self.listeners
    }

    /// Closes all listeners.
    pub(crate) fn close_listeners(&mut self) {
        self.listeners.clear();
    }

    /// Accepts a client that waits at a listener. `None` when the listener is closed.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) when no client waits, and what the system reports.
    pub(crate) fn accept(&self, listener: usize) -> Option<io::Result<(Socket, Peer)>> {
        let accepted = self.listeners.get(listener)?.accept();
        Some(accepted.map(|(stream, peer)| (Socket(stream), peer)))
    }

    /// Registers a client's socket for events in both directions.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub(crate) fn register(&self, socket: &mut Socket, key: usize) -> io::Result<()> {
        let token = Token(self.first_client + key);
        let registry = self.poll.registry();
        registry.register(&mut socket.0, token, interest())
    }

    /// Registers a connection that is no client yet for events when it can be read. Its key is less
    /// than [`ARRIVALS_MAX`].
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub(crate) fn register_arrival(&self, socket: &mut Socket, key: usize) -> io::Result<()> {
        let token = Token(self.first_arrival + key);
        let registry = self.poll.registry();
        registry.register(&mut socket.0, token, Interest::READABLE)
    }

    /// Undoes that, for a connection that becomes a client.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub(crate) fn deregister(&self, socket: &mut Socket) -> io::Result<()> {
        self.poll.registry().deregister(&mut socket.0)
    }

    /// Waits for events, for `timeout` at most; `None` waits without end.
    ///
    /// # Errors
    ///
    /// When the system reports no more events.
    pub(crate) fn wait(
        &mut self,
        events: &mut Events,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        events.first_arrival = self.first_arrival;
        events.first_client = self.first_client;
        self.poll.poll(&mut events.events, timeout)
    }
}

/// The events of interest for a client's socket: bytes, room, and urgent data where the system
/// reports it.
fn interest() -> Interest {
    let both = Interest::READABLE | Interest::WRITABLE;
    #[cfg(target_os = "linux")]
    let both = both | Interest::PRIORITY;
    both
}

/// What an event says about a client's socket.
fn readiness(event: &Event) -> Readiness {
    // A read ends at urgent data, though more may follow.
    if event.is_read_closed() || event.is_error() || event.is_priority() {
        Readiness::UntilWouldBlock
    } else if event.is_readable() {
        readable(EXHAUSTION)
    } else {
        Readiness::None
    }
}

/// What a socket may hold that has bytes.
const fn readable(exhaustion: Exhaustion) -> Readiness {
    match exhaustion {
        Exhaustion::ShortCall => Readiness::Data,
        Exhaustion::WouldBlock => Readiness::UntilWouldBlock,
    }
}

/// A client's socket.
///
/// On Unix it is read and written without the C library: with several threads, its wrappers cost 60
/// instructions for each call.
#[derive(Debug)]
pub(crate) struct Socket(TcpStream);

impl Socket {
    /// Makes short writes leave at once, instead of waiting for acknowledgements of earlier ones,
    /// as they do on the Unix socket of a peer without an address.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub(crate) fn set_nodelay(&self, peer: Peer) -> io::Result<()> {
        match peer.address() {
            Some(_) => self.0.set_nodelay(true),
            None => Ok(()),
        }
    }

    /// Reads, and leaves the bytes in the socket.
    ///
    /// # Errors
    ///
    /// What the system reports.
    pub(crate) fn peek(&self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.peek(bytes)
    }
}

impl Read for Socket {
    #[cfg(unix)]
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let (len, _) = rustix::net::recv(&self.0, bytes, RecvFlags::empty())?;
        Ok(len)
    }

    #[cfg(not(unix))]
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Write for Socket {
    #[cfg(unix)]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::net::send(&self.0, bytes, SEND_FLAGS)?)
    }

    #[cfg(not(unix))]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Socket {
    fn shut(&mut self) -> io::Result<()> {
        self.0.shutdown(Shutdown::Write)
    }

    fn reset(&mut self) -> io::Result<()> {
        // What is not sent yet is thrown away, and a RST is sent.
        SockRef::from(&self.0).set_linger(Some(Duration::ZERO))
    }

    #[cfg(target_os = "linux")]
    fn is_left(&self) -> bool {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let at_once = Timespec::default();
        let mut socket = [PollFd::new(&self.0, PollFlags::RDHUP)];
        poll(&mut socket, Some(&at_once)).is_ok_and(|count| count > 0)
    }

    fn wrong_protocol(&self, first: &[u8]) -> Option<&'static WrongProtocol> {
        (first.first() == Some(&TLS_HANDSHAKE)).then_some(&response::TLS_NOT_SERVED)
    }

    fn local_address(&self) -> Option<SocketAddr> {
        self.0.local_addr().ok()
    }

    fn remote_address(&self) -> Option<SocketAddr> {
        self.0.peer_addr().ok()
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net;

    use super::*;

    /// Reads what the event reports, as its readiness says.
    fn read(socket: &mut Socket, ready: Ready) -> usize {
        let (Ready::Client { readiness, .. } | Ready::ClientWithoutRoom { readiness, .. }) = ready
        else {
            panic!("{ready:?}");
        };
        if readiness == Readiness::None {
            return 0;
        }
        let mut received = 0;
        loop {
            match socket.read(&mut [0; 64]) {
                Ok(len) => received += len,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    return received;
                }
            }
            if readiness == Readiness::Data {
                return received;
            }
        }
    }

    #[test]
    fn a_socket_that_was_read_as_its_readiness_says_is_reported_again() {
        let (mut poller, _waker) = Poller::new().unwrap();
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        let mut socket = Socket(TcpStream::from_std(stream));
        poller.register(&mut socket, 0).unwrap();
        let mut events = Events::new();
        let mut received = 0;
        for sent in [5, 10, 15] {
            client.write_all(b"hello").unwrap();
            while received < sent {
                poller.wait(&mut events, None).unwrap();
                let lens = events.iter().map(|ready| read(&mut socket, ready));
                received += lens.sum::<usize>();
            }
        }
    }

    #[test]
    fn what_a_short_read_does_not_show_is_read_until_it_would_block() {
        assert_eq!(readable(Exhaustion::ShortCall), Readiness::Data);
        assert_eq!(readable(Exhaustion::WouldBlock), Readiness::UntilWouldBlock);
    }
}
