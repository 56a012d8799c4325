//! What happens to connections of proxies that have not said whose they are (`--proxy-protocol`).

use std::time::Instant;

use log::{debug, warn};

use super::Journal;
use crate::logging::event;
use crate::logging::target::{CLIENT, LIMITS};
use crate::quantity::Count;
use crate::serve::metrics::failure::Failure;
use crate::serve::peer::Peer;
use crate::serve::proxies::arrival_end::ArrivalEnd;

impl Journal {
    /// A connection of a proxy is dropped, because of its PROXY header or instead of one.
    pub(crate) fn dropped_arrival(&mut self, proxy: Peer, end: &ArrivalEnd) {
        if let ArrivalEnd::Left | ArrivalEnd::Failed(_) = end {
            self.counters.fail(Failure::Left);
            return debug!(
                target: CLIENT, event = event::LEFT, peer:% = proxy, reason:% = end;
                "client {proxy} left: {end}"
            );
        }
        self.counters.fail(Failure::Proxy);
        if let Some(count) = self.headerless.add(Instant::now()) {
            warn!(
                target: LIMITS, event = event::PROXY_HEADER, peer:% = proxy, reason:% = end,
                count = count;
                "{end} from {proxy} (--proxy-protocol): dropped {} since the last such line",
                Count(count, "connection")
            );
        }
    }
}
