//! The form of the bytes on the wire (RFC 6455 sections 5 and 7.4): frame headers, masking, UTF-8,
//! close codes, and the ways in which a peer can get them wrong. Nothing here has the state of a
//! connection.

pub(crate) mod close;
pub(crate) mod error;
pub(crate) mod header;
pub(crate) mod layout;
pub(crate) mod mask;
pub(crate) mod role;
pub(crate) mod utf8;
