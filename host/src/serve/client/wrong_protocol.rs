//! Clients that take this server for one of another protocol: they are told so in their own.

use super::{Client, Liveness, PendingResponse, Phase, Shared};
use crate::serve::pool::HeapBuffer;
use crate::serve::transport::Transport;

impl<T: Transport> Client<T> {
    /// Whether nothing has come of a request yet.
    pub(super) fn is_new(&self) -> bool {
        self.is_opening() && self.liveness == Liveness::Silent
    }

    /// Looks at what has come first. If it is of another protocol, the answer is all that is sent.
    pub(super) fn check_protocol(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) {
        let Some(wrong_protocol) = self.transport.wrong_protocol(buffer.received()) else {
            return;
        };
        shared
            .journal
            .refused_protocol(self.peer, wrong_protocol.advice);
        buffer.discard_received();
        let rest = Box::new(PendingResponse(&wrong_protocol.response));
        self.end_opening(Phase::Responding(rest), shared);
    }
}
