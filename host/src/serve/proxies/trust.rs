//! Which peers may say who their client is.

use std::net::IpAddr;
use std::sync::Arc;

use crate::options::proxies::TrustedProxy;
use crate::serve::peer::Peer;

/// The proxies that are trusted. A copy costs no memory.
#[derive(Clone, Debug)]
pub struct Trust(Arc<[TrustedProxy]>);

impl Trust {
    /// These are trusted.
    pub fn new(trusted: &[TrustedProxy]) -> Self {
        Self(trusted.into())
    }

    /// Whether no proxy is trusted.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this peer is a trusted proxy.
    pub(crate) fn has_peer(&self, peer: Peer) -> bool {
        match peer.ip() {
            Some(address) => self.has(address),
            None => self.0.contains(&TrustedProxy::Unix),
        }
    }

    /// Whether this is the address of a trusted proxy.
    pub fn has(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|trusted| match trusted {
            TrustedProxy::Network(network) => network.contains(&address),
            TrustedProxy::Unix => false,
        })
    }
}
