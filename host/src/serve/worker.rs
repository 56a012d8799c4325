//! The event loop of one thread: it accepts clients, and tells their table what sockets and the clock
//! say.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

use log::{debug, warn};
use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};

use crate::options::serve::ServeOptions;
use crate::platform;
use crate::serve::clients::Clients;
use crate::serve::limits::ConnectionLimiter;
use crate::serve::transport::{Acceptor, Socket};

/// How many events are taken at once.
const EVENTS_LEN: usize = 1024;
/// How long no clients are accepted after that failed: for want of file descriptors, for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

const WAKER: Token = Token(0);
const FIRST_LISTENER: usize = 1;

/// A client that another worker has accepted.
pub(crate) type Accepted = (TcpStream, SocketAddr);

/// How a worker is reached from other threads.
#[derive(Clone, Debug)]
pub(crate) struct Handle {
    pub(crate) waker: Arc<Waker>,
    pub(crate) inbox: Sender<Accepted>,
}

impl Handle {
    /// Makes the worker look at what it was told.
    pub(crate) fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            warn!("cannot wake a worker: {error}");
        }
    }
}

/// One thread's event loop.
#[derive(Debug)]
pub(crate) struct Worker<C: Acceptor> {
    poll: Poll,
    listeners: Vec<TcpListener>,
    /// The token of the client with key 0, behind the listeners'.
    first_client: usize,
    /// Where this worker's clients go in turn: empty to keep them, as each worker with
    /// listeners of its own does.
    others: Vec<Handle>,
    inbox: Receiver<Accepted>,
    stop: Arc<AtomicBool>,
    acceptor: C,
    clients: Clients<C::Transport>,
    /// How many clients were handed to the others.
    handed: usize,
    accept_paused_until: Option<Instant>,
    /// Whether accepting failed the last time.
    is_short: bool,
    /// When it last woke up.
    now: Instant,
    drain: Drain,
    /// When the last clients are dropped, once it stops.
    stop_deadline: Option<Instant>,
}

/// A poll for a worker, and the handle's half that wakes it.
pub(crate) fn poll() -> io::Result<(Poll, Arc<Waker>)> {
    let poll = Poll::new()?;
    let waker = Waker::new(poll.registry(), WAKER)?;
    Ok((poll, Arc::new(waker)))
}

/// How clients are left when the server stops.
#[derive(Clone, Copy, Debug)]
struct Drain {
    /// The time over which their Close frames are spread.
    spread: Duration,
    /// The time after which they are dropped.
    timeout: Duration,
}

impl<C: Acceptor> Worker<C> {
    /// A worker with its poll; `inbox` is the other end of its [`Handle`]'s.
    pub(crate) fn new(
        poll: Poll,
        inbox: Receiver<Accepted>,
        stop: Arc<AtomicBool>,
        limiter: Arc<ConnectionLimiter>,
        options: &ServeOptions,
        acceptor: C,
    ) -> Self {
        let now = Instant::now();
        Self {
            poll,
            listeners: Vec::new(),
            first_client: FIRST_LISTENER,
            others: Vec::new(),
            inbox,
            stop,
            acceptor,
            clients: Clients::sharing(options, now, limiter),
            handed: 0,
            accept_paused_until: None,
            is_short: false,
            now,
            drain: Drain {
                spread: options.drain_spread,
                timeout: options.drain_timeout,
            },
            stop_deadline: None,
        }
    }

    /// Gives the worker a listener of its own.
    pub(crate) fn listen(&mut self, mut listener: TcpListener) -> io::Result<()> {
        let token = Token(self.first_client);
        let registry = self.poll.registry();
        registry.register(&mut listener, token, Interest::READABLE)?;
        self.listeners.push(listener);
        self.first_client += 1;
        Ok(())
    }

    /// Makes the worker hand the clients that it accepts to these in turn.
    pub(crate) fn hand_to(&mut self, workers: Vec<Handle>) {
        self.others = workers;
    }

    /// Serves until it is told to stop and the last client is gone.
    ///
    /// # Errors
    ///
    /// When the system does not report events any more.
    pub(crate) fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS_LEN);
        while !self.is_over() {
            let timeout = self.timeout();
            match self.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => self.now = Instant::now(),
            }
            self.clients.advance(self.now);
            self.clients.run_queued();
            for event in &events {
                self.handle(event);
            }
            self.clients.expire();
            self.resume_accepting();
        }
        Ok(())
    }

    /// Handles an event. One may be left from a client whose key another has got in the meantime:
    /// that one then gets a turn for nothing.
    fn handle(&mut self, event: &Event) {
        let first_client = self.first_client;
        match event.token() {
            WAKER => self.wake(),
            Token(token) if token < first_client => self.accept(token - FIRST_LISTENER),
            Token(token) => {
                let key = token - first_client;
                self.clients
                    .handle(key, C::readiness(platform::readiness(event)));
            }
        }
    }

    fn wake(&mut self) {
        if self.stop.load(Ordering::Acquire) && !self.is_stopping() {
            self.stop();
        }
        while let Ok((socket, peer)) = self.inbox.try_recv() {
            if !self.is_stopping() {
                self.add(socket, peer);
            }
        }
    }

    fn accept(&mut self, listener: usize) {
        loop {
            let Some(listener) = self.listeners.get(listener) else {
                return;
            };
            match listener.accept() {
                Ok((socket, peer)) => {
                    self.is_short = false;
                    self.place(socket, peer);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if is_of_one_client(&error) => {}
                Err(error) => {
                    if !self.is_short {
                        warn!("cannot accept clients, trying again: {error}");
                    }
                    self.is_short = true;
                    self.accept_paused_until = Some(self.now + ACCEPT_PAUSE);
                    return;
                }
            }
        }
    }

    /// Keeps a new client, or hands it to the worker whose turn it is.
    fn place(&mut self, socket: TcpStream, peer: SocketAddr) {
        if self.others.is_empty() {
            return self.add(socket, peer);
        }
        let Handle { waker, inbox } = &self.others[self.handed % self.others.len()];
        self.handed += 1;
        if let Err(error) = inbox.send((socket, peer)).map_err(io::Error::other) {
            debug!("client {peer} lost: {error}");
        } else if let Err(error) = waker.wake() {
            debug!("client {peer} waits: {error}");
        }
    }

    fn add(&mut self, mut socket: TcpStream, peer: SocketAddr) {
        let token = Token(self.first_client + self.clients.next_key());
        // Small echoes are sent at once: they never wait for the acknowledgement of others.
        let registered = socket.set_nodelay(true).and_then(|()| {
            let registry = self.poll.registry();
            registry.register(&mut socket, token, platform::interest())
        });
        match registered.and_then(|()| self.acceptor.accept(Socket(socket))) {
            Ok(transport) => drop(self.clients.add(transport, peer)),
            Err(error) => debug!("client {peer} left: {error}"),
        }
    }

    fn is_stopping(&self) -> bool {
        self.stop_deadline.is_some()
    }

    /// Ends all connections; the listeners close at once.
    fn stop(&mut self) {
        self.stop_deadline = Some(self.now + self.drain.timeout);
        self.listeners.clear();
        self.clients.stop(self.drain.spread);
    }

    /// Whether it has stopped; those whose connections did not end in time are dropped.
    fn is_over(&mut self) -> bool {
        let Some(deadline) = self.stop_deadline else {
            return false;
        };
        if deadline <= self.now {
            self.clients.give_up();
        }
        self.clients.is_empty()
    }

    /// Accepts again after a pause.
    fn resume_accepting(&mut self) {
        let now = self.now;
        if self
            .accept_paused_until
            .take_if(|until| *until <= now)
            .is_some()
        {
            (0..self.listeners.len()).for_each(|listener| self.accept(listener));
        }
    }

    /// How long to wait for events: for ever, unless there is something to do at some time.
    fn timeout(&mut self) -> Option<Duration> {
        let timeout = self.clients.timeout();
        // Neither is most often.
        if self.accept_paused_until.is_none() && self.stop_deadline.is_none() {
            return timeout;
        }
        let own = self
            .accept_paused_until
            .into_iter()
            .chain(self.stop_deadline);
        let own = own.map(|until| until.saturating_duration_since(self.now));
        timeout.into_iter().chain(own).min()
    }
}

/// Whether accepting failed because of the client rather than the server.
fn is_of_one_client(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionReset | Interrupted
    )
}

#[cfg(test)]
mod tests {
    use std::net;
    use std::sync::mpsc;

    use super::*;
    use crate::command_line::tests::options;
    use crate::serve::transport::Plain;

    /// A worker with a listener, and the listener's address.
    fn worker() -> (Worker<Plain>, SocketAddr, Arc<Waker>) {
        let (poll, waker) = poll().unwrap();
        let (_, inbox) = mpsc::channel();
        let options = options(&[], &[]);
        let limiter = Arc::new(ConnectionLimiter::new(&options, u64::MAX));
        let mut worker = Worker::new(poll, inbox, Arc::default(), limiter, &options, Plain);
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        worker.listen(TcpListener::from_std(listener)).unwrap();
        (worker, address, waker)
    }

    #[test]
    fn who_accepts_for_others_hands_them_clients_in_turn() {
        let (mut worker, address, waker) = worker();
        let (handles, inboxes): (Vec<_>, Vec<_>) = (0..4)
            .map(|_| {
                let (inbox, receiver) = mpsc::channel();
                let waker = waker.clone();
                (Handle { waker, inbox }, receiver)
            })
            .unzip();
        worker.hand_to(handles);
        let clients: Vec<_> = (0..9)
            .map(|_| net::TcpStream::connect(address).unwrap())
            .collect();
        worker.accept(0);
        let handed = inboxes.iter().map(|inbox| inbox.try_iter().count());
        assert_eq!(handed.collect::<Vec<_>>(), [3, 2, 2, 2]);
        drop(clients);
    }
}
