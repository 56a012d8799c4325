//! The admin listener: health checks and metrics by plain HTTP, on a thread of its own. A worker
//! that is stuck cannot hide it there, and whoever asks slowly cannot slow down a client.

mod connection;
mod routes;
mod server;

use std::fmt::{self, Display};
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use log::{info, warn};

use self::server::AdminServer;
use crate::escape::OneLine;
use crate::logging::event;
use crate::logging::target::ADMIN;
use crate::options::admin::AdminSocket;
use crate::platform;
use crate::serve::monitor::Monitor;
use crate::serve::poller::{Listener, Waker};
#[cfg(unix)]
use crate::serve::unix_socket;

/// Why the server cannot listen for its administrators.
#[derive(Debug)]
pub(crate) struct AdminError {
    socket: AdminSocket,
    error: io::Error,
}

impl Display for AdminError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.socket {
            AdminSocket::Address(address) => write!(f, "cannot listen on {address}: ")?,
            AdminSocket::Unix(path) => {
                let path = path.display().to_string();
                write!(f, "cannot listen on unix:{}: ", OneLine(&path))?;
            }
        }
        match self.error.kind() {
            ErrorKind::AddrInUse => f.write_str("address in use")?,
            ErrorKind::AlreadyExists => f.write_str("a file is there that is no socket")?,
            _ => self.error.fmt(f)?,
        }
        f.write_str("; choose another with --admin-listen")
    }
}

/// Who may connect to a Unix socket: only the user of the server.
#[cfg(unix)]
const UNIX_MODE: u32 = 0o600;

/// The thread of the admin listener. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Admin {
    waker: Waker,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Admin {
    /// Listens on a socket, and answers there.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub(crate) fn start(socket: &AdminSocket, monitor: Arc<Monitor>) -> Result<Self, AdminError> {
        Self::listening(socket, monitor).map_err(|error| AdminError {
            socket: socket.clone(),
            error,
        })
    }

    fn listening(socket: &AdminSocket, monitor: Arc<Monitor>) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (mut server, waker) = AdminServer::new(monitor, stop.clone())?;
        for listener in open(socket)? {
            log_url(&listener.url("http").unwrap_or_default());
            server.listen(listener)?;
        }
        warn_if_exposed(socket);
        let named = thread::Builder::new().name("admin".into());
        let thread = Some(named.spawn(move || server.run())?);
        Ok(Self {
            waker,
            stop,
            thread,
        })
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if self.waker.wake().is_ok()
            && let Some(thread) = self.thread.take()
        {
            // It cannot have panicked; and if it has, the server stops all the same.
            let _ = thread.join();
        }
    }
}

/// Opens a socket. The file of a Unix socket is removed with it.
fn open(socket: &AdminSocket) -> io::Result<Vec<Listener>> {
    match socket {
        AdminSocket::Address(address) => {
            let listeners = platform::listen(*address, 1, false)?.into_iter();
            Ok(listeners.map(Listener::from).collect())
        }
        #[cfg(unix)]
        AdminSocket::Unix(path) => {
            let (listener, file) = unix_socket::listen(path, UNIX_MODE)?;
            Ok(vec![(listener, Some(file)).into()])
        }
        // The command line has refused it.
        #[cfg(not(unix))]
        AdminSocket::Unix(_) => Err(ErrorKind::Unsupported.into()),
    }
}

fn log_url(url: &str) {
    info!(target: ADMIN, event = event::ADMIN_LISTENING; "health checks and metrics on {url}");
}

/// Warns if other machines can connect.
fn warn_if_exposed(socket: &AdminSocket) {
    if let AdminSocket::Address(address) = socket
        && !address.ip().is_loopback()
    {
        warn!(
            target: ADMIN, event = event::ADMIN_EXPOSED;
            "other machines can ask how this server is: --admin-listen {address}"
        );
    }
}
