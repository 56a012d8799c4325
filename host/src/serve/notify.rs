//! Tells the service manager how far the server is: see sd_notify(3). Its socket is never waited
//! for.

use std::io;
#[cfg(unix)]
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use log::{error, warn};
#[cfg(unix)]
use rustix::time::{ClockId, clock_gettime};

use crate::logging::event;
use crate::logging::target::SERVER;
use crate::options::service_manager::ServiceManager;
use crate::serve::monitor::Monitor;

/// How often the manager hears of the server in the time after which it would take it for dead.
const WATCHDOG_PARTS: u32 = 3;
/// How often it hears of the server at most.
const PERIOD_MIN: Duration = Duration::from_millis(10);

/// Tells the service manager how far the server is, if there is one.
#[derive(Clone, Debug)]
pub(crate) struct Notifier(Option<ServiceManager>);

impl Notifier {
    pub(crate) fn new(manager: Option<ServiceManager>) -> Self {
        Self(manager)
    }

    /// The server listens: `status` says where.
    pub(crate) fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}"));
    }

    /// The server begins to load what can change.
    pub(crate) fn reloading(&self) {
        let now = monotonic_microseconds();
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={now}"));
    }

    /// It is loaded.
    pub(crate) fn reloaded(&self) {
        self.tell("READY=1");
    }

    /// The server stops.
    pub(crate) fn stopping(&self, status: &str) {
        self.tell(&format!("STOPPING=1\nSTATUS={status}"));
    }

    /// Tells the manager that the server is alive, for as long as its workers turn, if it wants to
    /// know that.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub(crate) fn watch(&self, monitor: Arc<Monitor>) -> io::Result<()> {
        let manager = self.0.as_ref();
        let Some(watchdog) = manager.and_then(|manager| manager.watchdog) else {
            return Ok(());
        };
        let period = (watchdog / WATCHDOG_PARTS).min(monitor.liveness_interval());
        let period = period.max(PERIOD_MIN);
        let notifier = self.clone();
        let watch = move || {
            let mut was_alive = true;
            loop {
                let liveness = monitor.liveness(Instant::now());
                match &liveness {
                    Ok(()) => notifier.tell("WATCHDOG=1"),
                    Err(stuck) if was_alive => {
                        error!(
                            target: SERVER, event = event::STUCK, reason:% = stuck;
                            "{stuck}: the service manager does not hear that the server is alive"
                        );
                    }
                    Err(_) => {}
                }
                was_alive = liveness.is_ok();
                thread::sleep(period);
            }
        };
        let thread = thread::Builder::new().name("watchdog".into());
        thread.spawn(watch).map(drop)
    }

    fn tell(&self, state: &str) {
        let Some(manager) = &self.0 else {
            return;
        };
        if let Err(error) = send(manager, state) {
            warn!(
                target: SERVER, event = event::NOTIFY_FAILED, reason:% = error;
                "cannot tell the service manager how far the server is: {error}"
            );
        }
    }
}

/// The time of a clock that the manager has too.
#[cfg(unix)]
fn monotonic_microseconds() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000 + now.tv_nsec as u64 / 1_000
}

#[cfg(not(unix))]
fn monotonic_microseconds() -> u64 {
    0
}

/// On other systems the command line finds no manager.
#[cfg(not(unix))]
fn send(_: &ServiceManager, _: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Sends what the manager must know, without waiting.
#[cfg(unix)]
fn send(manager: &ServiceManager, state: &str) -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    let address = address(manager)?;
    socket.send_to_addr(state.as_bytes(), &address).map(drop)
}

#[cfg(unix)]
fn address(manager: &ServiceManager) -> io::Result<SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(name) = manager.socket.as_encoded_bytes().strip_prefix(b"@") {
        use std::os::linux::net::SocketAddrExt as _;
        return SocketAddr::from_abstract_name(name);
    }
    SocketAddr::from_pathname(&manager.socket)
}
