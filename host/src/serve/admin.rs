//! The admin listener: health checks by plain HTTP, on a thread of its own. A worker that is stuck
//! cannot hide it there, and whoever asks slowly cannot slow down a client.

mod connection;
mod routes;
mod server;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use log::{info, warn};

use self::server::AdminServer;
use crate::logging::event;
use crate::logging::target::ADMIN;
use crate::platform;
use crate::serve::monitor::Monitor;
use crate::serve::poller::Waker;

/// The thread of the admin listener. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Admin {
    waker: Waker,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Admin {
    /// Listens on an address, and answers there.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub(crate) fn start(address: SocketAddr, monitor: Arc<Monitor>) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (mut server, waker) = AdminServer::new(monitor, stop.clone())?;
        for listener in platform::listen(address, 1)? {
            let address = listener.local_addr()?;
            server.listen(listener)?;
            log_address(address);
        }
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

fn log_address(address: SocketAddr) {
    info!(
        target: ADMIN, event = event::ADMIN_LISTENING;
        "health checks on http://{address}"
    );
    if !address.ip().is_loopback() {
        warn!(
            target: ADMIN, event = event::ADMIN_EXPOSED;
            "other machines can ask how this server is: --admin-listen {address}"
        );
    }
}
