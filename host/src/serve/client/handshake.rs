//! A client before its connection is open: its request is read and answered, or it is turned away
//! (RFC 6455 section 4.2).

use std::mem;

use ws_echo_core::{Agreed, Progress, Refusal, Window};

use super::answer::{Sequel, answer, respond};
use super::pending::Pending;
use super::{Client, OPENING_COST, PendingGreeting, Phase, Shared, Want};
use crate::serve::peer::{Peer, Visitor};
use crate::serve::pool::{HeapBuffer, Pool};
use crate::serve::request_report::Route;
use crate::serve::response::{Answer, WrongProtocol};
use crate::serve::traffic::Traffic;
use crate::serve::verifier::Verifier;

impl Client {
    /// Reads the request. Returns what it wants at once, if it does.
    pub(super) fn advance_handshake(
        &mut self,
        buffer: &mut HeapBuffer,
        shared: &mut Shared,
    ) -> Option<Want> {
        let peer = self.peer();
        let Phase::Handshake(handshake) = &mut self.phase else {
            return None;
        };
        loop {
            match handshake.advance(buffer) {
                Ok(Progress::Request) => return Some(Want::Decide),
                Ok(_) => break,
                Err(refusal) => {
                    handshake.explain(refusal.text());
                    shared.journal.refused(peer, "", refusal);
                }
            }
        }
        if handshake.is_done() {
            self.end_handshake(Phase::Flushing, shared);
        }
        None
    }

    /// Answers the request, which is complete. `via` is the proxy that has named the client, and
    /// `route` tells how the request has come.
    pub(crate) fn decide(
        &mut self,
        buffer: &mut HeapBuffer,
        via: Option<Peer>,
        route: &dyn Fn() -> Route,
        shared: &mut Shared,
    ) {
        let peer = self.peer();
        let Phase::Handshake(handshake) = &mut self.phase else {
            return;
        };
        let (window, verifier) = shared.window();
        let visitor = Visitor { peer, via };
        let sequel = answer(visitor, handshake, window, route, shared);
        if let Sequel::RefuseAsAsked(behaviour) = sequel {
            shared.put_verifier(verifier);
            return self.refuse_as_asked(behaviour, buffer, shared);
        }
        // The head of a response is ready at once: there is always room for it (see the tests of
        // `page`). So what follows it does not have to be kept until another turn.
        let progress = handshake.advance(buffer);
        debug_assert!(handshake.is_done() || matches!(progress, Ok(Progress::Open(_))));
        if let Ok(Progress::Open(agreed)) = progress {
            shared.has_opened = true;
            return self.open(agreed, verifier, sequel, buffer, shared);
        }
        shared.put_verifier(verifier);
        self.end_response(sequel, shared);
    }

    /// Answers the request, which is complete, with this response.
    pub(crate) fn respond(
        &mut self,
        answer: &Answer,
        buffer: &mut HeapBuffer,
        shared: &mut Shared,
    ) {
        let Phase::Handshake(handshake) = &mut self.phase else {
            return;
        };
        let sequel = respond(handshake, answer);
        let progress = handshake.advance(buffer);
        debug_assert!(handshake.is_done() || progress.is_err());
        self.end_response(sequel, shared);
    }

    /// The head of a response is ready, and this follows it.
    fn end_response(&mut self, sequel: Sequel, shared: &mut Shared) {
        let next = match sequel {
            Sequel::Content(content) => Phase::Responding(Box::new(content)),
            _ => Phase::Flushing,
        };
        self.end_handshake(next, shared);
    }

    /// Opens the connection: the response is ready.
    fn open(
        &mut self,
        agreed: Agreed,
        verifier: Option<Box<Verifier>>,
        sequel: Sequel,
        buffer: &mut HeapBuffer,
        shared: &mut Shared,
    ) {
        if let Sequel::Test(test) = sequel {
            shared.put_verifier(verifier);
            return self.open_test(test, agreed, buffer, shared);
        }
        let Shared { pool, journal, .. } = shared;
        let opened = match &sequel {
            Sequel::Greeting(_, traffic) => {
                journal.count_greeting(*traffic);
                journal.now_with(*traffic)
            }
            _ => {
                journal.count_greeting(journal.greeting());
                journal.now()
            }
        };
        let session = pool.begin_session(agreed, verifier);
        let open = Phase::Open {
            agreed,
            opened,
            session,
        };
        let Sequel::Greeting(frame, traffic) = sequel else {
            buffer.expect_frames(journal.greeting());
            return self.end_handshake(open, shared);
        };
        buffer.expect_frames(Traffic::default());
        buffer.unsent.add(traffic);
        let greeting = PendingGreeting { frame, then: open };
        self.end_handshake(Phase::Greeting(Box::new(greeting)), shared);
        self.continue_greeting(buffer, &mut shared.pool);
    }

    /// Makes more of a response ready.
    pub(super) fn continue_response(&mut self, buffer: &mut HeapBuffer, pool: &mut Pool) {
        if let Phase::Responding(response) = &mut self.phase
            && response.make_ready(buffer)
        {
            response.give_memory_back(pool);
            self.phase = Phase::Flushing;
        }
    }

    /// Makes more of the greeting ready.
    pub(super) fn continue_greeting(&mut self, buffer: &mut HeapBuffer, pool: &mut Pool) {
        if let Phase::Greeting(greeting) = &mut self.phase
            && greeting.frame.make_ready(buffer)
        {
            greeting.frame.give_memory_back(pool);
            self.phase = mem::replace(&mut greeting.then, Phase::Draining);
        }
    }

    pub(super) fn end_handshake(&mut self, next: Phase, shared: &mut Shared) {
        self.phase = next;
        shared.pool.give_memory_back(OPENING_COST);
    }

    /// Refuses a request that was not complete in time.
    pub(crate) fn refuse_late_request(&mut self, shared: &mut Shared) {
        let peer = self.peer();
        if let Phase::Handshake(handshake) = &mut self.phase {
            handshake.refuse(Refusal::Timeout, Refusal::Timeout.text());
            shared.journal.refused(peer, "", Refusal::Timeout);
        }
    }

    /// Answers a client that takes this server for one of another protocol, in that protocol: the
    /// answer is all that is sent.
    pub(crate) fn refuse_protocol(
        &mut self,
        wrong: &'static WrongProtocol,
        buffer: &mut HeapBuffer,
        shared: &mut Shared,
    ) {
        shared.journal.refused_protocol(self.peer(), wrong.advice);
        buffer.discard_received();
        let response = Pending::new(wrong.bytes());
        self.end_handshake(Phase::Responding(Box::new(response)), shared);
    }
}

impl Shared {
    /// The largest window to agree on with a client, and the verifier that the client has from then
    /// on if it is kept. If there is no memory for one, it is not kept.
    fn window(&mut self) -> (Option<Window>, Option<Box<Verifier>>) {
        let window = self.service.window();
        let verified = window.filter(|window| window.is_kept() && self.service.verifies());
        let Some(kept) = verified else {
            return (window, None);
        };
        match self.pool.take_window_verifier(kept) {
            None => (Some(kept.fresh()), None),
            verifier => (Some(kept), verifier),
        }
    }

    /// Puts a verifier back that is not needed.
    fn put_verifier(&mut self, verifier: Option<Box<Verifier>>) {
        if let Some(verifier) = verifier {
            self.pool.put_verifier(verifier);
        }
    }
}
