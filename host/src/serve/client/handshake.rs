//! A client before its connection is open: its request is read and answered, or it is turned away
//! (RFC 6455 section 4.2).

use std::mem;
use std::net::SocketAddr;

use ws_echo_core::{
    Agreed, Buffer, Connection, MIN_BUFFER_LEN, Message, Progress, Refusal, Window,
};

use super::pending::Pending;
use super::{Client, OPENING_COST, PendingGreeting, Phase, Shared, Want};
use crate::serve::journal::Journal;
use crate::serve::pool::{HeapBuffer, Pool};
use crate::serve::request_report::{self, Route};
use crate::serve::response::{Answer, SHORT_OF_MEMORY, WrongProtocol};
use crate::serve::service::{Decision, Handshake};
use crate::serve::traffic::Traffic;
use crate::serve::verifier::Verifier;

/// What follows the head of a response.
enum Sequel {
    /// The usual: nothing, or what the head ends in.
    Nothing,
    /// The content of a response.
    Content(Pending),
    /// A greeting that was not made ready with the head, and what it counts as.
    Greeting(Pending, Traffic),
}

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

    /// Answers the request, which is complete. `route` tells how it has come.
    pub(crate) fn decide(
        &mut self,
        buffer: &mut HeapBuffer,
        route: &dyn Fn() -> Route,
        shared: &mut Shared,
    ) {
        let peer = self.peer();
        let Phase::Handshake(handshake) = &mut self.phase else {
            return;
        };
        let (window, verifier) = shared.window();
        let sequel = answer(peer, handshake, window, route, shared);
        // The head of a response is ready at once: there is always room for it (see the tests of
        // `page`). So what follows it does not have to be kept until another turn.
        let progress = handshake.advance(buffer);
        debug_assert!(handshake.is_done() || matches!(progress, Ok(Progress::Open(_))));
        if let Ok(Progress::Open(agreed)) = progress {
            return self.open(agreed, verifier, sequel, buffer, shared);
        }
        if let Some(verifier) = verifier {
            shared.pool.put_verifier(verifier);
        }
        let next = match sequel {
            Sequel::Content(content) => Phase::Responding(Box::new(content)),
            Sequel::Nothing | Sequel::Greeting(..) => Phase::Flushing,
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
        let Shared { pool, journal, .. } = shared;
        let opened = match &sequel {
            Sequel::Greeting(_, traffic) => journal.now_with(*traffic),
            _ => journal.now(),
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
}

/// Answers a request. Returns what must follow the response's head. `window` is the largest one to
/// agree on.
fn answer(
    peer: SocketAddr,
    handshake: &mut Handshake,
    window: Option<Window>,
    route: &dyn Fn() -> Route,
    shared: &mut Shared,
) -> Sequel {
    let Shared {
        service,
        pool,
        journal,
        ..
    } = shared;
    let target = journal.target(&handshake.request());
    if !service.reports(&handshake.request()) {
        let decision = service.answer(handshake, window, route);
        return follow(decision, handshake, peer, &target, journal);
    }
    let Some(permission) = pool.take_memory(request_report::LEN_MAX) else {
        journal.refused_without_memory(peer, &target);
        return respond(handshake, &SHORT_OF_MEMORY);
    };
    let decision = service.answer(handshake, window, route);
    drop(permission);
    let sequel = follow(decision, handshake, peer, &target, journal);
    let granted = match &sequel {
        Sequel::Content(pending) | Sequel::Greeting(pending, _) => pending.granted,
        Sequel::Nothing => 0,
    };
    pool.give_memory_back(request_report::LEN_MAX - granted);
    sequel
}

/// Does what was decided about a request.
fn follow(
    decision: Decision,
    handshake: &mut Handshake,
    peer: SocketAddr,
    target: &str,
    journal: &mut Journal,
) -> Sequel {
    match decision {
        Decision::Upgrade {
            window,
            declines_deflate,
            unmet_offer,
            report,
        } => {
            journal.connected(peer, target, window);
            if declines_deflate {
                journal.connected_without_deflate(peer);
            }
            if let Some(first) = unmet_offer {
                journal.connected_without_subprotocol(peer, &first);
            }
            report.map_or(Sequel::Nothing, Sequel::greeting)
        }
        Decision::File(file) => {
            journal.file_sent(peer, file.name, target);
            respond(handshake, &file.answer)
        }
        Decision::Report(report) => {
            journal.file_sent(peer, "request", target);
            let answer = Answer::report(report);
            match respond(handshake, &answer) {
                Sequel::Content(_) => Sequel::Content(Pending::report(answer.content.into_owned())),
                other => other,
            }
        }
        Decision::ForbiddenOrigin(refusal) => {
            journal.refused_origin(peer, &handshake.request());
            respond(handshake, refusal)
        }
        Decision::Refuse(refusal) => {
            journal.refused(peer, target, refusal);
            Sequel::Nothing
        }
        Decision::RefuseWith(refusal, answer) => {
            journal.refused(peer, target, refusal);
            respond(handshake, answer)
        }
    }
}

/// Answers a request with an HTTP response. Returns its content, if that must follow its head.
fn respond(handshake: &mut Handshake, answer: &Answer) -> Sequel {
    match handshake.respond(&answer.head()) {
        Ok(0) => Sequel::Nothing,
        Ok(_) => Sequel::Content(Pending::new(answer.content.clone())),
        // Every answer has a head that can be sent: see the tests of `page`.
        Err(_) => {
            handshake.refuse(Refusal::ResponseTooLarge, "");
            Sequel::Nothing
        }
    }
}

impl Sequel {
    /// A text message as a greeting.
    fn greeting(text: String) -> Self {
        let traffic = Traffic {
            messages: 1,
            bytes: text.len() as u64,
        };
        Self::Greeting(Pending::report(frame(&text)), traffic)
    }
}

/// A text message in one frame.
fn frame(text: &str) -> Vec<u8> {
    let mut buffer = Buffer::new(vec![0; text.len() + MIN_BUFFER_LEN]);
    let mut connection = Connection::server(Agreed::NOTHING);
    // There is room.
    let _ = connection.exchange(&mut buffer).send(Message::Text(text));
    buffer.ready().to_vec()
}
