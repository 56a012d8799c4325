//! The events of log records: the names by which programs find lines in the JSON form.
//!
//! They are part of the user interface (`host/docs/logs.md` lists them), so none changes when a
//! text does.

/// How many connections there may be, and how much memory they may take.
pub(crate) const LIMITS: &str = "limits";
/// Every network can connect.
pub(crate) const EVERY_NETWORK: &str = "every_network";
/// The limit of open files is lower than it should be.
pub(crate) const FILE_LIMIT: &str = "file_limit";
/// The server cannot listen on one of several addresses.
pub(crate) const NOT_LISTENING: &str = "not_listening";
/// No client can be accepted for now.
pub(crate) const ACCEPT_FAILED: &str = "accept_failed";
/// A worker could not be told of something.
pub(crate) const WAKE_FAILED: &str = "wake_failed";
/// A worker has ended by an error, and so the server stops.
pub(crate) const WORKER_ENDED: &str = "worker_ended";
/// SIGHUP loads nothing again.
pub(crate) const NOTHING_TO_RELOAD: &str = "nothing_to_reload";
/// The terminal of the server is gone.
pub(crate) const TERMINAL_GONE: &str = "terminal_gone";
/// The server begins to stop.
pub(crate) const STOPPING: &str = "stopping";
/// The service manager could not be told how far the server is.
pub(crate) const NOTIFY_FAILED: &str = "notify_failed";
/// A worker does not turn, so the service manager does not hear that the server is alive.
pub(crate) const STUCK: &str = "stuck";
/// New clients could not be left to another server on the same port.
pub(crate) const NOT_LEFT_TO_OTHERS: &str = "not_left_to_others";
/// The server has stopped.
pub(crate) const STOPPED: &str = "stopped";

/// A client's connection is open.
pub(crate) const CONNECTED: &str = "connected";
/// A client offered compression and got none.
pub(crate) const DEFLATE_DECLINED: &str = "deflate_declined";
/// A client offered subprotocols and got none.
pub(crate) const SUBPROTOCOL_DECLINED: &str = "subprotocol_declined";
/// The seed of the random choices that a client on the test path meets.
pub(crate) const SEED: &str = "seed";
/// A browser got a file.
pub(crate) const FILE_SENT: &str = "file_sent";
/// A client was refused.
pub(crate) const REFUSED: &str = "refused";
/// A client went away before its request was complete.
pub(crate) const LEFT: &str = "left";
/// A client could not be served, or later, because of the system.
pub(crate) const NOT_SERVED: &str = "not_served";
/// A connection has ended.
pub(crate) const DISCONNECTED: &str = "disconnected";

/// A piece of a client's message.
pub(crate) const MESSAGE: &str = "message";
/// A line of a client's request.
pub(crate) const REQUEST: &str = "request";
/// A line of the answer to it.
pub(crate) const RESPONSE: &str = "response";
/// A frame, or more of them.
pub(crate) const FRAME: &str = "frame";
/// Bytes as they travelled.
pub(crate) const BYTES: &str = "bytes";

/// Clients were turned away because of a limit.
pub(crate) const TURNED_AWAY: &str = "turned_away";
/// Connections of proxies were dropped because of their PROXY headers.
pub(crate) const PROXY_HEADER: &str = "proxy_header";
/// There was no memory for buffers.
pub(crate) const SHORT_OF_MEMORY: &str = "short_of_memory";
/// The system gives no more memory.
pub(crate) const MEMORY_REFUSED: &str = "memory_refused";

/// Connections will be recorded.
pub(crate) const RECORDING: &str = "recording";
/// No more connections are recorded.
pub(crate) const RECORDINGS_FULL: &str = "recordings_full";
/// Connections were not recorded, or not as a whole.
pub(crate) const NOT_RECORDED: &str = "not_recorded";

/// A certificate was made.
pub(crate) const CERTIFICATE_MADE: &str = "certificate_made";
/// A certificate was loaded again.
pub(crate) const CERTIFICATE_LOADED: &str = "certificate_loaded";
/// A certificate could not be loaded again.
pub(crate) const CERTIFICATE_UNCHANGED: &str = "certificate_unchanged";

/// Lines were dropped.
pub(crate) const LINES_DROPPED: &str = "lines_dropped";
/// A part of `RUST_LOG` cannot be read.
pub(crate) const DIRECTIVE_IGNORED: &str = "directive_ignored";
