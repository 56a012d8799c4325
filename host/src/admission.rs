//! Who may connect: how many clients there are, in all and from one address. It is the one thing that
//! workers share while they serve, and is asked once for each connection.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use log::warn;

use crate::command_line::ServeOptions;
use crate::lock::lock;
use crate::response::{Response, SHORT_OF_MEMORY, TOO_MANY_CONNECTIONS, TOO_MANY_FROM_ADDRESS};
use crate::tally::Tally;

/// How many connections there may be beyond the limit, to be answered that there are too many.
const TURNED_AWAY_MAX: usize = 64;
/// How many files this process has open beside its connections.
const OTHER_FILES: u64 = 64;

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admitted {
    Yes,
    /// No, and the client is told why. It is a connection as long as it is there.
    No(TooMany),
    /// No, and there are too many to be told.
    Unheard,
}

/// Of what there is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooMany {
    Connections,
    FromAddress,
    /// Bytes in the buffers.
    Memory,
}

impl TooMany {
    /// What the client is told.
    pub(crate) fn response(self) -> &'static [u8] {
        let response: &Response = match self {
            Self::Connections => &TOO_MANY_CONNECTIONS,
            Self::FromAddress => &TOO_MANY_FROM_ADDRESS,
            Self::Memory => &SHORT_OF_MEMORY,
        };
        &response.bytes
    }
}

/// The connections of all workers.
#[derive(Debug)]
pub(crate) struct Admission {
    /// The most connections, and the most from one address.
    limit: usize,
    limit_per_address: Option<NonZeroUsize>,
    count: AtomicUsize,
    /// How many there are from each address; nothing when there is no limit for that.
    by_address: Mutex<HashMap<IpAddr, usize>>,
    /// In bytes.
    max_memory: usize,
    turned_away: Mutex<Tally>,
}

impl Admission {
    /// `file_limit` is how many files this process may have open.
    pub(crate) fn new(options: &ServeOptions, file_limit: u64) -> Self {
        let files = file_limit.saturating_sub(OTHER_FILES + TURNED_AWAY_MAX as u64);
        let most = usize::try_from(files).unwrap_or(usize::MAX).max(1);
        Self {
            limit: options
                .max_connections
                .map_or(most, |limit| limit.get().min(most)),
            limit_per_address: options.max_connections_per_ip,
            count: AtomicUsize::new(0),
            by_address: Mutex::default(),
            max_memory: options.max_memory,
            turned_away: Mutex::default(),
        }
    }

    /// How many connections there may be.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Counts a connection that was made, unless it is [unheard](Admitted::Unheard).
    pub(crate) fn admit(&self, address: IpAddr) -> Admitted {
        let others = self.count.fetch_add(1, Ordering::Relaxed);
        if others >= self.limit.saturating_add(TURNED_AWAY_MAX) {
            self.count.fetch_sub(1, Ordering::Relaxed);
            self.tell(TooMany::Connections);
            return Admitted::Unheard;
        }
        let from_address = self.count_from(address);
        let too_many = if others >= self.limit {
            TooMany::Connections
        } else if self
            .limit_per_address
            .is_some_and(|limit| from_address > limit.get())
        {
            TooMany::FromAddress
        } else {
            return Admitted::Yes;
        };
        self.refuse(too_many)
    }

    /// Turns a connection away that was counted.
    pub(crate) fn refuse(&self, too_many: TooMany) -> Admitted {
        self.tell(too_many);
        Admitted::No(too_many)
    }

    /// Forgets a connection that was counted and is gone.
    pub(crate) fn release(&self, address: IpAddr) {
        self.count.fetch_sub(1, Ordering::Relaxed);
        if self.limit_per_address.is_none() {
            return;
        }
        let mut by_address = lock(&self.by_address);
        if let Some(count) = by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&address);
            }
        }
    }

    /// Counts a connection from an address, and returns how many those are.
    fn count_from(&self, address: IpAddr) -> usize {
        if self.limit_per_address.is_none() {
            return 0;
        }
        let mut by_address = lock(&self.by_address);
        let count = by_address.entry(address).or_default();
        *count += 1;
        *count
    }

    /// Says that clients are turned away, and which flag does that, but not for each of them.
    fn tell(&self, too_many: TooMany) {
        let Some(count) = lock(&self.turned_away).add(Instant::now()) else {
            return;
        };
        let (what, flag, limit) = match (too_many, self.limit_per_address) {
            (TooMany::FromAddress, Some(limit)) => {
                let what = "too many connections from one address";
                (what, "--max-connections-per-ip", limit.get())
            }
            (TooMany::Memory, _) => ("short of memory", "--max-memory", self.max_memory),
            _ => ("too many connections", "--max-connections", self.limit),
        };
        warn!("{what} ({flag} {limit}): turned away since the last such line: {count}");
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::command_line::tests::options;

    fn admission(arguments: &[&str]) -> Admission {
        Admission::new(&options(arguments, &[]), 1 << 20)
    }

    fn from(last: u8) -> IpAddr {
        Ipv4Addr::new(127, 0, 0, last).into()
    }

    #[test]
    fn so_many_are_admitted_some_are_told_and_the_others_are_not() {
        let admission = admission(&["--max-connections=3"]);
        for _ in 0..3 {
            assert_eq!(admission.admit(from(1)), Admitted::Yes);
        }
        for _ in 0..TURNED_AWAY_MAX {
            let refused = Admitted::No(TooMany::Connections);
            assert_eq!(admission.admit(from(1)), refused);
        }
        assert_eq!(admission.admit(from(1)), Admitted::Unheard);
        for _ in 0..TURNED_AWAY_MAX {
            admission.release(from(1));
        }
        assert!(matches!(admission.admit(from(1)), Admitted::No(_)));
        admission.release(from(1));
        admission.release(from(1));
        assert_eq!(admission.admit(from(1)), Admitted::Yes);
    }

    #[test]
    fn an_address_has_its_own_limit_and_is_forgotten_with_its_last_connection() {
        let admission = admission(&["--max-connections-per-ip=2"]);
        for last in [1, 2] {
            for _ in 0..2 {
                assert_eq!(admission.admit(from(last)), Admitted::Yes);
            }
            let refused = Admitted::No(TooMany::FromAddress);
            assert_eq!(admission.admit(from(last)), refused);
            admission.release(from(last));
        }
        for last in [1, 1, 2, 2] {
            admission.release(from(last));
        }
        assert!(lock(&admission.by_address).is_empty());
        assert_eq!(admission.admit(from(1)), Admitted::Yes);
    }

    #[test]
    fn the_limit_follows_from_the_limit_of_files_and_is_never_above_it() {
        let limit =
            |arguments: &[&str], files| Admission::new(&options(arguments, &[]), files).limit();
        assert_eq!(limit(&[], 1024), 1024 - 128);
        assert_eq!(limit(&["--max-connections=10"], 1024), 10);
        assert_eq!(limit(&["--max-connections=5000"], 1024), 1024 - 128);
        assert_eq!(limit(&[], 0), 1);
    }
}
