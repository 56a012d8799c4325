//! What happens to clients on the test path, where the address says what the server does.

use log::info;

use super::Journal;
use crate::logging::event;
use crate::logging::target::CLIENT;
use crate::serve::behaviour::parse::Mistake;
use crate::serve::metrics::failure::Failure;
use crate::serve::peer::Peer;

impl Journal {
    /// A client of the test path is treated with random choices that this seed makes.
    pub(crate) fn seed(&mut self, peer: Peer, seed: u64) {
        info!(
            target: CLIENT, event = event::SEED, peer:% = peer, seed:% = seed;
            "client {peer} meets random choices: to repeat them, add seed={seed} to the address"
        );
    }

    /// A request is refused because the address asks for it.
    pub(crate) fn refused_as_asked(&mut self, peer: Peer, target: &str, status: u16) {
        self.counters.fail(Failure::AsAsked);
        info!(
            target: CLIENT, event = event::REFUSED, peer:% = peer, path = target, status = status,
            reason = "as asked";
            "client refused {peer} {target}: {status}, as asked"
        );
    }

    /// A request is refused because of its query; `mistake` says why.
    pub(crate) fn refused_query(&mut self, peer: Peer, target: &str, mistake: &Mistake) {
        self.counters.fail(Failure::Query);
        let mistake = mistake.sentence();
        info!(
            target: CLIENT, event = event::REFUSED, peer:% = peer, path = target, status = 400,
            reason:% = mistake;
            "client refused {peer} {target}: 400 Bad Request: {mistake}"
        );
    }
}
