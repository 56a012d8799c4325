//! The event loop of one thread: it accepts clients, and gives each a turn when its socket or a
//! deadline asks for one.

use std::io::{self, ErrorKind};
use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

use log::{debug, warn};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use slab::Slab;

use crate::client::{Client, Shared, Turn};
use crate::command_line::ServeOptions;
use crate::deadlines::{Deadlines, GRANULARITY, Ticket};
use crate::platform;
use crate::pool::Pool;
use crate::service::Service;

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

/// One thread's event loop.
#[derive(Debug)]
pub(crate) struct Worker {
    poll: Poll,
    listeners: Vec<TcpListener>,
    /// The token of the client with key 0, behind the listeners'.
    first_client: usize,
    /// Where this worker's clients go in turn: empty to keep them, as each worker with
    /// listeners of its own does.
    others: Vec<Handle>,
    inbox: Receiver<Accepted>,
    stop: Arc<AtomicBool>,
    clients: Slab<Client>,
    /// How many clients there have been.
    added: u64,
    /// How many clients were handed to the others.
    handed: usize,
    /// The clients that were promised another turn.
    again: Vec<Ticket>,
    accept_paused_until: Option<Instant>,
    /// Whether accepting failed the last time.
    is_short: bool,
    shared: Shared,
    is_stopping: bool,
}

impl Worker {
    /// A worker with its poll; `inbox` is the other end of its [`Handle`]'s.
    pub(crate) fn new(
        poll: Poll,
        inbox: Receiver<Accepted>,
        stop: Arc<AtomicBool>,
        options: &ServeOptions,
    ) -> Self {
        Self {
            poll,
            listeners: Vec::new(),
            first_client: FIRST_LISTENER,
            others: Vec::new(),
            inbox,
            stop,
            clients: Slab::new(),
            added: 0,
            handed: 0,
            again: Vec::new(),
            accept_paused_until: None,
            is_short: false,
            shared: Shared {
                service: Service::new(options),
                pool: Pool::new(options.buffer_len),
                handshakes: Deadlines::new(options.handshake_timeout),
                closes: Deadlines::new(options.close_timeout),
                now: Instant::now(),
            },
            is_stopping: false,
        }
    }

    /// A poll, and the handle's half that wakes it.
    pub(crate) fn poll() -> io::Result<(Poll, Arc<Waker>)> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        Ok((poll, Arc::new(waker)))
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
        while !(self.is_stopping && self.clients.is_empty()) {
            let timeout = self.timeout();
            match self.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => self.shared.now = Instant::now(),
            }
            for ticket in mem::take(&mut self.again) {
                self.turn_again(ticket);
            }
            for event in &events {
                self.handle(event);
            }
            self.expire();
        }
        Ok(())
    }

    /// Handles an event. One may be left from a client whose key another has got in the meantime:
    /// that one then gets a turn for nothing.
    fn handle(&mut self, event: &mio::event::Event) {
        let first_client = self.first_client;
        match event.token() {
            WAKER => self.wake(),
            Token(token) if token < first_client => self.accept(token - FIRST_LISTENER),
            Token(token) => self.turn(token - first_client, |client, shared| {
                client.note(event);
                // Nobody gets two turns in a round.
                if client.is_queued {
                    return Turn::Wait;
                }
                client.turn(shared)
            }),
        }
    }

    /// Gives a client the turn that it was promised.
    fn turn_again(&mut self, ticket: Ticket) {
        if is_pending(&self.clients, ticket, |client| client.is_queued) {
            self.turn(ticket.key, |client, shared| {
                client.is_queued = false;
                client.turn(shared)
            });
        }
    }

    /// Gives the client at `key` a turn, if it is still there.
    fn turn(&mut self, key: usize, turn: impl FnOnce(&mut Client, &mut Shared) -> Turn) {
        let Some(client) = self.clients.get_mut(key) else {
            return;
        };
        match turn(client, &mut self.shared) {
            Turn::Again if !client.is_queued => {
                client.is_queued = true;
                self.again.push(client.ticket());
            }
            Turn::Wait | Turn::Again => {}
            Turn::Gone => drop(self.clients.remove(key)),
        }
    }

    fn wake(&mut self) {
        if self.stop.load(Ordering::Acquire) && !self.is_stopping {
            self.stop();
        }
        while let Ok((socket, peer)) = self.inbox.try_recv() {
            if !self.is_stopping {
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
                    self.accept_paused_until = Some(self.shared.now + ACCEPT_PAUSE);
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
        let entry = self.clients.vacant_entry();
        let ticket = Ticket {
            key: entry.key(),
            number: self.added,
        };
        self.added += 1;
        let token = Token(self.first_client + ticket.key);
        // Small echoes are sent at once: they never wait for the acknowledgement of others.
        let registered = socket.set_nodelay(true).and_then(|()| {
            let registry = self.poll.registry();
            registry.register(&mut socket, token, platform::interest())
        });
        match registered {
            Ok(()) => {
                entry.insert(Client::new(socket, peer, ticket, &mut self.shared));
            }
            Err(error) => debug!("client {peer} left: {error}"),
        }
        self.forget_deadlines();
    }

    /// Forgets deadlines of clients that are gone, or open, before there are many.
    fn forget_deadlines(&mut self) {
        let clients = &self.clients;
        let is_pending = |ticket| is_pending(clients, ticket, Client::is_opening);
        self.shared.handshakes.forget(is_pending);
    }

    /// Ends all connections; the listeners close at once.
    fn stop(&mut self) {
        self.is_stopping = true;
        self.listeners.clear();
        let keys: Vec<_> = self.clients.iter().map(|(key, _)| key).collect();
        for key in keys {
            self.turn(key, Client::leave);
        }
    }

    fn expire(&mut self) {
        while let Some(ticket) = self.shared.handshakes.take_due(self.shared.now) {
            if is_pending(&self.clients, ticket, Client::is_opening) {
                self.turn(ticket.key, Client::refuse_late_request);
            }
        }
        while let Some(ticket) = self.shared.closes.take_due(self.shared.now) {
            if is_pending(&self.clients, ticket, Client::is_closing) {
                self.turn(ticket.key, |client, _| {
                    client.give_up();
                    Turn::Gone
                });
            }
        }
        let now = self.shared.now;
        if self
            .accept_paused_until
            .take_if(|until| *until <= now)
            .is_some()
        {
            (0..self.listeners.len()).for_each(|listener| self.accept(listener));
        }
    }

    /// How long to wait for events: for ever, unless there is a deadline.
    fn timeout(&mut self) -> Option<Duration> {
        if !self.again.is_empty() {
            return Some(Duration::ZERO);
        }
        let Shared {
            handshakes, closes, ..
        } = &mut self.shared;
        let clients = &self.clients;
        let next = [
            handshakes.next(|ticket| is_pending(clients, ticket, Client::is_opening)),
            closes.next(|ticket| is_pending(clients, ticket, Client::is_closing)),
            self.accept_paused_until,
        ];
        let next = next.into_iter().flatten().min()?;
        let left = next.saturating_duration_since(self.shared.now);
        Some(left.max(GRANULARITY))
    }
}

/// Whether a deadline's connection is still there, and still waits for it.
fn is_pending(clients: &Slab<Client>, ticket: Ticket, waits: impl Fn(&Client) -> bool) -> bool {
    let client = clients.get(ticket.key);
    client.is_some_and(|client| client.ticket() == ticket && waits(client))
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

    /// A worker with a listener, and the listener's address.
    fn worker() -> (Worker, SocketAddr, Arc<Waker>) {
        let (poll, waker) = Worker::poll().unwrap();
        let (_, inbox) = mpsc::channel();
        let mut worker = Worker::new(poll, inbox, Arc::default(), &options(&[], &[]));
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        worker.listen(TcpListener::from_std(listener)).unwrap();
        (worker, address, waker)
    }

    #[test]
    fn a_client_is_promised_one_turn_at_a_time() {
        let (mut worker, address, _) = worker();
        let _client = net::TcpStream::connect(address).unwrap();
        worker.accept(0);
        for _ in 0..3 {
            worker.turn(0, |_, _| Turn::Again);
        }
        assert_eq!(worker.again.len(), 1);
        let ticket = worker.again.pop().unwrap();
        worker.turn_again(ticket);
        assert!(!worker.clients[0].is_queued, "the promise was kept");
        // It was kept once: an old promise is worth nothing.
        worker.clients[0].is_queued = true;
        let number = ticket.number + 1;
        worker.turn_again(Ticket { number, ..ticket });
        assert!(worker.clients[0].is_queued);
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
