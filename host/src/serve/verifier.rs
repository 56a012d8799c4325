//! Checks a compressed message while it is received: that it can be inflated (RFC 7692 section
//! 7.2.2), and that a text is UTF-8 then (RFC 6455 section 8.1). What it inflates to is not kept.

use std::mem;

use ws_echo_core::{Chunk, Window};

use crate::deflate::checked_inflater::{CheckedInflater, Fault};
use crate::deflate::inflater::Inflater;

/// How much of a chunk is inflated at once.
const SCRATCH_LEN: usize = 64 * 1024;

/// How many bytes are inflated in a client's turn: about half a millisecond's worth, because the
/// others may wait for a turn of each of many such clients.
const EFFORT: usize = 256 * 1024;

/// How many inflated bytes cost as much as a byte to inflate, at most. Such a message has blocks of
/// a few bytes, each with codes of its own, which inflate to nothing.
const EFFORT_OF_BYTE: usize = 32;

/// How much of what a chunk inflates to is kept to be logged.
const LOGGED_LEN_MAX: usize = 1024;

/// The state of one client's message.
#[derive(Debug)]
pub(crate) struct Verifier {
    inflater: CheckedInflater,
    /// A chunk that must be checked further in another turn. The buffer that it is in must be kept,
    /// and nothing received until then.
    pub(crate) waiting: Option<Chunk>,
    /// How many bytes of the chunk are checked.
    checked_len: usize,
    inflated: Inflated,
}

/// What a chunk inflates to, for the log.
#[derive(Debug, Default)]
pub(crate) struct Inflated {
    /// The first bytes, if messages are logged.
    pub(crate) start: Vec<u8>,
    /// The number of all bytes: those of an incomplete character at the end belong to the next
    /// chunk.
    pub(crate) len: u64,
}

/// What the verifiers of a worker share.
#[derive(Debug)]
pub(crate) struct Workspace {
    scratch: Box<[u8]>,
    /// How many bytes may still be inflated in the current turn.
    effort_left: usize,
    /// How much of what a chunk inflates to is kept for the log.
    logged_len_max: usize,
}

/// How much of a chunk is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    All,
    /// The rest must wait for the client's next turn.
    Part,
}

impl Workspace {
    /// The memory that one takes, in bytes.
    pub(crate) const MEMORY: usize = SCRATCH_LEN;

    pub(crate) fn new(log_messages: bool) -> Self {
        Self {
            scratch: vec![0; SCRATCH_LEN].into(),
            effort_left: EFFORT,
            logged_len_max: if log_messages { LOGGED_LEN_MAX } else { 0 },
        }
    }

    /// Begins a client's turn, in which as much may be inflated as in any other.
    pub(crate) fn begin_turn(&mut self) {
        self.effort_left = EFFORT;
    }

    /// How many bytes may be taken at once.
    fn step_len(&self) -> usize {
        self.effort_left.div_ceil(EFFORT_OF_BYTE)
    }

    fn spend(&mut self, consumed: usize, produced: usize) {
        let effort = consumed.saturating_mul(EFFORT_OF_BYTE) + produced;
        self.effort_left = self.effort_left.saturating_sub(effort);
    }
}

impl Verifier {
    /// The memory that one takes, in bytes.
    pub(crate) const MEMORY: usize = Inflater::MEMORY + size_of::<Self>();

    /// A verifier of what is compressed with this window.
    pub(crate) fn new(window: Window) -> Self {
        Self {
            inflater: CheckedInflater::new(window),
            waiting: None,
            checked_len: 0,
            inflated: Inflated::default(),
        }
    }

    /// Whether a message may refer to the ones before it.
    pub(crate) fn keeps_window(&self) -> bool {
        self.inflater.window().is_kept()
    }

    /// Forgets everything. What follows is compressed with this window.
    pub(crate) fn reset(&mut self, window: Window) {
        self.inflater.reset(window);
        self.waiting = None;
        self.end_chunk();
    }

    /// Ends a chunk that is [checked](Checked::All), and returns what it inflates to.
    pub(crate) fn end_chunk(&mut self) -> Inflated {
        self.checked_len = 0;
        mem::take(&mut self.inflated)
    }

    /// Checks a chunk of a message, which has these bytes, or goes on with it. The message may have
    /// `max_len` bytes.
    ///
    /// # Errors
    ///
    /// Why the message must not be echoed: then it must be [reset](Self::reset).
    pub(crate) fn check(
        &mut self,
        chunk: &Chunk,
        bytes: &[u8],
        workspace: &mut Workspace,
        max_len: u64,
    ) -> Result<Checked, Fault> {
        loop {
            if workspace.effort_left == 0 {
                return Ok(Checked::Part);
            }
            let mut rest = bytes.get(self.checked_len..).unwrap_or_default();
            let step_len = rest.len().min(workspace.step_len());
            rest = &rest[..step_len];
            let room = &mut workspace.scratch;
            let piece = self
                .inflater
                .inflate(chunk.kind(), &mut rest, room, max_len)?;
            let (bytes_len, inflated_len) = (piece.bytes.len(), piece.inflated_len);
            self.inflated.len += bytes_len as u64;
            let logged_len = workspace.logged_len_max - self.inflated.start.len();
            self.inflated
                .start
                .extend(piece.bytes.iter().take(logged_len));
            let consumed = step_len - rest.len();
            workspace.spend(consumed, inflated_len);
            self.checked_len += consumed;
            if inflated_len == 0 && self.checked_len == bytes.len() {
                break;
            }
        }
        if chunk.ends_message() {
            self.inflater.end_message()?;
        }
        Ok(Checked::All)
    }
}
