//! A report in the shape of Autobahn's suite: `index.json`, and a file for each case, for tools
//! that read those. Cases without a counterpart there have their own ids.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::rating::{Class, Rating};
use super::{CaseResult, Report};
use crate::check::case::Play;
use crate::check::frame::Role;
use crate::check::session::End;
use crate::check::transcript::{Direction, Entry, Tcp};
use crate::check::verdict::Outcome;
use crate::hex;

/// How much of the name of an agent is in the names of its files.
const NAME_LEN_MAX: usize = 80;

#[derive(Serialize)]
struct Summary {
    behavior: &'static str,
    #[serde(rename = "behaviorClose")]
    behavior_close: &'static str,
    /// In milliseconds.
    duration: u64,
    #[serde(rename = "remoteCloseCode")]
    remote_close_code: Option<u16>,
    reportfile: String,
}

/// The files: the name of each, and its content. The index is the last.
pub(crate) fn files(reports: &[Report], rating: &Rating) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut index: BTreeMap<&str, BTreeMap<&str, Summary>> = BTreeMap::new();
    let mut names = BTreeSet::new();
    for report in reports {
        let agent = index.entry(&report.peer).or_default();
        let name = name_of_its_own(&report.peer, &mut names);
        for result in &report.results {
            let summary = summary(&name, result, rating);
            let detail = detail(report, result, &summary);
            files.push((summary.reportfile.clone(), pretty(&detail)));
            agent.insert(number(result), summary);
        }
    }
    files.push(("index.json".into(), pretty(&index)));
    files
}

fn pretty(value: &impl Serialize) -> String {
    // Strings and numbers can always be written.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

fn number(result: &CaseResult) -> &str {
    let case = &result.case;
    case.autobahn.as_deref().unwrap_or(&case.id)
}

fn summary(agent: &str, result: &CaseResult, rating: &Rating) -> Summary {
    Summary {
        behavior: behavior(rating.class(result), result.verdict.outcome),
        behavior_close: behavior_close(result),
        duration: result.time.as_millis() as u64,
        remote_close_code: close_code(result),
        reportfile: format!("{}_case_{}.json", agent, number(result).replace('.', "_")),
    }
}

/// A part of the names of an agent's files, made as Autobahn's suite makes it, and of no other
/// agent.
fn name_of_its_own(agent: &str, names: &mut BTreeSet<String>) -> String {
    let allowed = |character: char| match character.to_ascii_lowercase() {
        character @ ('a'..='z' | '0'..='9') => character,
        _ => ' ',
    };
    let shown: String = agent.chars().take(NAME_LEN_MAX).map(allowed).collect();
    let first = shown.trim().replace(' ', "_");
    let mut name = first.clone();
    let mut count = 1;
    while !names.insert(name.clone()) {
        count += 1;
        name = format!("{first}_{count}");
    }
    name
}

fn behavior(class: Class, outcome: Outcome) -> &'static str {
    match (class, outcome) {
        (Class::NotStrict, _) => "NON-STRICT",
        (_, Outcome::Passed) => "OK",
        (_, Outcome::NotStrict) => "NON-STRICT",
        (_, Outcome::Informational) => "INFORMATIONAL",
        (_, Outcome::Failed) => "FAILED",
        (_, Outcome::Skipped) => "UNIMPLEMENTED",
    }
}

/// How the connection was closed, as Autobahn's suite calls it.
fn behavior_close(result: &CaseResult) -> &'static str {
    let transcript = &result.transcript;
    match result.verdict.outcome {
        Outcome::Passed => return "OK",
        Outcome::Informational => return "INFORMATIONAL",
        Outcome::Skipped => return "UNIMPLEMENTED",
        Outcome::NotStrict | Outcome::Failed => {}
    }
    let Play::Session(session) = &result.case.play else {
        return "FAILED";
    };
    let code = close_code(result);
    match (&session.allowed[0].end, &transcript.close, transcript.tcp) {
        (End::Fails(codes) | End::Closes(codes), Some(_), _)
            if !codes.is_empty() && code.is_none_or(|code| !codes.contains(&code)) =>
        {
            "WRONG CODE"
        }
        (End::Fails(_), None, Tcp::Open) => "FAILED",
        (End::Fails(_), ..) => "OK",
        (_, None, _) => "UNCLEAN",
        (_, Some(_), Tcp::Open) => "FAILED BY CLIENT",
        (_, Some(_), _) => "OK",
    }
}

fn close_code(result: &CaseResult) -> Option<u16> {
    let close = result.transcript.close.as_ref()?;
    close.as_ref().map(|close| close.code)
}

/// The content of the file of a case.
fn detail(report: &Report, result: &CaseResult, summary: &Summary) -> Value {
    let record = &result.transcript.record;
    let close = result.transcript.close.clone().flatten();
    let reason = close.map(|close| String::from_utf8_lossy(&close.reason).into_owned());
    let mut detail = Map::new();
    let mut set = |name: &str, value: Value| detail.insert(name.into(), value);
    set("agent", json!(report.peer));
    set("id", json!(number(result)));
    set("description", json!(result.case.claim));
    set("expectation", json!(result.verdict.expected));
    set("behavior", json!(summary.behavior));
    set("behaviorClose", json!(summary.behavior_close));
    set("duration", json!(summary.duration));
    set("result", json!(words(result)));
    set("resultClose", json!(words(result)));
    set("remoteCloseCode", json!(summary.remote_close_code));
    set("remoteCloseReason", json!(reason));
    set("isServer", json!(report.role == Role::Client));
    set("wasClean", json!(summary.behavior_close == "OK"));
    set("wirelog", record.entries.iter().map(wire).collect());
    Value::Object(detail)
}

fn words(result: &CaseResult) -> &str {
    match result.verdict.outcome {
        Outcome::Passed => "Actual events match at least one expected.",
        _ => &result.verdict.seen,
    }
}

/// Bytes that were transmitted or received, as Autobahn's log has them; other events in words.
fn wire(entry: &Entry) -> Value {
    let bytes = json!([entry.len, hex::digits(&entry.bytes)]);
    match entry.direction {
        Direction::Sent => json!(["TO", bytes, false]),
        Direction::Received => json!(["RO", bytes]),
        Direction::Event => json!(["CT", entry.words]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::report::tests as sample;

    fn parsed(reports: &[Report]) -> BTreeMap<String, Value> {
        files(reports, &Rating::default())
            .into_iter()
            .map(|(name, text)| (name, serde_json::from_str(&text).expect("JSON")))
            .collect()
    }

    #[test]
    fn the_index_has_each_case_with_the_names_that_autobahn_gives() {
        let mut report = sample::report();
        report.peer = "My Agent/1.0".into();
        report.results.remove(0);
        let files = parsed(&[report]);
        let case = &files["index.json"]["My Agent/1.0"]["2.1"];
        assert_eq!(
            case["behavior"], "UNIMPLEMENTED",
            "the last one with this number"
        );
        let case = &files["index.json"]["My Agent/1.0"]["7.4-not-strict"];
        assert_eq!(case["behavior"], "NON-STRICT");
        assert_eq!(case["behaviorClose"], "OK");
        assert_eq!(case["remoteCloseCode"], 1000);
        let name = case["reportfile"].as_str().expect("a name");
        assert_eq!(name, "my_agent_1_0_case_7_4-not-strict.json");
        let detail = &files[name];
        assert_eq!(detail["result"], "no code");
        assert_eq!(detail["wirelog"][2][0], "TO");
    }

    #[test]
    fn agents_with_similar_names_have_files_of_their_own() {
        let mut reports = [sample::report(), sample::report()];
        reports[0].peer = "a b".into();
        reports[1].peer = "a-b".into();
        let files = parsed(&reports);
        assert!(files.contains_key("a_b_case_7_4-open.json"));
        assert!(files.contains_key("a_b_2_case_7_4-open.json"));
    }

    #[test]
    fn no_name_of_an_agent_leaves_the_folder() {
        let mut names = BTreeSet::new();
        let name = name_of_its_own("../../etc/passwd\0", &mut names);
        assert!(!name.contains(['/', '.', '\0']), "{name}");
    }
}
