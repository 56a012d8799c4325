//! What an open connection waits for, and how it ended.

use std::time::{Duration, Instant};

use ws_echo_core::CloseCode;

use crate::chat::end_reason::EndReason;

/// What the connection waits for.
#[derive(Debug)]
pub(super) enum ConnectionState {
    /// Commands, and what the server sends.
    Open,
    /// The input has ended: replies, until this time.
    Draining(Instant),
    /// The answer to our Close frame.
    Closing {
        code: CloseCode,
        /// The deadline of the answer, and how long after the Close frame it is.
        until: Instant,
        within: Duration,
        /// The failure of the input or the output that is the reason, if there was one.
        because: Option<String>,
    },
}

/// How a conversation ended.
#[derive(Debug)]
pub(in crate::chat) struct ConnectionEnd {
    pub(in crate::chat) reason: EndReason,
    pub(in crate::chat) awaited: Awaited,
}

/// What a connection waited for when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::chat) enum Awaited {
    /// More input.
    Input,
    /// Replies: the input had ended.
    Replies,
    /// The answer to our Close frame.
    Close,
}

impl ConnectionState {
    /// Gives the server this much time for its next reply, if replies are waited for.
    pub(super) fn extend_draining(&mut self, wait: Duration) {
        if let Self::Draining(until) = self {
            *until = Instant::now() + wait;
        }
    }
}
