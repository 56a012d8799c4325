//! How a request is answered: what is decided about it is done, except for what follows the head of
//! the response.

use ws_echo_core::{Agreed, Buffer, Connection, MIN_BUFFER_LEN, Message, Refusal, Window};

use super::Shared;
use super::pending::Pending;
use super::test::{self, AcceptedTest};
use crate::serve::behaviour::Behaviour;
use crate::serve::peer::Visitor;
use crate::serve::request_report::{self, Route};
use crate::serve::response::{Answer, SHORT_OF_MEMORY};
use crate::serve::service::{Decision, Handshake};
use crate::serve::traffic::Traffic;

/// What follows the head of a response.
pub(super) enum Sequel {
    /// The usual: nothing, or what the head ends in.
    Nothing,
    /// The content of a response.
    Content(Pending),
    /// A greeting that was not made ready with the head, and what it counts as.
    Greeting(Pending, Traffic),
    /// What the address on the test path asks for.
    Test(AcceptedTest),
    /// There is no head: the request must be refused as its address asks.
    RefuseAsAsked(Box<Behaviour>),
}

/// Answers a request. Returns what must follow the response's head. `window` is the largest one to
/// agree on.
pub(super) fn answer(
    visitor: Visitor,
    handshake: &mut Handshake,
    window: Option<Window>,
    route: &dyn Fn() -> Route,
    shared: &mut Shared,
) -> Sequel {
    let target = shared.journal.target(&handshake.request());
    if !shared.service.reports(&handshake.request()) {
        let decision = shared.service.answer(handshake, window, route);
        return follow(decision, handshake, visitor, &target, route, shared);
    }
    let Some(permission) = shared.pool.take_memory(request_report::LEN_MAX) else {
        shared.journal.refused_without_memory(visitor.peer, &target);
        return respond(handshake, &SHORT_OF_MEMORY);
    };
    let decision = shared.service.answer(handshake, window, route);
    drop(permission);
    let sequel = follow(decision, handshake, visitor, &target, route, shared);
    let granted = match &sequel {
        Sequel::Content(pending) | Sequel::Greeting(pending, _) => pending.granted,
        _ => 0,
    };
    shared
        .pool
        .give_memory_back(request_report::LEN_MAX - granted);
    sequel
}

/// Does what was decided about a request.
fn follow(
    decision: Decision,
    handshake: &mut Handshake,
    visitor: Visitor,
    target: &str,
    route: &dyn Fn() -> Route,
    shared: &mut Shared,
) -> Sequel {
    let peer = visitor.peer;
    let journal = &mut shared.journal;
    match decision {
        Decision::Upgrade {
            window,
            declines_deflate,
            unmet_offer,
            report,
        } => {
            journal.connected(visitor, target, window);
            if declines_deflate {
                journal.connected_without_deflate(peer);
            }
            if let Some(first) = unmet_offer {
                journal.connected_without_subprotocol(peer, &first);
            }
            report.map_or(Sequel::Nothing, Sequel::greeting)
        }
        Decision::Test(behaviour) => {
            answer_test(visitor, target, handshake, behaviour, route, shared)
        }
        Decision::Mistake(mistake) => {
            journal.refused_query(peer, target, &mistake);
            respond(handshake, &Answer::bad_request(mistake.to_string()))
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
        Decision::Health(answer) => respond(handshake, &answer),
        Decision::Methods(answer) => {
            journal.file_sent(peer, "methods", target);
            respond(handshake, answer)
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

/// Answers a request on the test path that can be accepted.
fn answer_test(
    visitor: Visitor,
    target: &str,
    handshake: &mut Handshake,
    behaviour: Box<Behaviour>,
    route: &dyn Fn() -> Route,
    shared: &mut Shared,
) -> Sequel {
    if let Some(refusal) = &behaviour.handshake.refusal {
        shared
            .journal
            .refused_as_asked(visitor.peer, target, refusal.status);
        return Sequel::RefuseAsAsked(behaviour);
    }
    match test::accept(handshake, behaviour, route, shared) {
        Ok(test) => {
            let window = test.acceptance.window;
            shared.journal.connected(visitor, target, window);
            Sequel::Test(test)
        }
        Err(refusal) => {
            handshake.explain(refusal.text());
            shared.journal.refused(visitor.peer, target, refusal);
            Sequel::Nothing
        }
    }
}

/// Answers a request with an HTTP response. Returns its content, if that must follow its head.
pub(super) fn respond(handshake: &mut Handshake, answer: &Answer) -> Sequel {
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
