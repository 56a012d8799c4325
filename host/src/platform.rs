//! What differs between systems: listeners that share a port, and signals.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// How many clients may wait to be accepted, as far as the system allows.
const BACKLOG: i32 = 1024;

/// Listeners on one address: `count` that share its port, where the system spreads clients over
/// them; one otherwise.
///
/// # Errors
///
/// When the address cannot be listened on; also when it is in use by a server that shares it.
pub(crate) fn listen(address: SocketAddr, count: usize) -> io::Result<Vec<TcpListener>> {
    let first = socket(address)?;
    // Bound alone, so that a port in use is an error; shared only then.
    first.bind(&address.into())?;
    let address = local_address(&first)?;
    let mut sockets = vec![first];
    if count > 1 && share_port(&sockets[0])? {
        for _ in 1..count {
            let other = socket(address)?;
            share_port(&other)?;
            other.bind(&address.into())?;
            sockets.push(other);
        }
    }
    sockets.iter().try_for_each(|it| it.listen(BACKLOG))?;
    Ok(sockets.into_iter().map(TcpListener::from).collect())
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
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

/// Lets other sockets of this process listen on the same port; `false` where the system would not
/// spread clients over them.
#[cfg(target_os = "linux")]
fn share_port(socket: &Socket) -> io::Result<bool> {
    socket.set_reuse_port(true).map(|()| true)
}

#[cfg(not(target_os = "linux"))]
fn share_port(_: &Socket) -> io::Result<bool> {
    Ok(false)
}

/// Calls `stop` at each SIGINT and SIGTERM, from a thread of its own.
///
/// # Errors
///
/// When the system refuses.
#[cfg(unix)]
pub(crate) fn on_stop_signal(mut stop: impl FnMut() + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let wait = move || signals.forever().for_each(|_| stop());
    let thread = std::thread::Builder::new().name("signals".into());
    thread.spawn(wait).map(drop)
}

/// Calls `stop` at each Ctrl-C, from a thread of its own.
///
/// # Errors
///
/// When the system refuses.
#[cfg(windows)]
pub(crate) fn on_stop_signal(stop: impl FnMut() + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(stop).map_err(io::Error::other)
}
