//! The server from start to stop: workers, signals.

use std::fmt::{self, Display};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;

use log::{error, info, warn};

use crate::escape::Excerpt;
use crate::logging;
use crate::logging::event;
use crate::logging::target::SERVER;
use crate::options::serve::{ServeOptions, Welcome};
use crate::platform;
use crate::quantity::Count;
use crate::serve::acceptor::{Acceptor, PlainAcceptor};
use crate::serve::admin;
use crate::serve::clients::Clients;
use crate::serve::container;
use crate::serve::journal;
use crate::serve::limits::ConnectionLimiter;
use crate::serve::listeners::{ListenError, Listeners};
use crate::serve::monitor::{Monitor, Stage};
use crate::serve::notify::Notifier;
use crate::serve::poller::Poller;
use crate::serve::signals;
use crate::serve::tap::{Tap, TapAcceptor};
use crate::serve::tls::{self, TlsAcceptor};
use crate::serve::transport::Transport;
use crate::serve::worker::{Worker, WorkerHandle};

/// About how many files a process may open on any system.
const LEAST_FILE_LIMIT: u64 = 256;

/// Why the server cannot serve.
#[derive(Debug)]
pub(crate) enum ServeError {
    /// There is no certificate.
    Certificate(tls::LoadError),
    /// The server cannot listen.
    Listen(ListenError),
    /// The server cannot listen on an address for its administrators.
    Admin(SocketAddr, io::Error),
    /// Nothing can be recorded in this folder.
    Record(PathBuf, io::Error),
    /// The system refused something else: what, and why.
    System(&'static str, io::Error),
}

impl Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(error) => error.fmt(f),
            Self::Listen(error) => error.fmt(f),
            Self::Admin(address, error) => write_admin_error(f, *address, error),
            Self::Record(folder, error) => write_record_error(f, folder, error),
            Self::System(what, error) => write!(f, "cannot {what}: {error}"),
        }
    }
}

impl std::error::Error for ServeError {}

/// Serves until a signal stops it.
///
/// # Errors
///
/// When it cannot serve, at the start or later.
pub(crate) fn run(options: &ServeOptions) -> Result<(), ServeError> {
    let tls = options.tls.as_ref();
    let tls = tls.map(|source| TlsAcceptor::new(source, options.listen.addresses()));
    let tls = tls.transpose().map_err(ServeError::Certificate)?;
    let folder = || options.record.as_ref().map(|record| record.folder.clone());
    let no_recordings = |error| ServeError::Record(folder().unwrap_or_default(), error);
    let Some(tap) = Tap::new(options).map_err(no_recordings)? else {
        return match tls {
            None => serve(options, PlainAcceptor, None),
            Some(tls) => serve(options, tls.clone(), Some(tls)),
        };
    };
    let served = match tls {
        None => serve(options, TapAcceptor::new(PlainAcceptor, tap.clone()), None),
        Some(tls) => {
            let acceptor = TapAcceptor::new(tls.clone(), tap.clone());
            serve(options, acceptor, Some(tls))
        }
    };
    tap.finish();
    served
}

fn write_admin_error(
    f: &mut fmt::Formatter<'_>,
    address: SocketAddr,
    error: &io::Error,
) -> fmt::Result {
    write!(f, "cannot listen on {address}: ")?;
    match error.kind() {
        ErrorKind::AddrInUse => f.write_str("address in use")?,
        _ => write!(f, "{error}")?,
    }
    f.write_str("; choose another with --admin-listen")
}

fn write_record_error(f: &mut fmt::Formatter<'_>, folder: &Path, error: &io::Error) -> fmt::Result {
    let folder = folder.display().to_string();
    write!(f, "--record {}: ", Excerpt::new(&folder))?;
    match error.kind() {
        ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
            f.write_str("it is not a folder; write a folder")
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            f.write_str("permission denied; write a folder in which files can be made")
        }
        _ => write!(f, "{error}; write a folder in which files can be made"),
    }
}

fn serve<A: Acceptor>(
    options: &ServeOptions,
    acceptor: A,
    tls: Option<TlsAcceptor>,
) -> Result<(), ServeError> {
    let file_limit = platform::raise_file_limit().unwrap_or_else(|error| {
        warn!(
            target: SERVER, event = event::FILE_LIMIT, reason:% = error;
            "cannot raise the limit of open files: {error}"
        );
        LEAST_FILE_LIMIT
    });
    let cost = cost::<A::Transport>(options);
    let limiter = limiter(options, file_limit, cost);
    let stop = Arc::new(AtomicBool::new(false));
    let (mut workers, handles, monitor) = workers(options, &acceptor, &stop, limiter)?;
    let limit = monitor.limiter().limit();
    // Before it listens for clients, so that it can say that it starts.
    if let Some(address) = options.admin.listen {
        let not_listening = |error| ServeError::Admin(address, error);
        admin::start(address, monitor.clone()).map_err(not_listening)?;
    }
    // Before it listens: a signal may follow as soon as clients can connect.
    let no_signals = |error| ServeError::System("handle signals", error);
    let notifier = Notifier::new(options.service_manager.clone());
    let stopped = signals::stop_on_signal(options, stop.clone(), monitor.clone(), &notifier);
    stopped.map_err(no_signals)?;
    let scheme = if tls.is_some() { "wss" } else { "ws" };
    signals::reload_on_hang_up(tls, &notifier).map_err(no_signals)?;
    let listeners = Listeners::open(options).map_err(ServeError::Listen)?;
    bound_sockets(options, &listeners, limit, cost)?;
    let listening = format!("listening on {}", enumerate(&listeners.urls(scheme)));
    let shared = listeners.share(&mut workers, handles);
    shared.map_err(no_worker)?;
    let (sender, ended) = mpsc::channel();
    for worker in workers {
        spawn(worker, sender.clone())?;
    }
    drop(sender);
    monitor.enter(Stage::Serving);
    notifier.ready(&listening);
    let watched = notifier.watch(monitor.clone());
    watched.map_err(|error| ServeError::System("tell the service manager", error))?;
    logging::print_line(listening);
    log_limits(options, limit, cost);
    warn_of_file_limit(options, limit, file_limit);
    warn_of_every_network(options);
    let mut result = Ok(());
    for error in ended.iter().filter_map(io::Result::err) {
        // The other workers stop as well: a server that answers only some clients is not useful.
        error!(
            target: SERVER, event = event::WORKER_ENDED, reason:% = error;
            "a worker has ended: {error}"
        );
        result = Err(ServeError::System("continue", error));
        stop.store(true, Ordering::Release);
        monitor.wake_workers();
    }
    info!(target: SERVER, event = event::STOPPED; "stopped");
    result
}

/// The memory that a connection may take besides its buffer, in bytes.
fn cost<T: Transport>(options: &ServeOptions) -> usize {
    match options.welcome {
        Welcome::Request => Clients::<T>::COST + journal::ENTRY_COST,
        Welcome::None | Welcome::Text(_) => Clients::<T>::COST,
    }
}

/// Makes what limits connections: to those for which there is memory in a container, unless the
/// user has said how many.
fn limiter(options: &ServeOptions, file_limit: u64, cost: usize) -> ConnectionLimiter {
    let limiter = ConnectionLimiter::new(options, file_limit);
    match options.container_memory {
        Some(memory) if options.max_connections.is_none() => {
            limiter.at_most(container::most_connections(memory, cost))
        }
        _ => limiter,
    }
}

/// Bounds what the system keeps for clients, if a container has little memory.
fn bound_sockets(
    options: &ServeOptions,
    listeners: &Listeners,
    connections: Option<usize>,
    cost: usize,
) -> Result<(), ServeError> {
    let Some(memory) = options.container_memory else {
        return Ok(());
    };
    let len = container::buffer_len(memory, connections.unwrap_or(usize::MAX), cost);
    let bound = listeners.bound_buffers(len);
    bound.map_err(|error| ServeError::System("limit the buffers of sockets", error))
}

/// Logs how many connections there may be, and how much memory they may take.
fn log_limits(options: &ServeOptions, connections: Option<usize>, cost: usize) {
    let shown = match connections {
        Some(limit) => {
            let connections = Count(limit as u64, "connection");
            format!("up to {connections} (--max-connections)")
        }
        None => "any number of connections".into(),
    };
    let memory = options.max_memory.div_ceil(1 << 20);
    let container = options.container_memory.map(|limit| {
        let limit = limit.div_ceil(1 << 20);
        format!("; the container may use {limit} MiB")
    });
    let container = container.unwrap_or_default();
    info!(
        target: SERVER, event = event::LIMITS, connections_max = connections,
        memory_max = options.max_memory;
        "{shown}, {cost} bytes for each, and {memory} MiB for the buffers of all \
         (--max-memory{container})"
    );
}

/// Warns if clients elsewhere can connect by any network.
fn warn_of_every_network(options: &ServeOptions) {
    let addresses = options.listen.addresses();
    let open = addresses.filter(|it| it.ip().is_unspecified());
    let open: Vec<_> = open.map(|address| address.to_string()).collect();
    if !open.is_empty() {
        warn!(
            target: SERVER, event = event::EVERY_NETWORK;
            "every network can connect, not only this machine: --listen {}",
            enumerate(&open)
        );
    }
}

/// Warns if there may be fewer connections than the user wants.
fn warn_of_file_limit(options: &ServeOptions, connections: Option<usize>, file_limit: u64) {
    if let (Some(wanted), Some(limit)) = (options.max_connections, connections)
        && wanted.get() > limit
    {
        warn!(
            target: SERVER, event = event::FILE_LIMIT, limit = limit;
            "--max-connections {wanted} is more than the limit of open files allows \
             (ulimit -n {file_limit}): up to {limit} are served"
        );
    }
}

/// `a`, `a and b`, `a, b and c`.
fn enumerate(items: &[String]) -> String {
    match items {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => items.concat(),
    }
}

/// The workers, without listeners, how other threads reach each, and what these know of all.
type Workers<A> = (Vec<Worker<A>>, Vec<WorkerHandle>, Arc<Monitor>);

/// Makes the workers.
fn workers<A: Acceptor>(
    options: &ServeOptions,
    acceptor: &A,
    stop: &Arc<AtomicBool>,
    limiter: ConnectionLimiter,
) -> Result<Workers<A>, ServeError> {
    let pollers = (0..options.threads.get()).map(|_| Poller::new());
    let pollers: Vec<_> = pollers.collect::<io::Result<_>>().map_err(no_worker)?;
    let wakers = pollers.iter().map(|(_, waker)| waker.clone());
    let monitor = Arc::new(Monitor::new(
        Arc::new(limiter),
        wakers,
        options.admin.watchdog,
    ));
    let workers = pollers
        .into_iter()
        .enumerate()
        .map(|(number, (poller, waker))| {
            let (sender, inbox) = mpsc::channel();
            let handle = WorkerHandle {
                waker,
                inbox: sender,
            };
            let place = (&monitor, number);
            let worker = Worker::new(
                poller,
                inbox,
                stop.clone(),
                place,
                options,
                acceptor.clone(),
            );
            (worker, handle)
        });
    let (workers, handles) = workers.unzip();
    Ok((workers, handles, monitor))
}

fn no_worker(error: io::Error) -> ServeError {
    ServeError::System("start a worker", error)
}

/// Starts a worker's thread, which reports how it ended.
fn spawn(worker: Worker<impl Acceptor>, ended: Sender<io::Result<()>>) -> Result<(), ServeError> {
    let run = move || {
        let end = panic::catch_unwind(AssertUnwindSafe(|| worker.run()));
        let panicked = |_| Err(io::Error::other("it panicked"));
        let _ = ended.send(end.unwrap_or_else(panicked));
    };
    let spawned = thread::Builder::new().name("worker".into()).spawn(run);
    spawned.map(drop).map_err(no_worker)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::time::Duration;

    use super::*;
    use crate::command_line::tests::options;
    use crate::serve::poller::Listener;

    #[test]
    fn all_clients_are_answered_where_workers_cannot_share_a_port() {
        let options = options(&["--threads", "3"], &[]);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let limiter = ConnectionLimiter::new(&options, u64::MAX);
        let (mut workers, handles, monitor) =
            workers(&options, &PlainAcceptor, &stop, limiter).unwrap();
        let listeners = Listeners::from(Listener::from(listener));
        listeners.share(&mut workers, handles).unwrap();
        let (sender, ended) = mpsc::channel();
        for worker in workers {
            spawn(worker, sender.clone()).unwrap();
        }
        drop(sender);
        for client in 0..7 {
            let mut stream = TcpStream::connect(address).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(10)))
                .unwrap();
            stream.write_all(b"GET / HTTP/1.2\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 505 "), "{client}: {answer}");
        }
        stop.store(true, Ordering::Release);
        monitor.wake_workers();
        assert!(ended.iter().all(|end| end.is_ok()));
    }

    #[test]
    fn addresses_are_listed_as_a_person_would_list_them() {
        let items = ["a", "b", "c"].map(String::from);
        assert_eq!(enumerate(&items[..1]), "a");
        assert_eq!(enumerate(&items[..2]), "a and b");
        assert_eq!(enumerate(&items), "a, b and c");
    }
}
