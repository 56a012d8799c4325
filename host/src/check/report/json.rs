//! A report as one JSON object. The names of its fields are an interface: they do not change.

use serde::Serialize;

use super::rating::{Class, Rating};
use super::{CaseResult, Report};
use crate::check::case::Severity;
use crate::check::frame::Role;
use crate::check::transcript::{Direction, Entry};
use crate::check::verdict::Outcome;
use crate::hex;

/// The number of this format.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Whole<'a> {
    format: u32,
    program: &'static str,
    version: &'static str,
    reports: Vec<Peer<'a>>,
}

#[derive(Serialize)]
struct Peer<'a> {
    role: &'static str,
    peer: &'a str,
    product: Option<&'a str>,
    seconds: f64,
    not_played: usize,
    counts: Counts,
    cases: Vec<Case<'a>>,
}

#[derive(Serialize)]
struct Counts {
    passed: usize,
    failed: usize,
    known: usize,
    not_strict: usize,
    informational: usize,
    skipped: usize,
}

#[derive(Serialize)]
struct Case<'a> {
    id: &'a str,
    section: &'a str,
    claim: &'a str,
    severity: &'static str,
    autobahn: Option<&'a str>,
    rule: Rule<'a>,
    /// How it counts, with `--strict` and the baseline.
    result: &'static str,
    /// What was found, whatever it counts.
    outcome: &'static str,
    expected: &'a str,
    seen: &'a str,
    seconds: f64,
    /// What was sent and what came; empty if the case has passed.
    record: Vec<Line<'a>>,
    /// How many lines of it are left out in the middle.
    left_out: usize,
}

#[derive(Serialize)]
struct Rule<'a> {
    rfc: u16,
    section: &'a str,
    sentence: &'a str,
}

#[derive(Serialize)]
struct Line<'a> {
    /// In seconds since the connection began.
    at: f64,
    direction: &'static str,
    words: &'a str,
    /// The first bytes.
    hex: String,
    /// How many bytes there were.
    len: usize,
}

/// The text of the file, which ends with a line end.
pub(crate) fn text(reports: &[Report], rating: &Rating) -> String {
    let whole = Whole {
        format: FORMAT,
        program: "ws-echo check",
        version: env!("CARGO_PKG_VERSION"),
        reports: reports.iter().map(|report| peer(report, rating)).collect(),
    };
    // Strings and numbers can always be written.
    serde_json::to_string_pretty(&whole).unwrap_or_default() + "\n"
}

fn peer<'a>(report: &'a Report, rating: &Rating) -> Peer<'a> {
    let counts = rating.count(&report.results);
    Peer {
        role: match report.role {
            Role::Server => "server",
            Role::Client => "client",
        },
        peer: &report.peer,
        product: report.product.as_deref(),
        seconds: report.time.as_secs_f64(),
        not_played: report.not_played,
        counts: Counts {
            passed: counts.of(Class::Passed),
            failed: counts.of(Class::Failed),
            known: counts.of(Class::Known),
            not_strict: counts.of(Class::NotStrict),
            informational: counts.of(Class::Informational),
            skipped: counts.of(Class::Skipped),
        },
        cases: report.results.iter().map(|it| case(it, rating)).collect(),
    }
}

fn case<'a>(result: &'a CaseResult, rating: &Rating) -> Case<'a> {
    let CaseResult { case, verdict, .. } = result;
    let record = &result.transcript.record;
    let entries = match verdict.outcome {
        Outcome::Passed => &[],
        _ => &record.entries[..],
    };
    Case {
        id: &case.id,
        section: case.section(),
        claim: &case.claim,
        severity: match case.severity {
            Severity::Must => "must",
            Severity::Should => "should",
            Severity::Robustness => "robustness",
        },
        autobahn: case.autobahn.as_deref(),
        rule: Rule {
            rfc: case.rule.rfc,
            section: case.rule.section,
            sentence: case.rule.sentence,
        },
        result: class_name(rating.class(result)),
        outcome: match verdict.outcome {
            Outcome::Passed => "passed",
            Outcome::NotStrict => "not_strict",
            Outcome::Informational => "informational",
            Outcome::Failed => "failed",
            Outcome::Skipped => "skipped",
        },
        expected: &verdict.expected,
        seen: &verdict.seen,
        seconds: result.time.as_secs_f64(),
        record: entries.iter().map(line).collect(),
        left_out: if entries.is_empty() {
            0
        } else {
            record.left_out
        },
    }
}

/// The name of a class, for programs.
pub(crate) fn class_name(class: Class) -> &'static str {
    match class {
        Class::Passed => "passed",
        Class::Failed => "failed",
        Class::Known => "known",
        Class::NotStrict => "not_strict",
        Class::Informational => "informational",
        Class::Skipped => "skipped",
    }
}

fn line(entry: &Entry) -> Line<'_> {
    Line {
        at: entry.at.as_secs_f64(),
        direction: match entry.direction {
            Direction::Sent => "sent",
            Direction::Received => "received",
            Direction::Event => "event",
        },
        words: &entry.words,
        hex: hex::digits(&entry.bytes),
        len: entry.len,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::check::report::tests as sample;

    #[test]
    fn the_object_has_the_counts_and_each_case_with_its_rule_and_bytes() {
        let text = text(&[sample::report()], &Rating::default());
        let value: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(value["format"], 1);
        let report = &value["reports"][0];
        assert_eq!(report["role"], "server");
        let expected =
            r#"{"passed":1,"failed":1,"known":0,"not_strict":2,"informational":1,"skipped":1}"#;
        let expected: Value = serde_json::from_str(expected).expect("JSON");
        assert_eq!(report["counts"], expected);
        let failed = &report["cases"][1];
        assert_eq!(failed["id"], "5.5.2-failed");
        assert_eq!(failed["result"], "failed");
        assert_eq!(failed["seen"], sample::HOSTILE);
        assert_eq!(failed["rule"]["rfc"], 6455);
        assert_eq!(failed["record"][2]["hex"], "89810000000061");
        assert_eq!(failed["record"][2]["direction"], "sent");
        let should = &report["cases"][2];
        assert_eq!(
            (&should["result"], &should["outcome"]),
            (&"not_strict".into(), &"failed".into())
        );
    }
}
