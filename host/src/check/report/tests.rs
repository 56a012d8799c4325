//! Reports for tests: of each class a case, and a peer that sends what hurts terminals and pages.

use std::time::Duration;

use super::{CaseResult, Report};
use crate::check::case::{Case, Rule};
use crate::check::frame::Role;
use crate::check::received::Close;
use crate::check::transcript::{Direction, Tcp, Transcript};
use crate::check::verdict::{Outcome, Verdict};

/// What a peer may send to hurt a terminal, a page or a parser of XML.
pub(crate) const HOSTILE: &str =
    "\x1b[2J\u{9b}31m\u{202e}</td></pre><script>alert(1)</script>]]>&\"'\0\r\n\u{ffff}";

const RULE: Rule = Rule::new("5.5.2", "A Ping is answered & a \"Pong\" comes.");

/// A result of a case with this id.
pub(crate) fn result(case: Case, outcome: Outcome, seen: &str) -> CaseResult {
    let mut transcript = Transcript::default();
    let record = &mut transcript.record;
    record.add(Direction::Sent, "GET / HTTP/1.1", b"GET / HTTP/1.1\r\n\r\n");
    record.add(Direction::Received, "HTTP/1.1 101 Ok", b"");
    record.add(
        Direction::Sent,
        "Ping: \"a\"",
        &[0x89, 0x81, 0, 0, 0, 0, 97],
    );
    record.add(Direction::Received, HOSTILE, HOSTILE.as_bytes());
    record.event("the TCP connection ended");
    transcript.tcp = Tcp::Fin;
    transcript.close = Some(Some(Close {
        code: 1000,
        reason: HOSTILE.as_bytes().to_vec(),
    }));
    CaseResult {
        case,
        verdict: Verdict::new(outcome, seen, "a Pong"),
        transcript,
        time: Duration::from_micros(1_500),
    }
}

/// A server that says hostile things everywhere, and of each class a case.
pub(crate) fn report() -> Report {
    let must = |id: &'static str| Case::must(id, "A Ping is answered", &RULE).autobahn("2.1");
    let should = |id: &'static str| Case::should(id, "A Ping is answered soon", &RULE);
    Report {
        role: Role::Server,
        peer: format!("ws://a{HOSTILE}"),
        product: Some(HOSTILE.into()),
        results: vec![
            result(must("5.5.2-passed"), Outcome::Passed, ""),
            result(must("5.5.2-failed"), Outcome::Failed, HOSTILE),
            result(should("5.5.2-should"), Outcome::Failed, HOSTILE),
            result(should("7.4-not-strict"), Outcome::NotStrict, "no code"),
            result(should("7.4-open"), Outcome::Informational, HOSTILE),
            result(must("rfc7692-7-skipped"), Outcome::Skipped, HOSTILE),
        ],
        not_played: 0,
        time: Duration::from_secs(2),
    }
}
