//! The targets of log records: the names that filters use.
//!
//! They are part of the user interface (`--help` lists them), so each call names one, and none
//! changes when a file moves.

/// The server starts, listens, and stops.
pub(crate) const SERVER: &str = "ws_echo::server";
/// A client's connection, from its handshake to its end.
pub(crate) const CLIENT: &str = "ws_echo::client";
/// Requests, responses and frames, at the level debug.
pub(crate) const FRAME: &str = "ws_echo::frame";
/// The bytes that are received and sent, at the level trace.
pub(crate) const WIRE: &str = "ws_echo::wire";
/// Recordings of connections, with `--record`.
pub(crate) const RECORD: &str = "ws_echo::record";
/// The messages themselves, with `--log-messages`.
pub(crate) const MESSAGE: &str = "ws_echo::message";
/// Clients turned away because a limit was reached, and memory that runs short.
pub(crate) const LIMITS: &str = "ws_echo::limits";
/// Certificates: loaded, made, reloaded.
pub(crate) const TLS: &str = "ws_echo::tls";
/// The admin listener.
pub(crate) const ADMIN: &str = "ws_echo::admin";
/// The log itself: dropped lines, and directives that cannot be read.
pub(crate) const LOG: &str = "ws_echo::log";
