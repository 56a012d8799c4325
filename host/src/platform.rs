//! Everything that differs between systems: listeners that share a port, what events mean, the
//! limit of open files, signals, terminals, and ends of lines.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use socket2::{Domain, Protocol, Socket, Type};

/// The most clients that wait to be accepted, if the system allows that many.
pub(crate) const BACKLOG: i32 = 1024;
/// Windows' number of an error of a pipe whose other end is gone, which has no kind.
const PIPE_NOT_CONNECTED: i32 = 233;
/// How often to look whether the process was stopped and continued, and how long to wait each time.
#[cfg(unix)]
const STOP_COUNT: usize = 50;
#[cfg(unix)]
const STOP_TIME: std::time::Duration = std::time::Duration::from_millis(10);

/// Listeners on one address: `count` that share its port if the system spreads clients over them,
/// otherwise one.
///
/// # Errors
///
/// When the system refuses, and when another server uses the port, even one that shares it: unless
/// `reuse_port` says that this may be.
pub(crate) fn listen(
    address: SocketAddr,
    count: usize,
    reuse_port: bool,
) -> io::Result<Vec<TcpListener>> {
    let first = socket(address)?;
    if reuse_port {
        share_port(&first)?;
    }
    first.bind(&address.into())?;
    // It listens before it shares its port, so that a port in use is an error.
    first.listen(BACKLOG)?;
    let address = local_address(&first)?;
    let mut sockets = vec![first];
    if count > 1 && share_port(&sockets[0])? {
        for _ in 1..count {
            let other = socket(address)?;
            share_port(&other)?;
            other.bind(&address.into())?;
            other.listen(BACKLOG)?;
            sockets.push(other);
        }
    }
    Ok(sockets.into_iter().map(TcpListener::from).collect())
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    if let SocketAddr::V6(address) = address {
        // So that [::] and 0.0.0.0 can be listened on side by side.
        let is_ipv4 = address.ip().to_ipv4_mapped().is_some();
        socket.set_only_v6(!is_ipv4)?;
    }
    // On Windows the same option would let two servers take one port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    Ok(socket)
}

fn local_address(socket: &Socket) -> io::Result<SocketAddr> {
    let address = socket.local_addr()?.as_socket();
    address.ok_or_else(|| io::Error::from(io::ErrorKind::AddrNotAvailable))
}

/// Lets other sockets of this process listen on the same port. Returns `false` if the system would
/// not spread clients over them.
#[cfg(target_os = "linux")]
fn share_port(socket: &Socket) -> io::Result<bool> {
    socket.set_reuse_port(true).map(|()| true)
}

#[cfg(not(target_os = "linux"))]
fn share_port(_: &Socket) -> io::Result<bool> {
    Ok(false)
}

/// What shows that a socket has no bytes or no room left, so that an event reports when it has some
/// again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exhaustion {
    /// A call that moves fewer bytes than it was offered, or that would block.
    ShortCall,
    /// Only a call that would block.
    WouldBlock,
}

/// On Windows, mio asks for further events only in a call that would block.
pub(crate) const EXHAUSTION: Exhaustion = if cfg!(windows) {
    Exhaustion::WouldBlock
} else {
    Exhaustion::ShortCall
};

impl Exhaustion {
    /// Whether a call that moved `len` of the `offered` bytes shows it.
    pub(crate) fn is_shown_by(self, len: usize, offered: usize) -> bool {
        self == Self::ShortCall && len < offered
    }
}

/// Why a file could not be read. Windows says of a folder only that it may not be opened.
pub(crate) fn file_error(path: &Path, error: io::Error) -> io::Error {
    let is_folder = cfg!(windows) && path.is_dir();
    match error.kind() {
        io::ErrorKind::PermissionDenied if is_folder => io::ErrorKind::IsADirectory.into(),
        _ => error,
    }
}

/// Whether an error says that nobody reads a pipe any longer.
pub(crate) fn is_closed_pipe(error: &io::Error) -> bool {
    let is_not_connected = error.raw_os_error() == Some(PIPE_NOT_CONNECTED);
    error.kind() == io::ErrorKind::BrokenPipe || cfg!(windows) && is_not_connected
}

/// Raises the limit of open files, which include sockets, as far as the system allows. Returns the
/// limit.
///
/// # Errors
///
/// When the system refuses.
#[cfg(unix)]
pub(crate) fn raise_file_limit() -> io::Result<u64> {
    rlimit::increase_nofile_limit(u64::MAX)
}

/// Other systems do not count sockets as files.
#[cfg(not(unix))]
pub(crate) fn raise_file_limit() -> io::Result<u64> {
    Ok(u64::MAX)
}

/// Calls `stop` at each SIGINT and SIGTERM, from a thread of its own.
///
/// # Errors
///
/// When the system refuses.
#[cfg(unix)]
pub(crate) fn on_stop_signal(stop: impl FnMut() + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};

    on_signals(&[SIGINT, SIGTERM], stop)
}

/// Calls `hang_up` at each SIGHUP, from a thread of its own.
///
/// # Errors
///
/// When the system refuses.
#[cfg(unix)]
pub(crate) fn on_hang_up(hang_up: impl FnMut() + Send + 'static) -> io::Result<()> {
    on_signals(&[signal_hook::consts::SIGHUP], hang_up)
}

#[cfg(unix)]
fn on_signals(
    signals: &[std::ffi::c_int],
    mut act: impl FnMut() + Send + 'static,
) -> io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new(signals)?;
    let wait = move || signals.forever().for_each(|_| act());
    let thread = std::thread::Builder::new().name("signals".into());
    thread.spawn(wait).map(drop)
}

/// Other systems have no such signal.
#[cfg(not(unix))]
pub(crate) fn on_hang_up(_: impl FnMut() + Send + 'static) -> io::Result<()> {
    Ok(())
}

/// Whether stdin is a terminal that still exists.
#[cfg(unix)]
pub(crate) fn is_terminal_there() -> bool {
    use std::io::IsTerminal as _;
    io::stdin().is_terminal()
}

#[cfg(not(unix))]
pub(crate) fn is_terminal_there() -> bool {
    false
}

/// Calls `stop` at each Ctrl-C and Ctrl-Break, and when the console is closed or the system shuts
/// down, from a thread of its own. In the two latter cases the system ends the process some seconds
/// later, and would do so at once if the handler returned: it waits for the end.
///
/// # Errors
///
/// When the system refuses.
#[cfg(windows)]
pub(crate) fn on_stop_signal(mut stop: impl FnMut() + Send + 'static) -> io::Result<()> {
    use std::task::Context;
    use std::thread;
    use tokio::signal::windows;

    let (mut control_c, mut control_break) = (windows::ctrl_c()?, windows::ctrl_break()?);
    let (mut close, mut log_off) = (windows::ctrl_close()?, windows::ctrl_logoff()?);
    let mut shutdown = windows::ctrl_shutdown()?;
    let wait = move || {
        let waker = std::sync::Arc::new(Unpark(thread::current())).into();
        let mut context = Context::from_waker(&waker);
        loop {
            // Each of them, so that each wakes this thread.
            let received = [
                control_c.poll_recv(&mut context),
                control_break.poll_recv(&mut context),
                close.poll_recv(&mut context),
                log_off.poll_recv(&mut context),
                shutdown.poll_recv(&mut context),
            ];
            if received.iter().any(std::task::Poll::is_ready) {
                stop();
            } else {
                thread::park();
            }
        }
    };
    let thread = thread::Builder::new().name("signals".into());
    thread.spawn(wait).map(drop)
}

/// Wakes a thread.
#[cfg(windows)]
struct Unpark(std::thread::Thread);

#[cfg(windows)]
impl std::task::Wake for Unpark {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.unpark();
    }
}

/// Sends this process a SIGINT.
#[cfg(unix)]
pub(crate) fn interrupt() {
    // Raising a signal fails only if the signal does not exist.
    let _ = signal_hook::low_level::raise(signal_hook::consts::SIGINT);
}

/// On other systems nothing waits for it.
#[cfg(not(unix))]
pub(crate) fn interrupt() {}

/// Stops this process, and the others of its job, until the shell continues them: what Ctrl-Z does
/// where keys are signals. Without a shell that could continue it, nothing stops.
///
/// # Errors
///
/// When the system refuses.
#[cfg(unix)]
pub(crate) fn suspend() -> io::Result<()> {
    use rustix::process::{Signal, kill_current_process_group};
    use signal_hook::consts::{SIGCONT, SIGWINCH};

    let mut continued = signal_hook::iterator::Signals::new([SIGCONT])?;
    kill_current_process_group(Signal::TSTP)?;
    // Any thread may take the signal, at any time, and then all stop. (Raised here, a second one
    // could stop the process again after it was continued.)
    for _ in 0..STOP_COUNT {
        if continued.pending().next().is_some() {
            break;
        }
        std::thread::sleep(STOP_TIME);
    }
    // The terminal may have another size now.
    signal_hook::low_level::raise(SIGWINCH)
}

/// Other systems stop no jobs.
#[cfg(not(unix))]
pub(crate) fn suspend() -> io::Result<()> {
    Ok(())
}

/// How many columns the terminal on stdout has, if that is known.
#[cfg(unix)]
pub(crate) fn terminal_columns() -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col)
}

#[cfg(not(unix))]
pub(crate) fn terminal_columns() -> Option<u16> {
    None
}

/// The mode of the terminal on stdin.
#[cfg(unix)]
#[derive(Clone, Debug)]
pub(crate) struct TerminalMode(Option<rustix::termios::Termios>);

#[cfg(unix)]
impl TerminalMode {
    /// The current mode; nothing if stdin is not a terminal.
    pub(crate) fn now() -> Self {
        Self(rustix::termios::tcgetattr(io::stdin()).ok())
    }

    /// Sets this mode again.
    pub(crate) fn restore(&self) {
        if let Some(mode) = &self.0 {
            set_terminal_mode(mode);
        }
    }

    /// Sets this mode, but with keys that can be read one by one: none is shown, edits a line or is
    /// a signal.
    pub(crate) fn read_keys(&self) {
        use rustix::termios::{InputModes, LocalModes, SpecialCodeIndex};

        let Some(mut mode) = self.0.clone() else {
            return;
        };
        mode.input_modes -= InputModes::BRKINT | InputModes::ICRNL | InputModes::INPCK;
        mode.input_modes -= InputModes::ISTRIP | InputModes::IXON;
        mode.local_modes -= LocalModes::ECHO | LocalModes::ICANON;
        mode.local_modes -= LocalModes::IEXTEN | LocalModes::ISIG;
        mode.special_codes[SpecialCodeIndex::VMIN] = 1;
        mode.special_codes[SpecialCodeIndex::VTIME] = 0;
        set_terminal_mode(&mode);
    }
}

/// Sets the mode of the terminal on stdin at once, without waiting for output. The process can
/// continue without its terminal.
#[cfg(unix)]
fn set_terminal_mode(mode: &rustix::termios::Termios) {
    use rustix::termios::{OptionalActions, tcsetattr};

    let _ = tcsetattr(io::stdin(), OptionalActions::Now, mode);
}

/// On other systems a shell sets the mode of its terminal itself.
#[cfg(not(unix))]
#[derive(Clone, Debug)]
pub(crate) struct TerminalMode;

#[cfg(not(unix))]
impl TerminalMode {
    pub(crate) fn now() -> Self {
        Self
    }

    pub(crate) fn restore(&self) {}

    pub(crate) fn read_keys(&self) {}
}

/// What ends a line of a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineEnd {
    /// A line feed. A carriage return before it belongs to the line.
    LineFeed,
    /// A line feed, and a carriage return before it if there is one.
    ReturnAndLineFeed,
}

/// On Windows, programs end each line with both.
pub(crate) const LINE_END: LineEnd = if cfg!(windows) {
    LineEnd::ReturnAndLineFeed
} else {
    LineEnd::LineFeed
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_is_gone_is_known_by_the_error_of_each_system() {
        assert!(is_closed_pipe(&io::ErrorKind::BrokenPipe.into()));
        assert!(!is_closed_pipe(&io::ErrorKind::ConnectionReset.into()));
        let other_name = io::Error::from_raw_os_error(PIPE_NOT_CONNECTED);
        assert_eq!(is_closed_pipe(&other_name), cfg!(windows));
    }

    #[test]
    fn a_short_call_shows_that_a_socket_is_exhausted_only_where_an_event_follows() {
        let [short, full] = [(1, 2), (2, 2)];
        let is_shown =
            |exhaustion: Exhaustion, (len, offered)| exhaustion.is_shown_by(len, offered);
        assert!(is_shown(Exhaustion::ShortCall, short));
        assert!(!is_shown(Exhaustion::ShortCall, full));
        assert!(!is_shown(Exhaustion::WouldBlock, short));
        assert!(!is_shown(Exhaustion::WouldBlock, full));
    }
}
