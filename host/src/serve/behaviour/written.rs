//! Writes a behaviour as a query: what `parse` reads, the other way round.

use std::fmt::{Display, Write};
use std::time::Duration;

use super::{
    After, Behaviour, CloseAnswer, EndBehaviour, Greeting, GreetingBehaviour, HandshakeBehaviour,
    MessageBehaviour, PongBehaviour, SentKind, TransportEnd, UnaskedBehaviour, Violation,
};

impl Behaviour {
    /// The query that asks for this behaviour, without what is so by default.
    pub fn to_query(&self) -> String {
        let mut query = Query(String::new());
        handshake(&self.handshake, &mut query);
        greeting(&self.greeting, &mut query);
        messages(&self.messages, &mut query);
        unasked(&self.unasked, &mut query);
        end(&self.end, &mut query);
        if let Some(violation) = self.violation {
            query.add("violate", word_of_violation(violation));
        }
        match self.after {
            After::Messages(0) => {}
            After::Messages(count) => query.add("after", count),
            After::Time(time) => query.add("after", Milliseconds(time)),
        }
        query.add_some("seed", self.seed);
        query.0
    }
}

fn handshake(handshake: &HandshakeBehaviour, query: &mut Query) {
    if let Some(refusal) = &handshake.refusal {
        query.add("status", refusal.status);
        let retry_after = refusal.retry_after.map(|seconds| format!("{seconds}s"));
        query.add_some("retry-after", retry_after);
        query.add_some("location", refusal.location.as_ref());
        query.add_some("body", refusal.body.as_ref());
    }
    query.add_time("handshake-delay", handshake.delay);
    for (name, value) in &handshake.headers {
        query.add("header", format!("{name}:{value}"));
    }
    query.add_some("subprotocol", handshake.subprotocol.as_ref());
    if handshake.has_wrong_accept {
        query.add("accept", "wrong");
    }
    query.add_number("cut", handshake.piece_len);
}

fn greeting(greeting: &GreetingBehaviour, query: &mut Query) {
    match &greeting.greeting {
        Greeting::Usual => {}
        Greeting::None => query.add("greeting", "none"),
        Greeting::Request => query.add("greeting", "request"),
        Greeting::Text(text) => query.add("greeting", format!("text:{text}")),
    }
    query.add_some("separate", greeting.separate.map(Milliseconds));
}

fn messages(messages: &MessageBehaviour, query: &mut Query) {
    query.add_time("delay", messages.delay);
    query.add_time("jitter", messages.jitter);
    query.add_some("rate", messages.rate);
    query.add_number("fragment", messages.fragment_len);
    if messages.cuts_characters {
        query.add("fragment-text", "anywhere");
    }
    query.add_number("repeat", messages.repeat);
    match messages.kind {
        SentKind::AsReceived => {}
        SentKind::Text => query.add("as", "text"),
        SentKind::Binary => query.add("as", "binary"),
    }
    if messages.drop_every > 0 {
        query.add("drop", format!("every:{}", messages.drop_every));
    }
    let prefix = Some(&messages.prefix).filter(|prefix| !prefix.is_empty());
    query.add_some("prefix", prefix);
    query.add_time("coalesce", messages.coalesce);
    query.add_number("segment", messages.segment_len);
    let pause = messages.pause_reading_after;
    query.add_some("pause-reading", pause.map(|count| format!("after:{count}")));
}

fn unasked(unasked: &UnaskedBehaviour, query: &mut Query) {
    query.add_some("tick", unasked.tick.map(Milliseconds));
    query.add_number("push", unasked.push);
    query.add_number("size", unasked.push_len);
    query.add_some("ping", unasked.ping.map(Milliseconds));
    match unasked.pong {
        PongBehaviour::Usual => {}
        PongBehaviour::None => query.add("pong", "none"),
        PongBehaviour::Unasked => query.add("pong", "unasked"),
    }
}

fn end(end: &EndBehaviour, query: &mut Query) {
    if let Some(close) = &end.close {
        query.add("close", close.code);
        let reason = Some(&close.reason).filter(|reason| !reason.is_empty());
        query.add_some("reason", reason);
    }
    query.add_some("end", end.transport.map(word_of_end));
    match end.close_answer {
        CloseAnswer::AtOnce => {}
        CloseAnswer::Never => query.add("close-answer", "never"),
        CloseAnswer::Late(time) => {
            query.add("close-answer", format!("late:{}", Milliseconds(time)));
        }
    }
}

fn word_of_end(end: TransportEnd) -> &'static str {
    match end {
        TransportEnd::Fin => "fin",
        TransportEnd::Reset => "reset",
        TransportEnd::Hang => "hang",
        TransportEnd::Half => "half",
    }
}

fn word_of_violation(violation: Violation) -> &'static str {
    match violation {
        Violation::Mask => "mask",
        Violation::ReservedBit => "rsv",
        Violation::Opcode => "opcode",
        Violation::Utf8 => "utf8",
        Violation::Length => "length",
        Violation::Fragment => "fragment",
        Violation::Control => "control",
        Violation::CloseCode => "close-code",
        Violation::Continuation => "continuation",
    }
}

/// A duration as a query has it.
struct Milliseconds(Duration);

impl Display for Milliseconds {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}ms", self.0.as_millis())
    }
}

/// A query that is being written.
struct Query(String);

impl Query {
    fn add(&mut self, name: &str, value: impl Display) {
        let Self(query) = self;
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(name);
        query.push('=');
        for byte in value.to_string().bytes() {
            match byte {
                b'-' | b'.' | b'_' | b':' | b'/' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                    query.push(char::from(byte));
                }
                // Writing into a string does not fail.
                _ => drop(write!(query, "%{byte:02X}")),
            }
        }
    }

    fn add_some(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }

    fn add_time(&mut self, name: &str, time: Duration) {
        self.add_some(name, Some(Milliseconds(time)).filter(|_| !time.is_zero()));
    }

    /// Adds a number that is not 0.
    fn add_number(&mut self, name: &str, number: impl Display + Default + PartialEq) {
        let is_default = number == Default::default();
        self.add_some(name, Some(number).filter(|_| !is_default));
    }
}
