//! The admin listener: health checks by plain HTTP, on a thread of its own. A worker that is stuck
//! cannot hide it there, and whoever asks slowly cannot slow down a client.

mod connection;
mod routes;
mod server;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use log::{info, warn};

use self::server::AdminServer;
use crate::logging::target::ADMIN;
use crate::platform;
use crate::serve::monitor::Monitor;

/// Listens on an address, and answers there until the process ends.
///
/// # Errors
///
/// When the system refuses.
pub(crate) fn start(address: SocketAddr, monitor: Arc<Monitor>) -> io::Result<()> {
    let mut server = AdminServer::new(monitor)?;
    for listener in platform::listen(address, 1, false)? {
        let address = listener.local_addr()?;
        server.listen(listener)?;
        info!(target: ADMIN, "health checks on http://{address}");
        if !address.ip().is_loopback() {
            warn!(
                target: ADMIN,
                "other machines can ask how this server is: --admin-listen {address}"
            );
        }
    }
    let named = thread::Builder::new().name("admin".into());
    named.spawn(move || server.run()).map(drop)
}
