//! The fields of log records in the JSON form, beside the time, level, target, event and message
//! that each has.
//!
//! They are part of the user interface (`host/docs/logs.md` lists them). Sizes are in bytes, times
//! in seconds. A field without a value is left out.

/// The names of all fields.
pub(super) const ALL: [&str; 29] = [
    "bytes",
    "bytes_received",
    "bytes_sent",
    "cause",
    "code",
    "compressed_bytes",
    "connections_max",
    "count",
    "deflate_bits",
    "deflate_kept",
    "direction",
    "duration",
    "file",
    "fingerprint",
    "initiator",
    "is_last",
    "kind",
    "limit",
    "memory_max",
    "messages_received",
    "messages_sent",
    "option",
    "path",
    "peer",
    "reason",
    "seed",
    "status",
    "subprotocol",
    "via",
];
