//! A client before its connection is open: its request is read and answered, or it is turned away (RFC 6455
//! section 4.2).

use std::net::SocketAddr;

use ws_echo_core::{Progress, Refusal, ServerHandshake};

use super::{Client, Next, PendingResponse, Phase, Shared};
use crate::serve::pool::{HeapBuffer, Pool};
use crate::serve::service::{Decision, HEAD_LEN};
use crate::serve::transport::Transport;

/// The memory that a client costs before it has asked, in bytes. The pool gets it back then.
pub(crate) const OPENING_COST: usize = size_of::<ServerHandshake<HEAD_LEN>>();

/// The memory that a worker needs to serve one client after the other, in bytes.
pub(crate) fn least_memory(buffer_len: usize) -> usize {
    Pool::least_memory(buffer_len) + OPENING_COST
}

impl<T: Transport> Client<T> {
    /// A client that is answered before it asks. Of this the log tells in sum.
    pub(crate) fn turned_away(transport: T, peer: SocketAddr, response: &'static [u8]) -> Self {
        Self::in_phase(
            Phase::Responding(Box::new(PendingResponse(response))),
            transport,
            peer,
        )
    }

    /// Whether it has not asked for anything yet.
    pub(super) fn is_opening(&self) -> bool {
        matches!(self.phase, Phase::Handshake(_))
    }

    pub(super) fn advance_opening(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) {
        let Phase::Handshake(handshake) = &mut self.phase else {
            return;
        };
        loop {
            match handshake.advance(buffer) {
                Ok(Progress::Request) => {
                    if let Some(response) = answer(self.peer, handshake, shared) {
                        let rest = Box::new(PendingResponse(response));
                        return self.end_opening(Phase::Responding(rest), shared);
                    }
                }
                Ok(Progress::Open(_)) => return self.end_opening(Phase::Open(None), shared),
                Ok(_) => break,
                Err(refusal) => {
                    handshake.explain(refusal.text());
                    shared.journal.refused(self.peer, "", refusal);
                }
            }
        }
        if handshake.is_done() {
            self.end_opening(Phase::Flushing, shared);
        }
    }

    /// Goes on to what is not the handshake any more.
    pub(super) fn end_opening(&mut self, next: Phase, shared: &mut Shared) {
        self.phase = next;
        shared.pool.give_memory_back(OPENING_COST);
    }

    /// Answers a request that was not complete in time.
    pub(super) fn refuse_late_request(&mut self, shared: &mut Shared) -> Next {
        let Phase::Handshake(handshake) = &mut self.phase else {
            return Next::Idle;
        };
        if !self.transport.is_open() {
            shared.journal.refused_late_transport(self.peer);
            return Next::Close;
        }
        handshake.refuse(Refusal::Timeout, Refusal::Timeout.text());
        shared.journal.refused(self.peer, "", Refusal::Timeout);
        self.with_buffer(shared, Self::go_on)
    }

    /// Begins to answer a client that is [turned away](Self::turned_away).
    pub(crate) fn turn_away(&mut self, shared: &mut Shared) -> Next {
        self.with_buffer(shared, Self::go_on)
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
