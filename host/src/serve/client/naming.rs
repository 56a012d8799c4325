//! Whose request it is, where a trusted proxy has sent it.

use super::{Client, Phase, Shared};
use crate::serve::limits::Admission;
use crate::serve::proxies::forwarded::Forwarded;
use crate::serve::response::{Answer, CONTRADICTORY_PROXIES};

impl Client {
    /// Takes the address that the headers of trusted proxies name, if they name one. From now on
    /// the client counts as a connection from there. Returns what it is answered if its request is
    /// refused because of that.
    pub(crate) fn take_name(&mut self, shared: &mut Shared) -> Option<&'static Answer> {
        let proxy = self.peer();
        let Phase::Handshake(handshake) = &self.phase else {
            return None;
        };
        let request = handshake.request();
        let Ok(forwarded) = Forwarded::read(&request, shared.service.trust()) else {
            shared.journal.refused_contradiction(proxy);
            return Some(&CONTRADICTORY_PROXIES);
        };
        let client = forwarded.client?.into();
        let admitted = shared.limiter.rename(proxy, client);
        if !matches!(admitted, Admission::Drop(_)) {
            self.account.rename(client);
        }
        let (Admission::Reject(limit) | Admission::Drop(limit)) = admitted else {
            return None;
        };
        shared.count_turned_away(limit);
        Some(limit.answer())
    }
}
