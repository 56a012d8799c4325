//! The sockets that listen for clients: they are opened, and shared among the workers.

use std::fmt::{self, Display};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::Path;

use log::warn;

use crate::escape::OneLine;
use crate::logging::event;
use crate::logging::target::SERVER;
use crate::options::listen::ListenSocket;
use crate::options::serve::ServeOptions;
use crate::platform;
use crate::serve::acceptor::Acceptor;
use crate::serve::passed_sockets::{self, PassedSockets};
use crate::serve::poller::Listener;
#[cfg(unix)]
use crate::serve::unix_socket;
use crate::serve::worker::{Worker, WorkerHandle};

/// The file descriptor of the first socket that is passed: see sd_listen_fds(3).
const FIRST_PASSED: usize = 3;

/// Why the server cannot listen on a socket.
#[derive(Debug)]
pub(crate) struct ListenError {
    socket: ListenSocket,
    error: io::Error,
}

impl Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot listen on ")?;
        match &self.socket {
            ListenSocket::Address(address) => write_address_error(f, *address, &self.error),
            ListenSocket::Unix { path, .. } => write_path_error(f, path, &self.error),
            ListenSocket::Passed(place) => {
                passed_sockets::write_error(f, place + FIRST_PASSED, &self.error)
            }
            ListenSocket::Inherited(number) => passed_sockets::write_error(f, *number, &self.error),
        }
    }
}

fn write_address_error(
    f: &mut fmt::Formatter<'_>,
    address: SocketAddr,
    error: &io::Error,
) -> fmt::Result {
    write!(f, "{address}: ")?;
    match error.kind() {
        ErrorKind::AddrInUse => {
            f.write_str("address in use; choose another with --port or --listen")
        }
        ErrorKind::AddrNotAvailable => {
            f.write_str("this machine has no such address; choose another with --listen")
        }
        ErrorKind::PermissionDenied => {
            f.write_str("permission denied; choose a port above 1023 with --port or --listen")
        }
        _ => write!(f, "{error}; choose another with --listen"),
    }
}

fn write_path_error(f: &mut fmt::Formatter<'_>, path: &Path, error: &io::Error) -> fmt::Result {
    let path = path.display().to_string();
    write!(f, "unix:{}: ", OneLine(&path))?;
    f.write_str(match error.kind() {
        ErrorKind::AddrInUse => "another server listens there; choose another path with --listen",
        ErrorKind::AlreadyExists => {
            "a file is there that is no socket; choose another path with --listen"
        }
        ErrorKind::InvalidInput => "the path is too long for a socket; choose a shorter one",
        ErrorKind::NotFound => "there is no such folder; make it, or choose another",
        ErrorKind::PermissionDenied => {
            "permission denied; choose a folder in which files can be made"
        }
        _ => return write!(f, "{error}; choose another path with --listen"),
    })
}

impl ListenError {
    /// Whether the address is missing because the machine has no IPv6.
    fn is_missing_ipv6(&self) -> bool {
        let ListenSocket::Address(address) = &self.socket else {
            return false;
        };
        let is_local = address.ip() == IpAddr::V6(Ipv6Addr::LOCALHOST);
        is_local
            && !matches!(
                self.error.kind(),
                ErrorKind::AddrInUse | ErrorKind::PermissionDenied
            )
    }
}

/// All listening sockets: in each place one, or one for each worker.
#[derive(Debug)]
pub(crate) struct Listeners(Vec<Vec<Listener>>);

impl Listeners {
    /// Listens on every socket.
    ///
    /// # Errors
    ///
    /// When the system refuses one of them. IPv6 may be missing, unless nothing else is listened
    /// on.
    pub(crate) fn open(options: &ServeOptions) -> Result<Self, ListenError> {
        let mut passed = PassedSockets::default();
        let mut listeners = Vec::new();
        let mut missing = None;
        for socket in &options.listen.sockets {
            match open(socket, options, &mut passed) {
                Ok(shared) => listeners.push(shared),
                Err(error) => {
                    let socket = socket.clone();
                    match (ListenError { socket, error }) {
                        error if error.is_missing_ipv6() => missing = Some(error),
                        error => return Err(error),
                    }
                }
            }
        }
        match missing {
            Some(error) if listeners.is_empty() => return Err(error),
            Some(error) => {
                warn!(target: SERVER, event = event::NOT_LISTENING, reason:% = error; "{error}");
            }
            None => {}
        }
        Ok(Self(listeners))
    }

    /// Where clients connect: the URL of each address, and the paths of Unix sockets.
    pub(crate) fn urls(&self, scheme: &str) -> Vec<String> {
        let first = self.0.iter().flat_map(|shared| shared.first());
        first.filter_map(|listener| listener.url(scheme)).collect()
    }

    /// Bounds what the system keeps for each client, in bytes.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub(crate) fn bound_buffers(&self, len: usize) -> io::Result<()> {
        let mut listeners = self.0.iter().flatten();
        listeners.try_for_each(|listener| listener.bound_buffers(len))
    }

    /// Gives the workers the listeners. Where there are fewer than workers, the first one accepts
    /// for all of them: `handles` are theirs.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub(crate) fn share<A: Acceptor>(
        self,
        workers: &mut [Worker<A>],
        handles: Vec<WorkerHandle>,
    ) -> io::Result<()> {
        let is_for_all = |shared: &Vec<_>| shared.len() < workers.len();
        if self.0.iter().any(is_for_all) {
            workers[0].hand_to(handles);
        }
        for shared in self.0 {
            let is_for_all = shared.len() < workers.len();
            for (mut listener, worker) in shared.into_iter().zip(&mut *workers) {
                listener.is_for_all = is_for_all;
                worker.listen(listener)?;
            }
        }
        Ok(())
    }
}

/// Listens on one socket.
fn open(
    socket: &ListenSocket,
    options: &ServeOptions,
    passed: &mut PassedSockets,
) -> io::Result<Vec<Listener>> {
    match socket {
        ListenSocket::Address(address) => {
            let (workers, reuse_port) = (options.threads.get(), options.listen.reuse_port);
            let shared = platform::listen(*address, workers, reuse_port)?;
            Ok(shared.into_iter().map(Listener::from).collect())
        }
        #[cfg(unix)]
        ListenSocket::Unix { path, mode } => {
            let (listener, file) = unix_socket::listen(path, *mode)?;
            Ok(vec![(listener, Some(file)).into()])
        }
        ListenSocket::Passed(place) => Ok(vec![passed.take(*place)?]),
        ListenSocket::Inherited(number) => Ok(vec![passed_sockets::inherited(*number)?]),
        // The command line has refused it.
        #[cfg(not(unix))]
        ListenSocket::Unix { .. } => Err(ErrorKind::Unsupported.into()),
    }
}

/// One listener for all workers.
#[cfg(test)]
impl From<Listener> for Listeners {
    fn from(listener: Listener) -> Self {
        Self(vec![vec![listener]])
    }
}
