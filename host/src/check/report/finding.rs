//! What a page tells of a case that was not passed, folded.

use std::fmt::Write as _;

use super::json::class_name;
use super::markup::Escaped;
use super::rating::{Class, Rating};
use super::record::{self, Bytes, Line, direction_word};
use super::{CaseResult, Report, terminal};
use crate::check::case::{Case, Rule};

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
    let id = Escaped(&case.id);
    let _ = write!(
        html,
        "<span class=\"claim\">{}</span>",
        Escaped(&case.claim)
    );
    match &found[..] {
        // The chapter says how it counts.
        [(_, result)] if reports.len() == 1 => {
            let seen = Escaped(&result.verdict.seen);
            let _ = write!(html, "<code>{id}</code> <span class=\"seen\">{seen}</span>");
        }
        found => {
            let _ = write!(html, "<code>{id}</code> ");
            for (report, result) in found {
                html += &chip(report, rating.class(result));
            }
        }
    }
    let _ = write!(
        html,
        "</summary>\n<div class=\"body\" id=\"case-{id}\">\n<p class=\"soft\">{}</p>\n",
        kind(case)
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

fn chip(report: &Report, class: Class) -> String {
    let (id, name) = (class_name(class), class.name());
    let peer = Escaped(&report.peer);
    format!("<span class=\"chip {id}\">{peer}: {name}</span> ")
}

/// The severity, and the number of Autobahn's.
fn kind(case: &Case) -> String {
    let severity = terminal::severity(case.severity);
    match &case.autobahn {
        Some(number) => format!("{severity}, Autobahn's {}", Escaped(number)),
        None => severity.into(),
    }
}

/// The sentence of a rule, with a link to where it is.
pub(crate) fn quote(rule: &Rule) -> String {
    let (rfc, section) = (rule.rfc, Escaped(rule.section));
    format!(
        "<blockquote>{}<footer>\
         <a href=\"https://www.rfc-editor.org/rfc/rfc{rfc}#section-{section}\">\
         RFC {rfc} section {section}</a></footer></blockquote>\n",
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
