//! Who a client is, and what it has exchanged: what the log needs.

use crate::serve::journal::{Carried, Moment};
use crate::serve::peer::Peer;
use crate::serve::traffic::{Traffic, TrafficCounter};

/// Who the client is, and what it has exchanged. (It takes no more memory than a `SocketAddr`.)
#[derive(Debug)]
pub(super) struct Account {
    peer: Peer,
    /// The messages that were received and made ready to be sent back.
    pub(super) echoed: TrafficCounter,
}

impl Account {
    pub(super) fn new(peer: Peer) -> Self {
        Self {
            peer,
            echoed: TrafficCounter::default(),
        }
    }

    pub(super) fn peer(&self) -> Peer {
        self.peer
    }

    /// The client is at another address than the one it connects from: that of a proxy.
    pub(super) fn rename(&mut self, peer: Peer) {
        self.peer = peer;
    }

    /// What a connection has carried, if all that is ready will be sent.
    pub(super) fn carried(&self, opened: Moment) -> Carried {
        let echoed = self.echoed.into();
        Carried {
            opened,
            received: echoed,
            echoed,
            unsent: Traffic::default(),
        }
    }
}
