//! The numbers that a worker tells when it is asked. Data only.

use super::counters::Counters;

/// The numbers of one worker, or of several together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) counters: Counters,
    pub(crate) memory: MemoryUse,
    pub(crate) tls: TlsHandshakes,
}

/// The memory of buffers, backlogs and verifiers, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MemoryUse {
    /// What clients have of it now.
    pub(crate) used: u64,
    /// What they may have.
    pub(crate) limit: u64,
}

/// The handshakes of TLS that were completed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TlsHandshakes {
    pub(crate) tls_1_2: FullOrResumed,
    pub(crate) tls_1_3: FullOrResumed,
}

/// How many handshakes were whole, and how many resumed an earlier connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FullOrResumed {
    pub(crate) full: u64,
    pub(crate) resumed: u64,
}

impl TlsHandshakes {
    pub(crate) const NONE: Self = Self {
        tls_1_2: FullOrResumed::NONE,
        tls_1_3: FullOrResumed::NONE,
    };
}

impl FullOrResumed {
    const NONE: Self = Self {
        full: 0,
        resumed: 0,
    };
}

impl Numbers {
    /// Adds those of another worker.
    pub(crate) fn add(&mut self, other: &Self) {
        self.counters.add(&other.counters);
        self.memory.used += other.memory.used;
        self.memory.limit = self.memory.limit.saturating_add(other.memory.limit);
        for (ours, more) in [
            (&mut self.tls.tls_1_2, other.tls.tls_1_2),
            (&mut self.tls.tls_1_3, other.tls.tls_1_3),
        ] {
            ours.full += more.full;
            ours.resumed += more.resumed;
        }
    }
}
