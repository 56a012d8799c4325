//! Limits connections, in all and from one address. This is the only thing that the workers share
//! while they serve; it is used once when a connection begins and once when it ends.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::lock::lock;
use crate::options::serve::ServeOptions;
use crate::serve::journal::TurnedAway;
use crate::serve::peer::Peer;
use crate::serve::proxies::trust::Trust;
use crate::serve::rate_limited_counter::RateLimitedCounter;
use crate::serve::response::{
    Answer, SHORT_OF_MEMORY, TOO_MANY_CONNECTIONS, TOO_MANY_FROM_ADDRESS,
};

/// How many connections beyond a limit are answered that there are too many, if there are many
/// files; otherwise this part of all files.
const TURNED_AWAY_MAX: u64 = 64;
const TURNED_AWAY_PART: u64 = 8;
/// How many files are open whatever is served: the streams of the process, those of its signals, a
/// certificate that is loaded again, and a client that is dropped.
const PROCESS_FILES: u64 = 16;
/// How many files a worker has besides its listeners: those of its poller.
const WORKER_FILES: u64 = 2;
/// How many connections the admin listener has at most.
pub(crate) const ADMIN_CONNECTIONS_MAX: usize = 16;
/// How many files that makes, with its own, those of its poller, and a connection that gives way.
const ADMIN_FILES: u64 = ADMIN_CONNECTIONS_MAX as u64 + 4;
/// How long memory counts as short after a client was turned away because of it.
const SHORTAGE: Duration = Duration::from_secs(5);
/// What systems return that do not limit the number of files.
const NO_LIMIT: u64 = u64::MAX;

/// Whether a client is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It is served.
    Accept,
    /// It is answered why it is not served. It counts as a connection until it is gone.
    Reject(Limit),
    /// It is not even answered: too many are being answered already.
    Drop(Limit),
}

/// The limit that is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Connections,
    FromAddress,
    /// Bytes of handshakes and buffers.
    Memory,
}

impl Limit {
    /// What the client is answered.
    pub(crate) fn answer(self) -> &'static Answer {
        match self {
            Self::Connections => &TOO_MANY_CONNECTIONS,
            Self::FromAddress => &TOO_MANY_FROM_ADDRESS,
            Self::Memory => &SHORT_OF_MEMORY,
        }
    }
}

/// Counts the connections of all workers.
#[derive(Debug)]
pub(crate) struct ConnectionLimiter {
    /// The most connections, and the most from one address.
    limit: usize,
    limit_per_address: Option<NonZeroUsize>,
    /// How many files the process may have open.
    file_limit: u64,
    /// How many bits of an IPv6 address stand for a client.
    ipv6_prefix: u8,
    /// Their own addresses have no limit: they are not the clients.
    trust: Trust,
    /// How many connections beyond each of these are answered.
    turned_away_max: usize,
    /// How many there are, without those beyond the limit of their address.
    count: AtomicUsize,
    per_address: Mutex<PerAddress>,
    /// In bytes.
    max_memory: usize,
    /// For each [`Limit`], in its order.
    turned_away: Mutex<[RateLimitedCounter; 3]>,
    /// When a client was last turned away because memory was short.
    short_of_memory: Mutex<Option<Instant>>,
}

/// The connections from each address; empty if there is no limit for that.
#[derive(Debug, Default)]
struct PerAddress {
    counts: HashMap<IpAddr, usize>,
    /// How many are beyond the limit of their address: they do not take the place of others.
    beyond: usize,
}

impl ConnectionLimiter {
    /// `file_limit` is how many files this process may have open.
    pub(crate) fn new(options: &ServeOptions, file_limit: u64) -> Self {
        let turned_away_max = (file_limit / TURNED_AWAY_PART).min(TURNED_AWAY_MAX);
        let most = match file_limit {
            NO_LIMIT => usize::MAX,
            files => {
                let others = other_files(options, turned_away_max);
                let most = files.saturating_sub(others).max(1);
                usize::try_from(most).unwrap_or(usize::MAX)
            }
        };
        Self {
            limit: options
                .max_connections
                .map_or(most, |limit| limit.get().min(most)),
            limit_per_address: options.max_connections_per_ip,
            file_limit,
            ipv6_prefix: options.proxies.ipv6_prefix,
            trust: Trust::new(&options.proxies.trusted),
            turned_away_max: turned_away_max as usize,
            count: AtomicUsize::new(0),
            per_address: Mutex::default(),
            max_memory: options.max_memory,
            turned_away: Mutex::default(),
            short_of_memory: Mutex::default(),
        }
    }

    /// The same, with no more connections than these.
    pub(crate) fn at_most(mut self, connections: usize) -> Self {
        self.limit = self.limit.min(connections);
        self
    }

    /// The most connections; `None` if there is no limit.
    pub(crate) fn limit(&self) -> Option<usize> {
        (self.limit < usize::MAX).then_some(self.limit)
    }

    /// How many files the process may have open; `u64::MAX` if the system does not limit them.
    pub(crate) fn file_limit(&self) -> u64 {
        self.file_limit
    }

    /// The most connections, if there are as many.
    pub(crate) fn limit_if_reached(&self) -> Option<usize> {
        (self.count.load(Ordering::Relaxed) >= self.limit).then_some(self.limit)
    }

    /// Whether a client was turned away a moment ago because memory was short.
    pub(crate) fn is_short_of_memory(&self, now: Instant) -> bool {
        let is_short = |since| now.saturating_duration_since(since) < SHORTAGE;
        lock(&self.short_of_memory).is_some_and(is_short)
    }

    /// Counts a new connection, unless it is [dropped](Admission::Drop).
    pub(crate) fn admit(&self, peer: Peer) -> Admission {
        let entered = self.enter(peer);
        if entered != Admission::Accept {
            return entered;
        }
        let others = self.count.fetch_add(1, Ordering::Relaxed);
        if others < self.limit {
            return Admission::Accept;
        }
        if others < self.limit.saturating_add(self.turned_away_max) {
            return Admission::Reject(Limit::Connections);
        }
        self.release(peer);
        Admission::Drop(Limit::Connections)
    }

    /// Forgets a connection that was counted and has ended.
    pub(crate) fn release(&self, peer: Peer) {
        if !self.leave(peer) {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// A connection that was accepted from one peer is another's: from now on it counts as from
    /// there, unless the answer is [`Drop`](Admission::Drop).
    pub(crate) fn rename(&self, from: Peer, to: Peer) -> Admission {
        if self.counted(from) == self.counted(to) {
            return Admission::Accept;
        }
        let entered = self.enter(to);
        if let Admission::Drop(_) = entered {
            return entered;
        }
        // Those beyond the limit of their address are not in the count.
        let was_beyond = self.leave(from);
        match entered {
            Admission::Accept if was_beyond => {
                self.count.fetch_add(1, Ordering::Relaxed);
            }
            Admission::Reject(_) if !was_beyond => {
                self.count.fetch_sub(1, Ordering::Relaxed);
            }
            _ => {}
        }
        entered
    }

    /// The limit of a peer's address, and the address as which it is counted: that of a network,
    /// where each client has one. `None` if it has no limit.
    fn counted(&self, peer: Peer) -> Option<(NonZeroUsize, IpAddr)> {
        let limit = self.limit_per_address?;
        let address = peer.ip()?;
        if self.trust.has(address) {
            return None;
        }
        let address = match address {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => {
                let others = 128 - u32::from(self.ipv6_prefix);
                let mask = u128::MAX << others;
                Ipv6Addr::from(u128::from(address) & mask).into()
            }
        };
        Some((limit, address))
    }

    /// Counts a connection from an address, unless it is dropped.
    fn enter(&self, peer: Peer) -> Admission {
        let Some((limit, address)) = self.counted(peer) else {
            return Admission::Accept;
        };
        let PerAddress { counts, beyond } = &mut *lock(&self.per_address);
        let is_beyond = counts
            .get(&address)
            .is_some_and(|count| *count >= limit.get());
        if is_beyond && *beyond >= self.turned_away_max {
            return Admission::Drop(Limit::FromAddress);
        }
        if counts.try_reserve(1).is_err() {
            return Admission::Drop(Limit::Memory);
        }
        *counts.entry(address).or_default() += 1;
        if !is_beyond {
            return Admission::Accept;
        }
        *beyond += 1;
        Admission::Reject(Limit::FromAddress)
    }

    /// Forgets a connection from an address. Returns whether that is one fewer beyond its limit.
    /// (It makes no difference which of them has ended.)
    fn leave(&self, peer: Peer) -> bool {
        let Some((limit, address)) = self.counted(peer) else {
            return false;
        };
        let PerAddress { counts, beyond } = &mut *lock(&self.per_address);
        let Some(count) = counts.get_mut(&address) else {
            return false;
        };
        let is_beyond = *count > limit.get();
        *count -= 1;
        if *count == 0 {
            counts.remove(&address);
        }
        if is_beyond {
            *beyond -= 1;
        }
        is_beyond
    }

    /// Counts a client that is turned away. Returns what must be logged now: not each client is.
    pub(crate) fn turn_away(&self, limit: Limit) -> Option<TurnedAway> {
        let now = Instant::now();
        if limit == Limit::Memory {
            *lock(&self.short_of_memory) = Some(now);
        }
        let count = lock(&self.turned_away)[limit as usize].add(now)?;
        let (reason, option, limit) = match (limit, self.limit_per_address) {
            (Limit::FromAddress, Some(limit)) => {
                let reason = "too many connections from one address";
                (reason, "--max-connections-per-ip", limit.get())
            }
            (Limit::Memory, _) => ("short of memory", "--max-memory", self.max_memory),
            _ => ("too many connections", "--max-connections", self.limit),
        };
        Some(TurnedAway {
            reason,
            option,
            limit,
            count,
        })
    }
}

/// How many files may be open besides the connections that are served.
fn other_files(options: &ServeOptions, turned_away_max: u64) -> u64 {
    let limits = 1 + u64::from(options.max_connections_per_ip.is_some());
    let of_a_worker = WORKER_FILES + options.listen.sockets.len() as u64;
    let of_workers = of_a_worker.saturating_mul(options.threads.get() as u64);
    let of_admin = options.admin.listen.map_or(0, |_| ADMIN_FILES);
    (PROCESS_FILES + of_admin + limits * turned_away_max).saturating_add(of_workers)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use super::*;
    use crate::command_line::tests::options;

    fn limiter(arguments: &[&str]) -> ConnectionLimiter {
        ConnectionLimiter::new(&options(arguments, &[]), 1 << 20)
    }

    fn from(last: u8) -> Peer {
        SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 1)).into()
    }

    const BEYOND: usize = TURNED_AWAY_MAX as usize;

    #[test]
    fn clients_beyond_the_limit_are_answered_and_from_some_number_on_dropped() {
        let limiter = limiter(&["--max-connections=3"]);
        for _ in 0..3 {
            assert_eq!(limiter.admit(from(1)), Admission::Accept);
        }
        for _ in 0..BEYOND {
            let rejected = Admission::Reject(Limit::Connections);
            assert_eq!(limiter.admit(from(1)), rejected);
        }
        assert_eq!(limiter.admit(from(1)), Admission::Drop(Limit::Connections));
        for _ in 0..BEYOND {
            limiter.release(from(1));
        }
        assert!(matches!(limiter.admit(from(1)), Admission::Reject(_)));
        limiter.release(from(1));
        limiter.release(from(1));
        assert_eq!(limiter.admit(from(1)), Admission::Accept);
    }

    #[test]
    fn an_address_has_its_own_limit_and_is_forgotten_with_its_last_connection() {
        let limiter = limiter(&["--max-connections-per-ip=2"]);
        for last in [1, 2] {
            for _ in 0..2 {
                assert_eq!(limiter.admit(from(last)), Admission::Accept);
            }
            let rejected = Admission::Reject(Limit::FromAddress);
            assert_eq!(limiter.admit(from(last)), rejected);
            limiter.release(from(last));
        }
        for last in [1, 1, 2, 2] {
            limiter.release(from(last));
        }
        let per_address = lock(&limiter.per_address);
        assert!(per_address.counts.is_empty() && per_address.beyond == 0);
        drop(per_address);
        assert_eq!(limiter.admit(from(1)), Admission::Accept);
    }

    #[test]
    fn a_client_beyond_the_limit_of_its_address_does_not_take_the_place_of_others() {
        let limiter = limiter(&["--max-connections=3", "--max-connections-per-ip=1"]);
        assert_eq!(limiter.admit(from(1)), Admission::Accept);
        for _ in 0..BEYOND {
            let rejected = Admission::Reject(Limit::FromAddress);
            assert_eq!(limiter.admit(from(1)), rejected);
        }
        assert_eq!(limiter.admit(from(1)), Admission::Drop(Limit::FromAddress));
        assert_eq!(limiter.admit(from(2)), Admission::Accept);
        limiter.release(from(1));
        assert!(matches!(limiter.admit(from(1)), Admission::Reject(_)));
        for _ in 0..=BEYOND {
            limiter.release(from(1));
        }
        for last in [3, 4] {
            assert_eq!(limiter.admit(from(last)), Admission::Accept);
        }
        assert_eq!(
            limiter.admit(from(5)),
            Admission::Reject(Limit::Connections)
        );
    }

    #[test]
    fn a_client_of_a_unix_socket_has_no_address_that_could_have_a_limit() {
        let limiter = limiter(&["--max-connections=3", "--max-connections-per-ip=1"]);
        for _ in 0..3 {
            assert_eq!(limiter.admit(Peer::UNIX), Admission::Accept);
        }
        let rejected = Admission::Reject(Limit::Connections);
        assert_eq!(limiter.admit(Peer::UNIX), rejected);
        for _ in 0..4 {
            limiter.release(Peer::UNIX);
        }
        assert_eq!(limiter.admit(from(1)), Admission::Accept);
    }

    #[test]
    fn an_ipv6_client_is_counted_by_its_network() {
        let from = |address: &str| Peer::from(SocketAddr::new(address.parse().unwrap(), 1));
        let limiter_of =
            |prefix: &str| limiter(&["--max-connections-per-ip=1", "--ipv6-prefix", prefix]);
        for (prefix, same, others) in [
            ("64", "2001:db8::ffff", ["2001:db8:0:1::1", "192.0.2.1"]),
            ("128", "2001:db8::1", ["2001:db8::2", "192.0.2.2"]),
            ("1", "7fff::1", ["8000::1", "192.0.2.2"]),
        ] {
            let limiter = limiter_of(prefix);
            assert_eq!(limiter.admit(from("2001:db8::1")), Admission::Accept);
            let rejected = Admission::Reject(Limit::FromAddress);
            assert_eq!(limiter.admit(from(same)), rejected);
            for other in others {
                assert_eq!(limiter.admit(from(other)), Admission::Accept, "{other}");
            }
            for ended in [same, "2001:db8::1", others[0], others[1]] {
                limiter.release(from(ended));
            }
            assert!(lock(&limiter.per_address).counts.is_empty());
        }
        let limiter = limiter_of("64");
        assert_eq!(limiter.admit(from("::ffff:192.0.2.1")), Admission::Accept);
        assert_ne!(limiter.admit(from("192.0.2.1")), Admission::Accept);
        assert_eq!(limiter.admit(from("::ffff:192.0.2.2")), Admission::Accept);
    }

    #[test]
    fn a_connection_of_a_trusted_proxy_counts_for_the_client_that_it_names() {
        let limiter = limiter(&[
            "--max-connections=4",
            "--max-connections-per-ip=1",
            "--trust-proxy=127.0.0.9",
        ]);
        let proxy = from(9);
        for _ in 0..4 {
            assert_eq!(limiter.admit(proxy), Admission::Accept);
        }
        assert_eq!(limiter.rename(proxy, from(1)), Admission::Accept);
        assert_eq!(limiter.rename(proxy, from(2)), Admission::Accept);
        // One that is beyond the limit of its address makes room for another.
        let rejected = Admission::Reject(Limit::FromAddress);
        assert_eq!(limiter.rename(proxy, from(1)), rejected);
        assert_eq!(limiter.admit(proxy), Admission::Accept);
        let full = Admission::Reject(Limit::Connections);
        assert_eq!(limiter.admit(proxy), full);
        for ended in [from(1), from(1), from(2), proxy, proxy, proxy] {
            limiter.release(ended);
        }
        assert!(lock(&limiter.per_address).counts.is_empty());
        assert_eq!(lock(&limiter.per_address).beyond, 0);
        assert_eq!(limiter.count.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_connection_that_is_renamed_beyond_all_bounds_stays_where_it_is() {
        let limiter = limiter(&["--max-connections-per-ip=1", "--trust-proxy=127.0.0.9"]);
        let (proxy, client) = (from(9), from(1));
        assert_eq!(limiter.admit(client), Admission::Accept);
        for _ in 0..BEYOND {
            assert_eq!(limiter.admit(proxy), Admission::Accept);
            let rejected = Admission::Reject(Limit::FromAddress);
            assert_eq!(limiter.rename(proxy, client), rejected);
        }
        assert_eq!(limiter.admit(proxy), Admission::Accept);
        let dropped = Admission::Drop(Limit::FromAddress);
        assert_eq!(limiter.rename(proxy, client), dropped);
        limiter.release(proxy);
        for _ in 0..=BEYOND {
            limiter.release(client);
        }
        assert_eq!(limiter.count.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_log_line_about_one_limit_does_not_suppress_those_about_others() {
        let limiter = limiter(&[]);
        assert!(limiter.turn_away(Limit::FromAddress).is_some());
        for other in [Limit::Connections, Limit::Memory] {
            let turned_away = limiter.turn_away(other);
            assert_eq!(turned_away.map(|clients| clients.count), Some(1));
        }
    }

    #[test]
    fn the_limit_follows_from_the_limit_of_files_and_is_never_above_it() {
        let with_threads = |threads: &str, arguments: &[&str], files| {
            let all = [&["--threads", threads], arguments].concat();
            ConnectionLimiter::new(&options(&all, &[]), files).limit()
        };
        let limit = |arguments: &[&str], files| with_threads("2", arguments, files);
        // Two workers have a poller of two files each, and listen on two addresses.
        assert_eq!(limit(&[], 1024), Some(1024 - 64 - 24));
        let with_two_limits = limit(&["--max-connections-per-ip=9"], 1024);
        assert_eq!(with_two_limits, Some(1024 - 2 * 64 - 24));
        assert_eq!(limit(&["--max-connections=10"], 1024), Some(10));
        assert_eq!(limit(&["--max-connections=5000"], 1024), Some(936));
        assert_eq!(with_threads("100", &[], 1024), Some(1024 - 64 - 416));
        assert_eq!(limit(&[], 64), Some(64 - 8 - 24));
        assert_eq!(limit(&[], 0), Some(1));
        assert_eq!(limit(&[], u64::MAX), None);
        assert_eq!(limit(&["--max-connections=10"], u64::MAX), Some(10));
        assert_eq!(limiter(&[]).at_most(7).limit(), Some(7));
        assert_eq!(
            limiter(&["--max-connections=3"]).at_most(7).limit(),
            Some(3)
        );
    }
}
