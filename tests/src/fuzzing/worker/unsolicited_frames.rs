//! The frames that a server sends of its own accord, among those that answer a client.

use std::ops::Range;

use super::fuzzed_client::{Context, Stop};
use crate::fuzzing::expected::TOO_LONG;
use crate::wire::{CLOSE, Frame, PING, split_frame};

const GOING_AWAY: &[u8] = &1001_u16.to_be_bytes();
const NO_ANSWER: &[u8] = b"\x03\xf3no answer to a ping";
const NO_PROGRESS: &[u8] = b"\x03\xf0no progress";

/// Why a server ends a connection of its own accord.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The server stops.
    GoingAway,
    /// The client is silent.
    NoAnswer,
    /// The client has stopped inside a frame, or takes no output.
    NoProgress,
    /// The client's message is too long.
    TooLong,
}

/// Where the server's own frames are in what it transmitted.
#[derive(Debug, Default)]
pub(super) struct UnsolicitedFrames {
    pub(super) pings: Vec<Range<usize>>,
    /// Its own Close.
    pub(super) close: Option<(Range<usize>, Reason)>,
    /// How many bytes are in complete frames.
    pub(super) whole_len: usize,
}

impl UnsolicitedFrames {
    pub(super) fn find(output: &[u8], context: Context<'_>) -> Self {
        let settings = context.settings;
        let mut this = Self::default();
        while let Some((Frame { first, payload }, rest)) = split_frame(&output[this.whole_len..]) {
            let range = this.whole_len..output.len() - rest.len();
            this.whole_len = range.end;
            let reason = match &payload[..] {
                GOING_AWAY if context.stop != Stop::No => Some(Reason::GoingAway),
                NO_ANSWER if !this.pings.is_empty() => Some(Reason::NoAnswer),
                NO_PROGRESS if settings.stall_timeout.is_some() => Some(Reason::NoProgress),
                TOO_LONG if settings.max_message_len < usize::MAX => Some(Reason::TooLong),
                _ => None,
            };
            match first {
                PING => this.pings.push(range),
                CLOSE if this.close.is_none() => this.close = reason.map(|reason| (range, reason)),
                _ => {}
            }
        }
        this
    }
}
