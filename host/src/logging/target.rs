//! The targets of log records. They are part of the interface: filters name them
//! (`--log-level info,ws_echo::client=debug`), so they stay when files move.

/// A client's connection, from the first byte to the end.
pub(crate) const CLIENT: &str = "ws_echo::client";
/// The messages that clients send (`--log-messages`).
pub(crate) const MESSAGE: &str = "ws_echo::message";
/// What is turned away, and when memory is short.
pub(crate) const LIMITS: &str = "ws_echo::limits";
