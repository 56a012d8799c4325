//! A client before its connection is open: its request is read and answered, or it is turned away
//! (RFC 6455 section 4.2).

use std::net::SocketAddr;

use ws_echo_core::{Progress, Refusal, ServerHandshake};

use super::{Client, OPENING_COST, PendingResponse, Phase, Shared};
use crate::serve::deadline::Liveness;
use crate::serve::pool::HeapBuffer;
use crate::serve::response::WrongProtocol;
use crate::serve::service::{Decision, HEAD_LEN};

impl Client {
    pub(super) fn advance_handshake(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) {
        let Phase::Handshake { handshake, .. } = &mut self.phase else {
            return;
        };
        loop {
            match handshake.advance(buffer) {
                Ok(Progress::Request) => {
                    if let Some(response) = answer(self.peer, handshake, shared) {
                        let response = Box::new(PendingResponse(response));
                        return self.end_handshake(Phase::Responding(response), shared);
                    }
                }
                Ok(Progress::Open(agreed)) => {
                    let open = Phase::Open {
                        agreed,
                        liveness: Liveness::Heard,
                        session: None,
                    };
                    return self.end_handshake(open, shared);
                }
                Ok(_) => break,
                Err(refusal) => {
                    handshake.explain(refusal.text());
                    shared.journal.refused(self.peer, "", refusal);
                }
            }
        }
        if handshake.is_done() {
            self.end_handshake(Phase::Flushing, shared);
        }
    }

    fn end_handshake(&mut self, next: Phase, shared: &mut Shared) {
        self.phase = next;
        shared.pool.give_memory_back(OPENING_COST);
    }

    /// Refuses a request that was not complete in time.
    pub(crate) fn refuse_late_request(&mut self, shared: &mut Shared) {
        if let Phase::Handshake { handshake, .. } = &mut self.phase {
            handshake.refuse(Refusal::Timeout, Refusal::Timeout.text());
            shared.journal.refused(self.peer, "", Refusal::Timeout);
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
        shared.journal.refused_protocol(self.peer, wrong.advice);
        buffer.discard_received();
        let response = Box::new(PendingResponse(&wrong.response));
        self.end_handshake(Phase::Responding(response), shared);
    }
}

/// Answers a request: by the handshake, or with the response that is returned.
fn answer(
    peer: SocketAddr,
    handshake: &mut ServerHandshake<HEAD_LEN>,
    shared: &mut Shared,
) -> Option<&'static [u8]> {
    let journal = &mut shared.journal;
    let target = journal.target(&handshake.request());
    match shared.service.answer(handshake) {
        Decision::Upgrade => journal.connected(peer, &target),
        Decision::Page(response) => {
            journal.page_sent(peer, &target);
            return Some(response);
        }
        Decision::ForbiddenOrigin(response) => {
            journal.refused_origin(peer, &handshake.request());
            return Some(response);
        }
        Decision::Refuse(refusal) => {
            handshake.explain(refusal.text());
            journal.refused(peer, &target, refusal);
        }
    }
    None
}
