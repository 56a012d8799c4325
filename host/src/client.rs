//! A client's connection to a server, up to the open WebSocket: the host's addresses, TCP, TLS and
//! the handshake.

pub(crate) mod connect;
pub(crate) mod destination;
pub(crate) mod error;
pub(crate) mod facts;
pub(crate) mod stream;
pub(crate) mod tls;
pub(crate) mod waiter;
