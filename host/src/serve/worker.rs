//! The event loop of one thread. It accepts clients, and passes the events of their sockets and the
//! time on to their table.

mod arriving;
mod stopping;

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::time::{Duration, Instant};

use log::warn;

use crate::logging::event;
use crate::logging::target::SERVER;
use crate::options::drain::DrainOptions;
use crate::options::serve::ServeOptions;
use crate::serve::acceptor::Acceptor;
use crate::serve::arrivals::Arrivals;
use crate::serve::clients::Clients;
use crate::serve::monitor::{Monitor, Post};
use crate::serve::peer::Peer;
use crate::serve::poller::{Events, Listener, Poller, Ready, Socket, Waker};
use crate::serve::tls;

/// How long no clients are accepted after accepting failed, for example because no file descriptor
/// was left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A client that has connected, and does not belong to a worker yet.
#[derive(Debug)]
pub(crate) struct NewClient {
    socket: Socket,
    peer: Peer,
}

/// How another worker hands clients to a worker.
#[derive(Debug)]
pub(crate) struct WorkerHandle {
    pub(crate) waker: Waker,
    pub(crate) inbox: Sender<NewClient>,
}

impl WorkerHandle {
    /// Tells the worker that no more clients follow.
    fn close(self) {
        drop(self.inbox);
        if let Err(error) = self.waker.wake() {
            warn!(
                target: SERVER, event = event::WAKE_FAILED, reason:% = error;
                "cannot wake a worker: {error}"
            );
        }
    }
}

/// One thread's event loop.
#[derive(Debug)]
pub(crate) struct Worker<A: Acceptor> {
    poller: Poller,
    /// The workers that get the clients of listeners that are for all, in turn. Empty if there are
    /// none here.
    others: Vec<WorkerHandle>,
    inbox: Receiver<NewClient>,
    /// Whether no other worker can hand a client to this one any longer.
    is_inbox_closed: bool,
    stop: Arc<AtomicBool>,
    post: Arc<Post>,
    acceptor: A,
    clients: Clients<A::Transport>,
    /// Connections that wait for a PROXY header; `None` if none begins with one.
    arrivals: Option<Box<Arrivals>>,
    /// How many clients were handed to the others.
    handed: usize,
    accept_paused_until: Option<Instant>,
    /// Whether accepting failed the last time.
    has_accept_failed: bool,
    /// The time of the last wake-up.
    now: Instant,
    drain: DrainOptions,
    /// Whether another server may listen on the same ports.
    reuses_ports: bool,
    /// How far the server's end has come; `None` while it serves.
    end: Option<End>,
    /// Whether more than clients may have something due: the server ends, accepting has failed, or
    /// connections say first whose they are. Then each round costs more.
    has_own_tasks: bool,
}

/// How far the server's end has come.
#[derive(Clone, Copy, Debug)]
enum End {
    /// Clients are accepted until then.
    StopsAt(Instant),
    /// The same, but none begins to connect: another server takes them.
    ClosesAt(Instant),
    /// Connections end, and the last clients are dropped then.
    StoppedUntil(Instant),
}

impl<A: Acceptor> Worker<A> {
    /// A worker with its poller, and its number from 0 in the monitor; `inbox` is the other end of
    /// its [`WorkerHandle`]'s.
    pub(crate) fn new(
        poller: Poller,
        inbox: Receiver<NewClient>,
        stop: Arc<AtomicBool>,
        (monitor, number): (&Arc<Monitor>, usize),
        options: &ServeOptions,
        acceptor: A,
    ) -> Self {
        let now = Instant::now();
        let arrivals = Arrivals::new(options, now, monitor.limiter());
        Self {
            poller,
            others: Vec::new(),
            inbox,
            is_inbox_closed: false,
            stop,
            post: monitor.post(number),
            acceptor,
            clients: Clients::sharing(options, now, monitor),
            arrivals,
            handed: 0,
            accept_paused_until: None,
            has_accept_failed: false,
            now,
            drain: options.drain,
            reuses_ports: options.listen.reuse_port,
            end: None,
            has_own_tasks: true,
        }
    }

    /// Gives the worker a listener.
    pub(crate) fn listen(&mut self, listener: Listener) -> io::Result<()> {
        self.poller.listen(listener)
    }

    /// Makes the worker hand the clients of listeners that are for all to these in turn.
    pub(crate) fn hand_to(&mut self, workers: Vec<WorkerHandle>) {
        self.others = workers;
    }

    /// Serves until the server must stop and the last client is gone.
    ///
    /// # Errors
    ///
    /// When the system reports no more events.
    pub(crate) fn run(mut self) -> io::Result<()> {
        let mut events = Events::new();
        self.post.begin_round();
        if self.arrivals.is_some() {
            self.poller.expect_arrivals();
        }
        loop {
            let timeout = if !self.has_own_tasks {
                // The usual case.
                self.clients.timeout()
            } else if self.is_over() {
                break;
            } else {
                self.timeout()
            };
            self.post.end_round();
            match self.poller.wait(&mut events, timeout) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => self.now = Instant::now(),
            }
            self.post.begin_round();
            self.clients.advance(self.now);
            // Before all turns: only here does a client get more time that had to wait for the
            // server's part of a handshake.
            self.clients.expire();
            self.clients.run_queued();
            for ready in events.iter() {
                self.handle(ready);
            }
            if self.has_own_tasks {
                self.resume_accepting();
            }
        }
        self.post.end_round();
        Ok(())
    }

    /// Handles an event. If it is left from a client that is gone, the client that has the key now
    /// gets a turn in which there is nothing to do.
    fn handle(&mut self, ready: Ready) {
        match ready {
            Ready::Waker => self.wake(),
            Ready::Listener(listener) => self.accept(listener),
            Ready::Arrival(key) => self.handle_arrival(key),
            Ready::Client { key, readiness } => {
                self.clients.handle(key, A::readiness(readiness));
            }
            Ready::ClientWithoutRoom { key, readiness } => {
                self.clients
                    .handle_without_room(key, A::readiness(readiness));
            }
        }
    }

    fn wake(&mut self) {
        if self.stop.load(Ordering::Acquire) && self.end.is_none() {
            self.end = Some(End::StopsAt(self.now + self.drain.delay));
            self.has_own_tasks = true;
        }
        if let Some(question) = self.post.question() {
            let mut report = self.clients.report(question);
            report.numbers.tls = tls::handshakes();
            report.clients += self.arrivals.as_ref().map_or(0, |it| it.len());
            self.post.answer(question, report);
        }
        // Also when the server stops: they were accepted before.
        loop {
            match self.inbox.try_recv() {
                Ok(client) => self.add(client),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    self.is_inbox_closed = true;
                    return;
                }
            }
        }
    }

    /// Accepts all clients that wait at a listener.
    fn accept(&mut self, listener: usize) {
        while let Some(accepted) = self.poller.accept(listener) {
            match accepted {
                Ok((socket, peer)) => {
                    self.has_accept_failed = false;
                    self.place(listener, NewClient { socket, peer });
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if is_of_one_client(&error) => {}
                Err(error) => return self.pause_accepting(&error),
            }
        }
    }

    fn pause_accepting(&mut self, error: &io::Error) {
        if !self.has_accept_failed {
            warn!(
                target: SERVER, event = event::ACCEPT_FAILED, reason:% = error;
                "cannot accept clients, trying again: {error}"
            );
        }
        self.has_accept_failed = true;
        self.post.set_cannot_accept(true);
        self.accept_paused_until = Some(self.now + ACCEPT_PAUSE);
        self.has_own_tasks = true;
    }

    /// Keeps a new client, or hands it to the next worker if its listener is for all.
    fn place(&mut self, listener: usize, client: NewClient) {
        if self.others.is_empty() || !self.poller.listeners()[listener].is_for_all {
            return self.add(client);
        }
        let peer = client.peer;
        let WorkerHandle { waker, inbox } = &self.others[self.handed % self.others.len()];
        self.handed += 1;
        if let Err(error) = inbox.send(client).map_err(io::Error::other) {
            self.clients.journal().not_handed_over(peer, &error);
        } else if let Err(error) = waker.wake() {
            self.clients.journal().not_woken(peer, &error);
        }
    }

    /// Accepts again after a pause.
    fn resume_accepting(&mut self) {
        let now = self.now;
        if self
            .accept_paused_until
            .take_if(|until| *until <= now)
            .is_some()
        {
            (0..self.poller.listeners().len()).for_each(|listener| self.accept(listener));
            self.post
                .set_cannot_accept(self.accept_paused_until.is_some());
        }
    }

    /// How long to wait for events if there may be [own tasks](Self::has_own_tasks): without end,
    /// unless something is due.
    fn timeout(&mut self) -> Option<Duration> {
        self.expire_arrivals();
        let timeout = self.clients.timeout();
        self.has_own_tasks =
            self.accept_paused_until.is_some() || self.end.is_some() || self.arrivals.is_some();
        let now = self.now;
        let end = self.end.map(|end| match end {
            End::StopsAt(time) | End::ClosesAt(time) | End::StoppedUntil(time) => time,
        });
        let own = self.accept_paused_until.into_iter().chain(end);
        let own = own.map(|until| until.saturating_duration_since(now));
        let arrivals = self.arrivals.as_mut().and_then(|it| it.timeout(now));
        timeout.into_iter().chain(own).chain(arrivals).min()
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
    use std::net::{self, SocketAddr, TcpListener};
    use std::sync::mpsc;

    use super::*;
    use crate::command_line::tests::options;
    use crate::serve::acceptor::PlainAcceptor;
    use crate::serve::limits::ConnectionLimiter;

    /// A worker with a listener, and the listener's address.
    fn worker() -> (Worker<PlainAcceptor>, SocketAddr, Waker) {
        let (poller, waker) = Poller::new().unwrap();
        let (_, inbox) = mpsc::channel();
        let options = options(&[], &[]);
        let limiter = Arc::new(ConnectionLimiter::new(&options, u64::MAX));
        let monitor = Arc::new(Monitor::new(limiter, [waker.clone()], Duration::MAX));
        let mut worker = Worker::new(
            poller,
            inbox,
            Arc::default(),
            (&monitor, 0),
            &options,
            PlainAcceptor,
        );
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let mut listener = Listener::from(listener);
        listener.is_for_all = true;
        worker.listen(listener).unwrap();
        (worker, address, waker)
    }

    #[test]
    fn a_worker_that_accepts_for_others_hands_them_clients_in_turn() {
        let (mut worker, address, waker) = worker();
        let (handles, inboxes): (Vec<_>, Vec<_>) = (0..4)
            .map(|_| {
                let (inbox, receiver) = mpsc::channel();
                let waker = waker.clone();
                (WorkerHandle { waker, inbox }, receiver)
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
