//! TLS at the other end of a connection: certificates for servers, and rustls' client.

pub mod certificate;
pub mod client;
pub mod tunnel;
