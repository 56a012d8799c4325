//! Clients that take this server for one of another protocol: they are told so in their own.

use log::info;

use super::{Client, Phase, Pulse, Rest, Shared};
use crate::serve::pool::HeapBuffer;
use crate::serve::transport::Transport;

impl<T: Transport> Client<T> {
    /// Whether nothing has come of a request yet.
    pub(super) fn is_new(&self) -> bool {
        self.is_opening() && self.pulse == Pulse::Silent
    }

    /// Looks at what has come first. If it is of another protocol, the answer is all that is sent.
    pub(super) fn look_for_mistake(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) {
        let Some(mistake) = self.transport.mistake(buffer.received()) else {
            return;
        };
        info!("client refused {}: {}", self.peer, mistake.advice);
        buffer.discard_received();
        let rest = Box::new(Rest(&mistake.response));
        self.end_opening(Phase::Responding(rest), shared);
    }
}
