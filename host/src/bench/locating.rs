//! Finds the one address of the server that all connections go to.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Waker};

use super::error::BenchError;
use super::events;
use crate::options::url::Url;
use crate::resolve::Lookup;
use crate::stop_signal::StopSignal;

/// Returns the first of the host's addresses that accepts a connection, within the timeout.
pub(super) fn find_address(
    poll: &mut Poll,
    waker: &Arc<Waker>,
    stop: &StopSignal,
    url: &Url,
    timeout: Duration,
) -> Result<SocketAddr, BenchError> {
    let deadline = Instant::now() + timeout;
    let lookup = Lookup::start(url, waker);
    let lookup = lookup.map_err(|error| BenchError::System("start a thread", error))?;
    let mut events = Events::with_capacity(1);
    loop {
        if let Some(answer) = lookup.answer() {
            let addresses = answer.map_err(BenchError::Unresolved)?;
            return Ok(reachable(&addresses, deadline));
        }
        if stop.is_requested() {
            return Err(BenchError::Stopped);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(BenchError::Unresolved(lookup.late(timeout)));
        }
        events::wait(poll, &mut events, left)?;
    }
}

/// Returns the first of the addresses, of which there is at least one, that accepts a connection.
/// The last one is not tried. Each gets an equal share of the time that is left.
fn reachable(addresses: &[SocketAddr], deadline: Instant) -> SocketAddr {
    let last = addresses.len() - 1;
    let accepts = |index: &usize| {
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left.div_f64((addresses.len() - index) as f64);
        TcpStream::connect_timeout(&addresses[*index], share).is_ok()
    };
    addresses[(0..last).find(accepts).unwrap_or(last)]
}
