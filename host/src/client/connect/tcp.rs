//! Asks for the host's addresses, and connects a socket to the first of them that accepts.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Interest, Token};

use crate::chat::end_reason::EndReason;
use crate::chat::user::User;
use crate::connect::is_connected;
use crate::options::url::Url;
use crate::resolve::Lookup;
use crate::time::Time;

const SOCKET: Token = Token(0);

/// Asks for the host's addresses, each time anew: the host may have moved. There is no answer after
/// `deadline`, which is that of `timeout`.
pub(super) fn resolve(
    user: &mut User,
    url: &Url,
    deadline: Instant,
    timeout: Duration,
) -> Result<Vec<SocketAddr>, EndReason> {
    let lookup = Lookup::start(url, &user.waker)
        .map_err(|error| EndReason::NotConnected(format!("cannot start a thread: {error}")))?;
    loop {
        if let Some(answer) = lookup.answer() {
            return answer.map_err(EndReason::NotConnected);
        }
        if user.is_past(deadline)? {
            return Err(EndReason::NotConnected(lookup.late(timeout)));
        }
        user.wait(Some(deadline))?;
    }
}

/// Tries addresses one after the other. Each gets an equal share of the time that is left.
pub(super) fn connect(
    user: &mut User,
    addresses: Vec<SocketAddr>,
    deadline: Instant,
) -> Result<TcpStream, EndReason> {
    let mut failures = Vec::new();
    let count = addresses.len();
    for (index, address) in addresses.into_iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left.div_f64((count - index) as f64);
        match connect_to(user, address, Instant::now() + share)? {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                failures.push(format!("{address}: no answer within {}", Time::from(share)));
            }
            Err(error) => failures.push(format!("{address}: {error}")),
        }
    }
    let failures = failures.join("; ");
    Err(EndReason::NotConnected(format!(
        "cannot connect to {failures}"
    )))
}

/// Connects to one address before a deadline. The inner error is that of the address; the outer one
/// ends the attempt.
fn connect_to(
    user: &mut User,
    address: SocketAddr,
    deadline: Instant,
) -> Result<io::Result<TcpStream>, EndReason> {
    let mut stream = match TcpStream::connect(address) {
        Ok(stream) => stream,
        Err(error) => return Ok(Err(error)),
    };
    let both = Interest::READABLE | Interest::WRITABLE;
    if let Err(error) = user.poll.registry().register(&mut stream, SOCKET, both) {
        return Ok(Err(error));
    }
    loop {
        match is_connected(&stream) {
            Ok(true) => return Ok(stream.set_nodelay(true).map(|()| stream)),
            Ok(false) => {}
            Err(error) => return Ok(Err(error)),
        }
        if user.is_past(deadline)? {
            return Ok(Err(ErrorKind::TimedOut.into()));
        }
        user.wait(Some(deadline))?;
    }
}
