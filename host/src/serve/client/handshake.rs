//! A client before its connection is open: its request is read and answered, or it is turned away
//! (RFC 6455 section 4.2).

use std::borrow::Cow;
use std::net::SocketAddr;

use ws_echo_core::{Progress, Refusal};

use super::{Client, OPENING_COST, PendingResponse, Phase, Shared};
use crate::serve::pool::HeapBuffer;
use crate::serve::response::{Answer, WrongProtocol};
use crate::serve::service::{Decision, Handshake};

impl Client {
    pub(super) fn advance_handshake(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) {
        let peer = self.peer();
        let Phase::Handshake(handshake) = &mut self.phase else {
            return;
        };
        let mut content = None;
        loop {
            match handshake.advance(buffer) {
                Ok(Progress::Request) => content = answer(peer, handshake, shared),
                Ok(Progress::Open(agreed)) => {
                    let open = Phase::Open {
                        agreed,
                        opened: shared.journal.now(),
                        session: None,
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

    fn end_handshake(&mut self, next: Phase, shared: &mut Shared) {
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

/// Answers a request. Returns the content that must follow the response's head, if any.
fn answer(
    peer: SocketAddr,
    handshake: &mut Handshake,
    shared: &mut Shared,
) -> Option<Cow<'static, [u8]>> {
    let journal = &mut shared.journal;
    let target = journal.target(&handshake.request());
    match shared.service.answer(handshake) {
        Decision::Upgrade { unmet_offer } => {
            journal.connected(peer, &target);
            if let Some(first) = unmet_offer {
                journal.connected_without_subprotocol(peer, &first);
            }
        }
        Decision::File(file) => {
            journal.file_sent(peer, file.name, &target);
            return respond(handshake, &file.answer);
        }
        Decision::ForbiddenOrigin(refusal) => {
            journal.refused_origin(peer, &handshake.request());
            return respond(handshake, refusal);
        }
        Decision::Refuse(refusal) => journal.refused(peer, &target, refusal),
        Decision::RefuseWith(refusal, answer) => {
            journal.refused(peer, &target, refusal);
            return respond(handshake, answer);
        }
    }
    None
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
