//! The memory for the verifiers of compressed messages: a part of the pool's own. A message that
//! arrives whole is verified with the reserve if there is none.

use ws_echo_core::{Agreed, Chunk, Window};

use super::Pool;
use crate::deflate::checked_inflater::Fault;
use crate::options::serve::ServeOptions;
use crate::serve::pool::verifiers::{ONE_MESSAGE, Verifiers};
use crate::serve::session::Session;
use crate::serve::verifier::{Checked, Verifier};

impl Pool {
    /// Adds what compressed messages are verified with, if they are.
    pub(crate) fn with_verifiers(mut self, options: &ServeOptions) -> Self {
        if options.deflate.verifies() {
            self.budget.used += Verifiers::LEAST_MEMORY;
            self.budget.limit = self.budget.limit.max(self.budget.used);
            let memory = self.budget.limit;
            self.verifiers = Some(Verifiers::new(options.log.messages, memory));
        }
        self
    }

    /// Begins a client's turn: what others have inflated does not count against it.
    pub(crate) fn begin_turn(&mut self) {
        if let Some(verifiers) = &mut self.verifiers {
            verifiers.workspace.begin_turn();
        }
    }

    /// Takes a verifier for a message: the [reserve](Self::is_verifier_reserve_in_use) if there is
    /// no memory. `None` if messages are not verified.
    pub(crate) fn take_verifier(&mut self) -> Option<Box<Verifier>> {
        self.take_own_verifier(ONE_MESSAGE)
            .or_else(|| self.verifiers.as_mut()?.take_reserve())
    }

    /// Takes a verifier that keeps this window for as long as a client is there. All of these have
    /// half of the memory at most: the rest is for what begins and ends.
    pub(crate) fn take_window_verifier(&mut self, window: Window) -> Option<Box<Verifier>> {
        if !self.verifiers.as_ref()?.has_window() {
            return None;
        }
        let verifier = self.take_own_verifier(window)?;
        self.verifiers.as_mut()?.count_window();
        Some(verifier)
    }

    /// Takes a verifier for what is compressed with this window, if there is memory.
    fn take_own_verifier(&mut self, window: Window) -> Option<Box<Verifier>> {
        let free = self.verifiers.as_mut()?.take(window);
        free.or_else(|| {
            let _granted = self.take_memory(Verifier::MEMORY)?;
            Some(Box::new(Verifier::new(window)))
        })
    }

    /// Whether the current client has the reserve. It must be put back before the next client's
    /// turn.
    pub(crate) fn is_verifier_reserve_in_use(&self) -> bool {
        let verifiers = self.verifiers.as_ref();
        verifiers.is_some_and(Verifiers::is_reserve_in_use)
    }

    /// Puts a verifier back.
    pub(crate) fn put_verifier(&mut self, verifier: Box<Verifier>) {
        if let Some(verifiers) = &mut self.verifiers {
            verifiers.put(verifier, &mut self.budget);
        }
    }

    /// The session of a connection that is opened, if it keeps this verifier for its window.
    pub(crate) fn begin_session(
        &mut self,
        agreed: Agreed,
        verifier: Option<Box<Verifier>>,
    ) -> Option<Box<Session>> {
        let verifier = verifier?;
        let mut session = self.take_idle(agreed);
        if session.keeps_window() {
            session.verifier = Some(verifier);
            return Some(session);
        }
        self.put_idle(session);
        self.put_verifier(verifier);
        None
    }

    /// Takes back what a session has that is over.
    pub(crate) fn take_back_verifier(&mut self, session: &mut Session) {
        if let Some(verifier) = session.verifier.take() {
            self.put_verifier(verifier);
        }
    }

    /// [Checks](Verifier::check) a chunk.
    pub(crate) fn check(
        &mut self,
        verifier: &mut Verifier,
        chunk: &Chunk,
        bytes: &[u8],
        max_len: u64,
    ) -> Result<Checked, Fault> {
        match &mut self.verifiers {
            Some(Verifiers { workspace, .. }) => verifier.check(chunk, bytes, workspace, max_len),
            None => Ok(Checked::All),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_line::tests::options;

    /// A pool with memory for this many verifiers besides what is always there.
    fn pool(verifiers: usize) -> Pool {
        let options = options(&[], &[]);
        let least = Pool::least_memory(4 << 10, options.deflate);
        let memory = least - 4 * 1024 + verifiers * Verifier::MEMORY;
        Pool::new(4 << 10, memory, 0).with_verifiers(&options)
    }

    #[test]
    fn without_memory_the_reserve_is_taken_and_put_back() {
        let mut pool = pool(2);
        let own: Vec<_> = (0..2).filter_map(|_| pool.take_verifier()).collect();
        assert_eq!(own.len(), 2);
        for _ in 0..3 {
            assert!(!pool.is_verifier_reserve_in_use());
            assert!(pool.take_window_verifier(Window::MAX).is_none());
            let reserve = pool.take_verifier().unwrap();
            assert!(pool.is_verifier_reserve_in_use());
            pool.put_verifier(reserve);
        }
        own.into_iter().for_each(|it| pool.put_verifier(it));
        assert!(pool.take_window_verifier(Window::MAX).is_some());
    }
}
