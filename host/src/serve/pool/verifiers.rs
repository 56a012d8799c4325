//! The verifiers of a worker that are not in use. How much memory they may take is the pool's.

use ws_echo_core::Window;

use super::budget::{Budget, KEPT_LEN_MAX};
use crate::serve::verifier::{Verifier, Workspace};

/// What a message is compressed with for which a verifier is taken.
pub(super) const ONE_MESSAGE: Window = Window::MAX.fresh();

/// How many verifiers are kept for the next compressed messages.
const KEPT_MAX: usize = KEPT_LEN_MAX / Verifier::MEMORY;

/// Verifiers that are not in use, and what all share.
#[derive(Debug)]
pub(super) struct Verifiers {
    #[expect(
        clippy::vec_box,
        reason = "verifiers move between the pool and its clients by their pointers"
    )]
    free: Vec<Box<Verifier>>,
    /// For clients for which there is no memory, one after the other; `None` while it is in use.
    reserve: Option<Box<Verifier>>,
    pub(super) workspace: Workspace,
    /// For those that keep a window for as long as a client is there. It is a part of the pool's
    /// own.
    windows: Budget,
}

impl Verifiers {
    /// The memory of those that are always there, in bytes.
    pub(super) const LEAST_MEMORY: usize = Verifier::MEMORY + Workspace::MEMORY;

    /// Those of a pool with this memory, in bytes.
    pub(super) fn new(log_messages: bool, memory: usize) -> Self {
        Self {
            free: Vec::with_capacity(KEPT_MAX),
            reserve: Some(Box::new(Verifier::new(ONE_MESSAGE))),
            workspace: Workspace::new(log_messages),
            windows: Budget {
                limit: memory / 2,
                used: 0,
            },
        }
    }

    /// The memory of those that are not in use, in bytes.
    pub(super) fn memory(&self) -> usize {
        Self::LEAST_MEMORY + self.free.len() * Verifier::MEMORY
    }

    /// Takes a free verifier, for what is compressed with this window.
    pub(super) fn take(&mut self, window: Window) -> Option<Box<Verifier>> {
        let mut verifier = self.free.pop()?;
        verifier.reset(window);
        Some(verifier)
    }

    /// Takes the reserve.
    pub(super) fn take_reserve(&mut self) -> Option<Box<Verifier>> {
        let mut verifier = self.reserve.take()?;
        verifier.reset(ONE_MESSAGE);
        Some(verifier)
    }

    pub(super) fn is_reserve_in_use(&self) -> bool {
        self.reserve.is_none()
    }

    /// Whether one more may keep its window.
    pub(super) fn has_window(&self) -> bool {
        self.windows.has(Verifier::MEMORY)
    }

    /// Counts a verifier that is taken to keep its window.
    pub(super) fn count_window(&mut self) {
        self.windows.used += Verifier::MEMORY;
    }

    /// Puts a verifier back.
    pub(super) fn put(&mut self, verifier: Box<Verifier>, budget: &mut Budget) {
        if verifier.keeps_window() {
            self.windows.put(Verifier::MEMORY);
        }
        if self.is_reserve_in_use() {
            self.reserve = Some(verifier);
        } else if self.free.len() < KEPT_MAX {
            self.free.push(verifier);
        } else {
            budget.put(Verifier::MEMORY);
        }
    }

    /// Drops a free verifier, if there is one. Returns whether it did.
    pub(super) fn shrink(&mut self, budget: &mut Budget) -> bool {
        let has_shrunk = self.free.pop().is_some();
        if has_shrunk {
            budget.put(Verifier::MEMORY);
        }
        has_shrunk
    }
}
