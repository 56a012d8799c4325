//! Where a client connects from, in 18 bytes: a `SocketAddr` takes 32, and there is one for each
//! idle client.

use std::fmt::{self, Display};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use serde::{Serialize, Serializer};

/// Where a client connects from: an address and a port, or a Unix socket of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// An IPv4 address is IPv4-mapped. A link-local one has its zone in the bytes that are zero in
    /// such addresses (RFC 4291 section 2.5.6), as in the kernels of BSD.
    address: [u8; 16],
    port: u16,
}

/// A client, and the proxy that has named it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Visitor {
    pub(crate) peer: Peer,
    /// `None` if the client has connected itself.
    pub(crate) via: Option<Peer>,
}

impl Display for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.peer.fmt(f)?;
        match self.via {
            Some(proxy) => write!(f, " via {proxy}"),
            None => Ok(()),
        }
    }
}

/// Where the zone of a link-local address is.
const ZONE_START: usize = 4;

impl Peer {
    /// A client of a Unix socket. It has no address, so it has the one that no client can connect
    /// from.
    pub(crate) const UNIX: Self = Self {
        address: Ipv6Addr::UNSPECIFIED.octets(),
        port: 0,
    };

    /// The address and the port; `None` for a client of a Unix socket.
    pub(crate) fn address(self) -> Option<SocketAddr> {
        let Self { mut address, port } = self;
        if self == Self::UNIX {
            return None;
        }
        if !Ipv6Addr::from(address).is_unicast_link_local() {
            let address = Ipv6Addr::from(address).to_canonical();
            return Some(SocketAddr::new(address, port));
        }
        let zone = set_zone(&mut address, 0);
        Some(SocketAddrV6::new(address.into(), port, 0, zone).into())
    }

    /// The IP address; `None` for a client of a Unix socket.
    pub(crate) fn ip(self) -> Option<IpAddr> {
        self.address().map(|address| address.ip())
    }
}

/// As the log shows it: an IPv4-mapped address is the IPv4 address. A proxy may have told no port.
impl Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address() {
            Some(address) if address.port() == 0 => address.ip().fmt(f),
            Some(address) => address.fmt(f),
            None => f.pad("unix"),
        }
    }
}

/// The same.
impl Serialize for Peer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl From<SocketAddr> for Peer {
    fn from(peer: SocketAddr) -> Self {
        let mut address = match peer.ip() {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        }
        .octets();
        if let SocketAddr::V6(peer) = peer
            && peer.ip().is_unicast_link_local()
        {
            set_zone(&mut address, peer.scope_id());
        }
        let port = peer.port();
        Self { address, port }
    }
}

/// Sets the zone in a link-local address, and returns the one before.
fn set_zone(address: &mut [u8; 16], zone: u32) -> u32 {
    let Some(place) = address[ZONE_START..].first_chunk_mut() else {
        return 0;
    };
    u32::from_be_bytes(std::mem::replace(place, zone.to_be_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_small_and_is_shown_as_its_address() {
        assert_eq!(size_of::<Peer>(), 18);
        for address in [
            "127.0.0.1:5000",
            "255.255.255.255:65535",
            "[::1]:1",
            "[2001:db8:1:2:3:4:5:6]:443",
            "[fe80::1%1]:80",
            "[fe80::a:b:c:d%4294967295]:80",
            "[fe80::1]:80",
            "[febf::1%2]:80",
        ] {
            let exact: SocketAddr = address.parse().expect("an address");
            let peer = Peer::from(exact);
            assert_eq!(peer.address(), Some(exact));
            assert_eq!(peer.to_string(), address);
        }
    }

    #[test]
    fn a_port_that_nobody_told_is_not_shown() {
        let shown = |address: &str| {
            let address: SocketAddr = address.parse().expect("an address");
            Peer::from(address).to_string()
        };
        assert_eq!(shown("192.0.2.1:0"), "192.0.2.1");
        assert_eq!(shown("[2001:db8::1]:0"), "2001:db8::1");
        let [peer, proxy] = ["192.0.2.1:5", "[::1]:80"].map(|it| {
            let address: SocketAddr = it.parse().expect("an address");
            Peer::from(address)
        });
        let via = Some(proxy);
        assert_eq!(
            Visitor { peer, via }.to_string(),
            "192.0.2.1:5 via [::1]:80"
        );
        assert_eq!(Visitor { peer, via: None }.to_string(), "192.0.2.1:5");
    }

    #[test]
    fn an_ipv4_mapped_address_is_the_ipv4_address() {
        let mapped: SocketAddr = "[::ffff:192.0.2.1]:80".parse().expect("an address");
        assert_eq!(Peer::from(mapped).to_string(), "192.0.2.1:80");
    }

    #[test]
    fn a_client_of_a_unix_socket_has_no_address() {
        assert_eq!((Peer::UNIX.address(), Peer::UNIX.ip()), (None, None));
        assert_eq!(Peer::UNIX.to_string(), "unix");
    }
}
