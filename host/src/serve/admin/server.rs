//! The thread of the admin listener. It has few connections, each of them for a short time.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use log::{error, info, warn};
use slab::Slab;

use super::connection::Connection;
use super::routes;
use crate::logging::event;
use crate::logging::target::{ADMIN, SERVER};
use crate::serve::limits::ADMIN_CONNECTIONS_MAX;
use crate::serve::monitor::Monitor;
use crate::serve::poller::{Events, Listener, Poller, Ready, Socket, Waker};

/// How long a connection may last.
const TIME: Duration = Duration::from_secs(5);
/// How many connections are accepted before the others get their turn.
const ACCEPTED_MAX: usize = 8;
/// How long nothing is accepted after that failed, for example because too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The connections, and where they come from.
pub(super) struct AdminServer {
    poller: Poller,
    /// At most [`ADMIN_CONNECTIONS_MAX`]: the oldest one gives way to a new one.
    connections: Slab<Visit>,
    monitor: Arc<Monitor>,
    /// When to accept again, without an event: more connections may wait.
    accept_at: Option<Instant>,
    has_accept_failed: bool,
    /// Whether a worker was stuck when this was last looked at.
    is_stuck: bool,
    stop: Arc<AtomicBool>,
}

struct Visit {
    connection: Connection<Socket>,
    deadline: Instant,
}

impl AdminServer {
    /// A server without listeners, and what wakes it. It stops when `stop` is set and it is woken.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub(super) fn new(monitor: Arc<Monitor>, stop: Arc<AtomicBool>) -> io::Result<(Self, Waker)> {
        let (poller, waker) = Poller::new()?;
        let server = Self {
            poller,
            connections: Slab::with_capacity(ADMIN_CONNECTIONS_MAX),
            monitor,
            accept_at: None,
            has_accept_failed: false,
            is_stuck: false,
            stop,
        };
        Ok((server, waker))
    }

    /// Adds a listener.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub(super) fn listen(&mut self, listener: Listener) -> io::Result<()> {
        self.poller.listen(listener)
    }

    /// Answers until it must stop.
    pub(super) fn run(mut self) {
        let mut events = Events::new();
        loop {
            let timeout = self.timeout();
            match self.poller.wait(&mut events, Some(timeout)) {
                Err(error) if error.kind() != ErrorKind::Interrupted => {
                    return error!(
                        target: ADMIN, event = event::ADMIN_FAILED, reason:% = error;
                        "health checks have ended: {error}"
                    );
                }
                _ => {}
            }
            let now = Instant::now();
            self.look_at_workers(now);
            self.connections.retain(|_, visit| visit.deadline > now);
            for ready in events.iter() {
                match ready {
                    Ready::Waker if self.stop.load(Ordering::Acquire) => return,
                    Ready::Waker | Ready::Arrival(_) => {}
                    Ready::Listener(_) => self.accept_at = Some(now),
                    Ready::Client { key, .. } | Ready::ClientWithoutRoom { key, .. } => {
                        self.turn(key);
                    }
                }
            }
            if self.accept_at.take_if(|at| *at <= now).is_some() {
                self.accept(now);
            }
        }
    }

    /// How long to wait for events: workers are looked at even if nobody asks.
    fn timeout(&self) -> Duration {
        let now = Instant::now();
        let deadlines = self.connections.iter().map(|(_, visit)| visit.deadline);
        let next = deadlines.chain(self.accept_at).min();
        let next = next.map(|at| at.saturating_duration_since(now));
        let interval = self.monitor.liveness_interval();
        next.map_or(interval, |next| next.min(interval))
    }

    /// Logs when a worker is stuck, and when none is any longer.
    fn look_at_workers(&mut self, now: Instant) {
        match (self.monitor.liveness(now), self.is_stuck) {
            (Err(stuck), false) => {
                error!(
                    target: SERVER, event = event::WORKER_STUCK, worker = stuck.worker,
                    duration = stuck.time.as_secs_f64();
                    "{stuck} (--watchdog): /livez says so"
                );
                self.is_stuck = true;
            }
            (Ok(()), true) => {
                info!(target: SERVER, event = event::WORKERS_TURN; "all workers turn again");
                self.is_stuck = false;
            }
            _ => {}
        }
    }

    /// Accepts some of the connections that wait.
    fn accept(&mut self, now: Instant) {
        for listener in 0..self.poller.listeners().len() {
            let mut left = ACCEPTED_MAX;
            while let Some(accepted) = self.poller.accept(listener) {
                match accepted {
                    Ok((socket, _)) => {
                        self.has_accept_failed = false;
                        self.add(socket, now);
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return self.pause_accepting(now, &error),
                }
                left -= 1;
                if left == 0 {
                    self.accept_at = Some(now);
                    break;
                }
            }
        }
    }

    fn pause_accepting(&mut self, now: Instant, error: &io::Error) {
        if !self.has_accept_failed {
            warn!(
                target: ADMIN, event = event::ACCEPT_FAILED, reason:% = error;
                "cannot accept health checks, trying again: {error}"
            );
        }
        self.has_accept_failed = true;
        self.accept_at = Some(now + ACCEPT_PAUSE);
    }

    /// Adds a connection. Most requests are answered at once.
    fn add(&mut self, mut socket: Socket, now: Instant) {
        if self.connections.len() >= ADMIN_CONNECTIONS_MAX {
            let oldest = self.connections.iter().min_by_key(|(_, it)| it.deadline);
            let oldest = oldest.map(|(key, _)| key);
            oldest.map(|key| self.connections.remove(key));
        }
        let key = self.connections.vacant_key();
        if let Err(error) = self.poller.register(&mut socket, key) {
            return warn!(
                target: ADMIN, event = event::ADMIN_FAILED, reason:% = error;
                "cannot answer a health check: {error}"
            );
        }
        self.connections.insert(Visit {
            connection: Connection::new(socket),
            deadline: now + TIME,
        });
        self.turn(key);
    }

    fn turn(&mut self, key: usize) {
        let Some(visit) = self.connections.get_mut(key) else {
            return;
        };
        let monitor = &*self.monitor;
        if !visit.connection.turn(&mut |it| routes::answer(it, monitor)) {
            self.connections.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::thread;

    use super::*;
    use crate::command_line::tests::options;
    use crate::serve::limits::ConnectionLimiter;
    use crate::serve::monitor::Stage;

    const WATCHDOG: Duration = Duration::from_millis(1);
    const PATIENCE: Duration = Duration::from_secs(60);

    /// Starts an admin server; its thread ends with the process.
    fn start(workers: usize) -> (Arc<Monitor>, SocketAddr) {
        let wakers = (0..workers).map(|_| Poller::new().unwrap().1);
        let limiter = Arc::new(ConnectionLimiter::new(&options(&[], &[]), u64::MAX));
        let monitor = Arc::new(Monitor::new(limiter, wakers, WATCHDOG));
        let (mut server, _) = AdminServer::new(monitor.clone(), Arc::default()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        server.listen(listener.into()).unwrap();
        thread::spawn(move || server.run());
        (monitor, address)
    }

    fn get(address: SocketAddr, path: &str) -> String {
        let mut client = TcpStream::connect(address).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(client, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Asks until the answer begins with this.
    fn wait_for(address: SocketAddr, path: &str, status: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = get(address, path);
            if answer.starts_with(status) {
                return answer;
            }
            assert!(Instant::now() < deadline, "{answer}");
        }
    }

    #[test]
    fn a_stuck_worker_is_named_until_it_turns_again() {
        let (monitor, address) = start(3);
        let second = monitor.post(1);
        assert!(get(address, "/livez").starts_with("HTTP/1.0 200 OK\r\n"));
        second.begin_round();
        let answer = wait_for(address, "/livez", "HTTP/1.0 503 Service Unavailable\r\n");
        assert!(
            answer.contains("\r\n\r\nworker 2 has not turned for "),
            "{answer}"
        );
        second.end_round();
        wait_for(address, "/livez", "HTTP/1.0 200 OK\r\n");
    }

    #[test]
    fn a_server_is_not_ready_before_it_listens() {
        let (monitor, address) = start(1);
        let answer = get(address, "/readyz");
        assert!(answer.starts_with("HTTP/1.0 503 "), "{answer}");
        assert!(answer.contains("\r\n\r\nstarting: "), "{answer}");
        monitor.enter(Stage::Serving);
        assert!(get(address, "/readyz").starts_with("HTTP/1.0 200 "));
    }
}
