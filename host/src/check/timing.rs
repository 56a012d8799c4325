//! How long is waited, by the round trip time to the peer.

use std::time::Duration;

/// The round trip time to a peer, and what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    pub round_trip: Duration,
}

impl Timing {
    /// As of a peer on the same machine.
    pub const LOCAL: Self = Self {
        round_trip: Duration::from_millis(1),
    };

    /// How long is waited for what must not come.
    pub fn quiet(self) -> Duration {
        (self.round_trip * 20).clamp(Duration::from_millis(100), Duration::from_secs(5))
    }

    /// How long is waited for what should come at once, and is late if it does not.
    pub fn soon(self) -> Duration {
        self.quiet() * 10
    }

    /// How long nothing may happen while an answer is waited for. A busy machine is slow, and not
    /// wrong.
    pub fn patience(self) -> Duration {
        (self.round_trip * 200).clamp(Duration::from_secs(3), Duration::from_secs(20))
    }

    /// How long one connection may last on which little is moved: a peer may send a byte now and
    /// then for ever.
    pub fn limit(self) -> Duration {
        self.patience() * 10
    }
}
