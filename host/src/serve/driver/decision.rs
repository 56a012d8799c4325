//! A client's request is answered: the one moment in which it matters how the request has come.

use super::Driver;
use crate::serve::client::Shared;
use crate::serve::peer::Peer;
use crate::serve::pool::HeapBuffer;
use crate::serve::request_report::Route;
use crate::serve::transport::Transport;

impl<T: Transport> Driver<T> {
    /// Lets the client decide about its request.
    #[inline(never)]
    pub(super) fn decide(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) {
        let peer = self.client.peer();
        let route = || Route {
            peer,
            local: self.transport.local_address().map(Peer::from),
            tls: self.transport.tls_facts(),
        };
        self.client.decide(buffer, &route, shared);
        self.transport.forget_facts();
    }
}
