//! The sockets that another process has opened, and passed to this one.

use std::fmt;
use std::io::{self, ErrorKind};

#[cfg(unix)]
use listenfd::ListenFd;
#[cfg(unix)]
use socket2::SockRef;

use crate::serve::poller::Listener;

/// Writes why the server cannot listen on the socket with this file descriptor.
pub(super) fn write_error(
    f: &mut fmt::Formatter<'_>,
    number: usize,
    error: &io::Error,
) -> fmt::Result {
    write!(f, "fd:{number}: {error}; ")?;
    f.write_str(match error.kind() {
        ErrorKind::PermissionDenied => {
            "the system refuses pidfd_getfd(2), so pass the socket by LISTEN_FDS"
        }
        _ => "pass a TCP or Unix socket that listens",
    })
}

/// The sockets that were passed to this process: see sd_listen_fds(3).
#[cfg(unix)]
#[derive(Default)]
pub(super) struct PassedSockets(Option<ListenFd>);

#[cfg(unix)]
impl PassedSockets {
    /// Takes one, by its place. It may be of TCP or a Unix socket.
    pub(super) fn take(&mut self, place: usize) -> io::Result<Listener> {
        let all = self.0.get_or_insert_with(ListenFd::from_env);
        if let Ok(Some(listener)) = all.take_tcp_listener(place) {
            check_listening(SockRef::from(&listener))?;
            return Ok(Listener::passed(listener.into()));
        }
        let listener = all.take_unix_listener(place)?;
        let listener = listener.ok_or(ErrorKind::NotFound)?;
        check_listening(SockRef::from(&listener))?;
        Ok(Listener::passed((listener, None).into()))
    }
}

/// Makes a socket that was passed fit for a poller, or says that no client can connect to it.
#[cfg(unix)]
fn check_listening(socket: SockRef<'_>) -> io::Result<()> {
    #[cfg(any(target_os = "freebsd", target_os = "linux"))]
    if !socket.is_listener()? {
        let error = "no client can connect to it";
        return Err(io::Error::new(ErrorKind::InvalidInput, error));
    }
    socket.set_nonblocking(true)
}

/// A listener on a socket that this process has inherited, by its file descriptor. That one stays
/// open: the listener has another for the same socket, which is how no number can be wrong.
///
/// # Errors
///
/// When there is no such file descriptor, when it is not a socket that listens, and when the system
/// refuses.
#[cfg(target_os = "linux")]
pub(super) fn inherited(number: usize) -> io::Result<Listener> {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
    use socket2::{Domain, Socket};

    let number = number.try_into().map_err(|_| rustix::io::Errno::BADF)?;
    let process = pidfd_open(getpid(), PidfdFlags::empty())?;
    let socket = Socket::from(pidfd_getfd(process, number, PidfdGetfdFlags::empty())?);
    check_listening(SockRef::from(&socket))?;
    Ok(Listener::passed(match socket.domain()? {
        Domain::UNIX => (socket.into(), None).into(),
        _ => std::net::TcpListener::from(socket).into(),
    }))
}

/// The command line asks for none: other systems give no second file descriptor for a socket
/// without unsafe code.
#[cfg(not(target_os = "linux"))]
pub(super) fn inherited(_: usize) -> io::Result<Listener> {
    Err(ErrorKind::Unsupported.into())
}

/// Other systems pass no sockets.
#[cfg(not(unix))]
#[derive(Default)]
pub(super) struct PassedSockets;

#[cfg(not(unix))]
impl PassedSockets {
    pub(super) fn take(&mut self, _: usize) -> io::Result<Listener> {
        Err(ErrorKind::Unsupported.into())
    }
}
