//! Asks for the host's addresses, and connects a socket to the first of them that accepts.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Interest, Token};

use crate::client::error::ConnectError;
use crate::client::waiter::Waiter;
use crate::connect::is_connected;
use crate::options::url::Url;
use crate::resolve::Lookup;
use crate::time::Time;

const SOCKET: Token = Token(0);

/// Asks for the host's addresses, each time anew: the host may have moved. There is no answer after
/// `deadline`, which is that of `timeout`.
pub(super) fn resolve(
    waiter: &mut impl Waiter,
    url: &Url,
    deadline: Instant,
    timeout: Duration,
) -> Result<Vec<SocketAddr>, ConnectError> {
    let lookup = Lookup::start(url, waiter.socket_poll().waker())
        .map_err(|error| ConnectError::NotConnected(format!("cannot start a thread: {error}")))?;
    loop {
        if let Some(answer) = lookup.answer() {
            return answer.map_err(ConnectError::NotConnected);
        }
        if waiter.is_past(deadline)? {
            return Err(ConnectError::NotConnected(lookup.late(timeout)));
        }
        waiter.wait(Some(deadline))?;
    }
}

/// Tries addresses one after the other. Each gets an equal share of the time that is left.
pub(super) fn connect(
    waiter: &mut impl Waiter,
    addresses: Vec<SocketAddr>,
    deadline: Instant,
) -> Result<TcpStream, ConnectError> {
    let mut failures = Vec::new();
    let count = addresses.len();
    for (index, address) in addresses.into_iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left.div_f64((count - index) as f64);
        match connect_to(waiter, address, Instant::now() + share)? {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                failures.push(format!("{address}: no answer within {}", Time::from(share)));
            }
            Err(error) => failures.push(format!("{address}: {error}")),
        }
    }
    let failures = failures.join("; ");
    Err(ConnectError::NotConnected(format!(
        "cannot connect to {failures}"
    )))
}

/// Connects to one address before a deadline. The inner error is that of the address; the outer one
/// ends the attempt.
fn connect_to(
    waiter: &mut impl Waiter,
    address: SocketAddr,
    deadline: Instant,
) -> Result<io::Result<TcpStream>, ConnectError> {
    let mut stream = match TcpStream::connect(address) {
        Ok(stream) => stream,
        Err(error) => return Ok(Err(error)),
    };
    let both = Interest::READABLE | Interest::WRITABLE;
    let registry = waiter.socket_poll().registry();
    if let Err(error) = registry.register(&mut stream, SOCKET, both) {
        return Ok(Err(error));
    }
    loop {
        match is_connected(&stream) {
            Ok(true) => return Ok(stream.set_nodelay(true).map(|()| stream)),
            Ok(false) => {}
            Err(error) => return Ok(Err(error)),
        }
        if waiter.is_past(deadline)? {
            return Ok(Err(ErrorKind::TimedOut.into()));
        }
        waiter.wait(Some(deadline))?;
    }
}
