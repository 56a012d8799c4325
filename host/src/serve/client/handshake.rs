//! A client before its connection is open: its request is read and answered, or it is turned away
//! (RFC 6455 section 4.2).

use std::borrow::Cow;
use std::net::SocketAddr;

use ws_echo_core::{Progress, Refusal, Window};

use super::test::{self, AcceptedTest};
use super::{Client, OPENING_COST, PendingResponse, Phase, Shared};
use crate::serve::behaviour::Behaviour;
use crate::serve::pool::HeapBuffer;
use crate::serve::response::{Answer, WrongProtocol};
use crate::serve::service::{Decision, Handshake};
use crate::serve::verifier::Verifier;

impl Client {
    pub(super) fn advance_handshake(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) {
        let peer = self.peer();
        let Phase::Handshake(handshake) = &mut self.phase else {
            return;
        };
        let mut content = None;
        let mut verifier = None;
        let mut accepted = None;
        loop {
            match handshake.advance(buffer) {
                Ok(Progress::Request) => {
                    let window;
                    (window, verifier) = shared.window();
                    match answer(peer, handshake, window, shared) {
                        Answered::Whole => {}
                        Answered::Head(rest) => content = Some(rest),
                        Answered::Test(test) => accepted = Some(test),
                        Answered::RefuseAsAsked(behaviour) => {
                            shared.put_verifier(verifier);
                            return self.refuse_as_asked(behaviour, buffer, shared);
                        }
                    }
                }
                Ok(Progress::Open(agreed)) => {
                    if let Some(test) = accepted {
                        shared.put_verifier(verifier);
                        return self.open_test(test, agreed, buffer, shared);
                    }
                    let open = Phase::Open {
                        agreed,
                        opened: shared.journal.now(),
                        session: shared.pool.begin_session(agreed, verifier),
                    };
                    buffer.expect_frames(shared.journal.greeting());
                    return self.end_handshake(open, shared);
                }
                Ok(_) => break,
                Err(refusal) => {
                    handshake.explain(refusal.text());
                    shared.journal.refused(peer, "", refusal);
                }
            }
        }
        shared.put_verifier(verifier);
        // The head of a response is ready at once: there is always room for it (see the tests of
        // `page`). So the content does not have to be kept until another turn.
        debug_assert!(content.is_none() || handshake.is_done());
        if handshake.is_done() {
            let next = match content {
                Some(content) => Phase::Responding(PendingResponse::boxed(content)),
                None => Phase::Flushing,
            };
            self.end_handshake(next, shared);
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
        let response = PendingResponse::boxed(wrong.bytes());
        self.end_handshake(Phase::Responding(response), shared);
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

/// How a request was answered.
enum Answered {
    /// With a response that the handshake makes ready.
    Whole,
    /// With the head of a response: this content must follow it.
    Head(Cow<'static, [u8]>),
    /// It is accepted on the test path.
    Test(AcceptedTest),
    /// It is not answered: it must be refused as its address asks.
    RefuseAsAsked(Box<Behaviour>),
}

/// Answers a request. `window` is the largest one to agree on.
fn answer(
    peer: SocketAddr,
    handshake: &mut Handshake,
    window: Option<Window>,
    shared: &mut Shared,
) -> Answered {
    let journal = &mut shared.journal;
    let target = journal.target(&handshake.request());
    match shared.service.answer(handshake, window) {
        Decision::Upgrade {
            window,
            declines_deflate,
            unmet_offer,
        } => {
            journal.connected(peer, &target, window);
            if declines_deflate {
                journal.connected_without_deflate(peer);
            }
            if let Some(first) = unmet_offer {
                journal.connected_without_subprotocol(peer, &first);
            }
        }
        Decision::Test(behaviour) => {
            return answer_test(peer, &target, handshake, behaviour, shared);
        }
        Decision::File(file) => {
            journal.file_sent(peer, file.name, &target);
            return respond(handshake, &file.answer).into();
        }
        Decision::Mistake(mistake) => {
            journal.refused_query(peer, &target, &mistake);
            return respond(handshake, &Answer::bad_request(mistake.to_string())).into();
        }
        Decision::ForbiddenOrigin(refusal) => {
            journal.refused_origin(peer, &handshake.request());
            return respond(handshake, refusal).into();
        }
        Decision::Refuse(refusal) => journal.refused(peer, &target, refusal),
        Decision::RefuseWith(refusal, answer) => {
            journal.refused(peer, &target, refusal);
            return respond(handshake, answer).into();
        }
    }
    Answered::Whole
}

/// Answers a request on the test path that can be accepted.
fn answer_test(
    peer: SocketAddr,
    target: &str,
    handshake: &mut Handshake,
    behaviour: Box<Behaviour>,
    shared: &mut Shared,
) -> Answered {
    if let Some(refusal) = &behaviour.handshake.refusal {
        shared
            .journal
            .refused_as_asked(peer, target, refusal.status);
        return Answered::RefuseAsAsked(behaviour);
    }
    match test::accept(handshake, behaviour, shared) {
        Ok(test) => {
            shared.journal.connected(peer, target, None);
            Answered::Test(test)
        }
        Err(refusal) => {
            handshake.explain(refusal.text());
            shared.journal.refused(peer, target, refusal);
            Answered::Whole
        }
    }
}

impl From<Option<Cow<'static, [u8]>>> for Answered {
    fn from(content: Option<Cow<'static, [u8]>>) -> Self {
        content.map_or(Self::Whole, Self::Head)
    }
}

/// Answers a request with an HTTP response. Returns the content that must follow its head, if any.
fn respond(handshake: &mut Handshake, answer: &Answer) -> Option<Cow<'static, [u8]>> {
    match handshake.respond(&answer.head()) {
        Ok(0) => None,
        Ok(_) => Some(answer.content.clone()),
        // Every answer has a head that can be sent: see the tests of `page`.
        Err(_) => {
            handshake.refuse(Refusal::ResponseTooLarge, "");
            None
        }
    }
}
