//! What a page tells of a case that was not passed, folded.

use std::fmt::Write as _;

use super::json::class_name;
use super::markup::Escaped;
use super::rating::{Class, Rating};
use super::record::{self, Bytes, Line, direction_word};
use super::{CaseResult, Report, terminal};
use crate::check::case::Case;

/// The case, and what was found by it with each peer that has not passed it.
pub(crate) fn details(case: &Case, reports: &[Report], rating: &Rating, is_open: bool) -> String {
    let found: Vec<(&Report, &CaseResult)> = reports
        .iter()
        .filter_map(|report| {
            let result = report.results.iter().find(|it| it.case.id == case.id)?;
            Some((report, result))
        })
        .collect();
    let open = if is_open { " open" } else { "" };
    let mut html = format!("<details{open}><summary>");
    for (report, result) in &found {
        html += &chip(report, rating.class(result), reports.len());
    }
    let id = Escaped(&case.id);
    let _ = write!(
        html,
        "<span class=\"claim\">{}</span><span class=\"id\">{id}</span>{}</summary>\n\
         <div class=\"body\" id=\"case-{id}\">\n{}",
        Escaped(&case.claim),
        seen(&found),
        rule(case)
    );
    for (report, result) in &found {
        if matches!(rating.class(result), Class::Passed | Class::Skipped) {
            continue;
        }
        if reports.len() > 1 {
            let _ = writeln!(html, "<h3>{}</h3>", Escaped(&report.peer));
        }
        html += &finding(result);
    }
    html + "</div></details>\n"
}

/// What was seen, while the details are folded; of one peer only.
fn seen(found: &[(&Report, &CaseResult)]) -> String {
    match found {
        [(_, result)] => {
            let seen = Escaped(&result.verdict.seen);
            format!("<span class=\"seen\">{seen}</span>")
        }
        _ => String::new(),
    }
}

fn chip(report: &Report, class: Class, peers: usize) -> String {
    let peer = match peers {
        1 => String::new(),
        _ => format!("{}: ", Escaped(&report.peer)),
    };
    let (id, name) = (class_name(class), class.name());
    format!("<span class=\"chip {id}\">{peer}{name}</span> ")
}

fn rule(case: &Case) -> String {
    let rule = case.rule;
    let (rfc, section) = (rule.rfc, Escaped(rule.section));
    let severity = terminal::severity(case.severity);
    let number = match &case.autobahn {
        Some(number) => format!(", Autobahn's {}", Escaped(number)),
        None => String::new(),
    };
    format!(
        "<blockquote>{}<footer><a href=\"https://www.rfc-editor.org/rfc/rfc{rfc}#section-{section}\">\
         RFC {rfc} section {section}</a> ({severity}{number})</footer></blockquote>\n",
        Escaped(rule.sentence)
    )
}

/// What was sent and what came, and what should have come.
fn finding(result: &CaseResult) -> String {
    let lines = record::relevant(result);
    let mut html = String::new();
    if !lines.is_empty() {
        html += "<div class=\"wide\"><table class=\"record\">\n";
        for line in &lines {
            html += &row(line);
        }
        html += "</table></div>\n";
    }
    html += "<dl>";
    for (name, text) in [
        ("expected", &result.verdict.expected),
        ("seen", &result.verdict.seen),
    ] {
        if !text.is_empty() {
            let _ = write!(html, "<dt>{name}</dt><dd>{}</dd>", Escaped(text));
        }
    }
    html + "</dl>\n"
}

fn row(line: &Line) -> String {
    match line {
        Line::LeftOut(count) => format!("<tr><td></td><td></td><td>… {count} more</td></tr>\n"),
        Line::Entry {
            milliseconds,
            direction,
            words,
            bytes,
        } => {
            let word = direction_word(*direction).trim();
            let bytes = match bytes {
                Bytes::None => String::new(),
                Bytes::Hex(digits) => digits.clone(),
                Bytes::Text(lines) => lines.join("\n"),
            };
            format!(
                "<tr class=\"{word}\"><td>{milliseconds} ms</td><td>{word}</td><td>{}\
                 <span class=\"bytes\">{}</span></td></tr>\n",
                Escaped(words),
                Escaped(&bytes)
            )
        }
    }
}
