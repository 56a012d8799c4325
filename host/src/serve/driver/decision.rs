//! A client's request is answered: the one moment in which it matters how the request has come.

use super::Driver;
use crate::serve::client::Shared;
use crate::serve::peer::Peer;
use crate::serve::pool::HeapBuffer;
use crate::serve::request_report::Route;
use crate::serve::transport::Transport;

impl<T: Transport> Driver<T> {
    /// Lets the client decide about its request, after it has the address that a proxy has named.
    #[inline(never)]
    pub(super) fn decide(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) {
        let sender = self.client.peer();
        let is_from_proxy = shared.service.trust().has_peer(sender);
        if is_from_proxy && let Some(answer) = self.client.take_name(shared) {
            return self.client.respond(answer, buffer, shared);
        }
        let peer = self.client.peer();
        let via = self.proxy(sender, shared);
        let route = || Route {
            peer,
            via,
            is_from_proxy,
            local: self.transport.local_address().map(Peer::from),
            tls: self.transport.tls_facts(),
        };
        self.client.decide(buffer, via, &route, shared);
        self.transport.forget_facts();
    }

    /// The proxy that has named the client, if one has. `sender` is the address that has sent the
    /// request, as far as the PROXY protocol tells.
    fn proxy(&self, sender: Peer, shared: &Shared) -> Option<Peer> {
        if shared.service.trust().is_empty() {
            return None;
        }
        let connected = self.transport.remote_address().map(Peer::from);
        let proxy = connected.unwrap_or(sender);
        (proxy != self.client.peer()).then_some(proxy)
    }
}
