//! The sockets that listen for clients: they are opened, and shared among the workers.

use std::fmt::{self, Display};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener};

use log::warn;

use crate::logging::event;
use crate::logging::target::SERVER;
use crate::options::serve::ServeOptions;
use crate::platform;
use crate::serve::acceptor::Acceptor;
use crate::serve::container;
use crate::serve::worker::{Worker, WorkerHandle};

/// Why the server cannot listen on an address.
#[derive(Debug)]
pub(crate) struct ListenError {
    address: SocketAddr,
    error: io::Error,
}

impl Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot listen on {}: ", self.address)?;
        match self.error.kind() {
            ErrorKind::AddrInUse => {
                f.write_str("address in use; choose another with --port or --listen")
            }
            ErrorKind::AddrNotAvailable => {
                f.write_str("this machine has no such address; choose another with --listen")
            }
            ErrorKind::PermissionDenied => {
                f.write_str("permission denied; choose a port above 1023 with --port or --listen")
            }
            _ => write!(f, "{}; choose another with --listen", self.error),
        }
    }
}

impl ListenError {
    /// Whether the address is missing because the machine has no IPv6.
    fn is_missing_ipv6(&self) -> bool {
        let is_local = self.address.ip() == IpAddr::V6(Ipv6Addr::LOCALHOST);
        is_local
            && !matches!(
                self.error.kind(),
                ErrorKind::AddrInUse | ErrorKind::PermissionDenied
            )
    }
}

/// All listening sockets: for each address one, or one for each worker.
#[derive(Debug)]
pub(crate) struct Listeners(Vec<Vec<TcpListener>>);

impl Listeners {
    /// Listens on every address.
    ///
    /// # Errors
    ///
    /// When the system refuses one of them. IPv6 may be missing, unless nothing else is listened
    /// on.
    pub(crate) fn open(options: &ServeOptions) -> Result<Self, ListenError> {
        let mut listeners = Vec::new();
        let mut missing = None;
        for &address in &options.listen {
            match platform::listen(address, options.threads.get()) {
                Ok(shared) => listeners.push(shared),
                Err(error) => match (ListenError { address, error }) {
                    error if error.is_missing_ipv6() => missing = Some(error),
                    error => return Err(error),
                },
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

    /// The URL of each address.
    pub(crate) fn urls(&self, scheme: &str) -> Vec<String> {
        let first = self.0.iter().flat_map(|shared| shared.first());
        first
            .filter_map(|listener| listener.local_addr().ok())
            .map(|address| format!("{scheme}://{address}"))
            .collect()
    }

    /// Bounds what the system keeps for each client, in bytes.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub(crate) fn bound_buffers(&self, len: usize) -> io::Result<()> {
        let mut listeners = self.0.iter().flatten();
        listeners.try_for_each(|listener| container::bound_buffers(listener, len))
    }

    /// Gives the workers the listeners. If there are fewer than workers, the first one accepts for
    /// all of them: `handles` are theirs.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub(crate) fn share<A: Acceptor>(
        self,
        workers: &mut [Worker<A>],
        handles: &[WorkerHandle],
    ) -> io::Result<()> {
        for shared in self.0 {
            if shared.len() < workers.len() {
                workers[0].hand_to(handles.to_vec());
            }
            for (listener, worker) in shared.into_iter().zip(&mut *workers) {
                worker.listen(listener)?;
            }
        }
        Ok(())
    }
}

/// One listener for all workers.
#[cfg(test)]
impl From<TcpListener> for Listeners {
    fn from(listener: TcpListener) -> Self {
        Self(vec![vec![listener]])
    }
}
