//! A report for a terminal, or for a pipe: a table, each failure in a few lines, and a sum.
//!
//! Nothing that a peer has sent can hurt a terminal: all of it is escaped.

use std::collections::BTreeMap;

use super::rating::{Class, Rating};
use super::record::{self, Bytes, Line, direction_word};
use super::style::{Color, Style};
use super::{CaseResult, Report, sections, table};
use crate::check::case::{Rule, Severity};
use crate::escape::{OneLine, Untrusted};

/// Up to so many failures are shown with all that is known. Of more, the first of each rule is.
const FULL_MAX: usize = 20;
/// Up to so many things that were seen are told of cases that have not failed.
const GROUPS_MAX: usize = 12;
const INFORMATIONAL_MAX: usize = 5;
/// The longest name of a peer.
const NAME_LEN_MAX: usize = 120;

/// The whole report.
pub(crate) fn text(report: &Report, rating: &Rating, style: Style) -> String {
    let mut text = head(report, style) + "\n" + &table::text(report, rating, style) + "\n";
    let of = |class| -> Vec<&CaseResult> {
        let results = report.results.iter();
        let mut results: Vec<_> = results.filter(|it| rating.class(it) == class).collect();
        // As in the table.
        results.sort_by(|a, b| sections::order(a.case.section(), b.case.section()));
        results
    };
    text += &failures(&of(Class::Failed), style);
    for class in [Class::Known, Class::NotStrict, Class::Informational] {
        text += &groups(class, &of(class), style);
    }
    text + &skipped(of(Class::Skipped).into_iter(), style)
}

fn head(report: &Report, style: Style) -> String {
    let name = style.paragraph("", &Untrusted::new(&report.peer, NAME_LEN_MAX).to_string());
    let product = match &report.product {
        Some(product) => format!("{}, ", Untrusted::new(product, NAME_LEN_MAX)),
        None => String::new(),
    };
    let cases = cases(report.results.len());
    let facts = format!("{product}{cases} in {:.1} s", report.time.as_secs_f64());
    style.paint(Color::Strong, &name) + &style.paragraph("", &facts)
}

/// `1 case`, or `2 cases`.
pub(crate) fn cases(count: usize) -> String {
    match count {
        1 => "1 case".into(),
        count => format!("{count} cases"),
    }
}

fn failures(failed: &[&CaseResult], style: Style) -> String {
    let mut text = String::new();
    let mut rules: Vec<(&Rule, Vec<&CaseResult>)> = Vec::new();
    for result in failed {
        match rules.iter_mut().find(|(rule, _)| *rule == result.case.rule) {
            Some((_, results)) => results.push(result),
            None => rules.push((result.case.rule, vec![result])),
        }
    }
    let is_short = failed.len() > FULL_MAX;
    for (_, results) in rules {
        let full_len = if is_short { 1 } else { results.len() };
        let (full, short) = results.split_at(full_len);
        for result in full {
            text += &failure(result, style);
            text += "\n";
        }
        if !short.is_empty() {
            text += &format!("  {} more of this rule:\n", short.len());
            text += &grouped(short.iter().copied(), usize::MAX, style);
            text += "\n";
        }
    }
    if is_short {
        text += "--trace ID shows all of one case, and --html FILE of every one.\n\n";
    }
    text
}

/// A failure, with all that is known about it.
pub(crate) fn failure(result: &CaseResult, style: Style) -> String {
    let case = &result.case;
    let title = format!("FAILED {}", case.id);
    let mut text = format!(
        "{} {}\n",
        style.paint(Color::Bad, &title),
        style.paint(Color::Dim, &kind(result))
    );
    text += &style.paragraph("  ", &case.claim);
    text += &style.paragraph("  ", &quoted(case.rule));
    text += &lines(&record::relevant(result), style);
    text += &style.paragraph(
        "  expected  ",
        &OneLine(&result.verdict.expected).to_string(),
    );
    text + &style.paragraph("  seen      ", &OneLine(&result.verdict.seen).to_string())
}

/// The severity, and the number of Autobahn's, in brackets.
fn kind(result: &CaseResult) -> String {
    let severity = severity(result.case.severity);
    match &result.case.autobahn {
        Some(number) => format!("({severity}, Autobahn's {number})"),
        None => format!("({severity})"),
    }
}

/// As the RFCs write it.
pub(crate) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Must => "MUST",
        Severity::Should => "SHOULD",
        Severity::Robustness => "robustness",
    }
}

/// A rule with where it is.
pub(crate) fn quoted(rule: &Rule) -> String {
    format!(
        "RFC {} section {}: \"{}\"",
        rule.rfc, rule.section, rule.sentence
    )
}

/// The lines of a record.
pub(crate) fn lines(lines: &[Line], style: Style) -> String {
    let mut text = String::new();
    for line in lines {
        match line {
            Line::LeftOut(count) => text += &format!("{:12}… {count} more\n", ""),
            Line::Entry {
                milliseconds,
                direction,
                words,
                bytes,
            } => {
                let first = format!("{milliseconds:>8} ms {} ", direction_word(*direction));
                text += &entry(&first, words, bytes, style);
            }
        }
    }
    text
}

fn entry(first: &str, words: &str, bytes: &Bytes, style: Style) -> String {
    match bytes {
        Bytes::None => style.paragraph(first, words),
        Bytes::Hex(digits) if style.fits(&[first, words, "  ", digits]) => {
            format!("{first}{words}  {}\n", style.paint(Color::Dim, digits))
        }
        Bytes::Hex(digits) => {
            let indent = " ".repeat(first.chars().count());
            style.paragraph(first, words) + &style.paragraph(&indent, digits)
        }
        Bytes::Text(lines) => {
            let mut text = String::new();
            let mut first = first.to_owned();
            let words = (!words.is_empty()).then(|| words.to_owned());
            for line in words.iter().chain(lines) {
                text += &style.paragraph(&first, line);
                first = " ".repeat(first.chars().count());
            }
            text
        }
    }
}

/// Cases of a class, in groups of which the same was seen.
fn groups(class: Class, results: &[&CaseResult], style: Style) -> String {
    let count = results.len();
    let title = match (class, count) {
        (_, 0) => return String::new(),
        (Class::Known, 1) => "1 known failure".into(),
        (Class::Known, count) => format!("{count} known failures"),
        (class, count) => format!("{count} {}", class.name()),
    };
    let groups_max = match class {
        Class::Informational => INFORMATIONAL_MAX,
        _ => GROUPS_MAX,
    };
    let title = style.paint(table::color(class), &title);
    let groups = grouped(results.iter().copied(), groups_max, style);
    format!("{title}{}\n{groups}\n", about(class))
}

/// What was seen, and the ids of the cases of which it was; of so many groups.
fn grouped<'a>(
    results: impl Iterator<Item = &'a CaseResult>,
    groups_max: usize,
    style: Style,
) -> String {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for result in results {
        let seen = match result.verdict.seen.as_str() {
            "" => "nothing else came",
            seen => seen,
        };
        match groups.iter_mut().find(|(it, _)| *it == seen) {
            Some((_, ids)) => ids.push(&result.case.id),
            None => groups.push((seen, vec![&result.case.id])),
        }
    }
    let mut text = String::new();
    let (shown, hidden) = groups.split_at(groups.len().min(groups_max));
    for (seen, ids) in shown {
        text += &style.paragraph("    ", &OneLine(seen).to_string());
        text += &style.paragraph("        ", &ids.join(" "));
    }
    let hidden: usize = hidden.iter().map(|(_, ids)| ids.len()).sum();
    if hidden > 0 {
        text += &format!("    … and {hidden} more, which --html FILE and --json FILE show\n");
    }
    text
}

/// What a class means, behind its name.
fn about(class: Class) -> &'static str {
    match class {
        Class::Known => ", which the baseline lists",
        Class::NotStrict => ": allowed, but not what is recommended",
        Class::Informational => ": the RFC leaves it open",
        Class::Passed | Class::Failed | Class::Skipped => "",
    }
}

/// The cases that were not played, by reason.
fn skipped<'a>(results: impl Iterator<Item = &'a CaseResult>, style: Style) -> String {
    let reasons = reasons(results);
    let mut text = String::new();
    for (reason, count) in &reasons {
        text += &style.paragraph(&format!("{count} skipped: "), &OneLine(reason).to_string());
    }
    match reasons.is_empty() {
        true => text,
        false => text + "\n",
    }
}

/// Why cases were skipped, and how many for each reason.
pub(crate) fn reasons<'a>(
    results: impl Iterator<Item = &'a CaseResult>,
) -> BTreeMap<&'a str, usize> {
    let mut reasons = BTreeMap::new();
    for result in results {
        *reasons.entry(result.verdict.seen.as_str()).or_default() += 1;
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::report::tests as sample;
    use crate::check::verdict::Outcome;

    fn plain(report: &Report) -> String {
        text(report, &Rating::default(), Style::PLAIN)
    }

    #[test]
    fn a_failure_has_the_claim_the_sentence_the_bytes_and_what_was_expected() {
        let mut result = sample::report().results.swap_remove(1);
        result.verdict.seen = "nothing came".into();
        for entry in &mut result.transcript.record.entries {
            entry.at = std::time::Duration::from_micros(1_250);
        }
        result.transcript.record.entries.remove(3);
        assert_eq!(
            failure(&result, Style::PLAIN),
            "FAILED 5.5.2-failed (MUST, Autobahn's 2.1)\n  \
             A Ping is answered\n  \
             RFC 6455 section 5.5.2: \"A Ping is answered & a \"Pong\" comes.\"\n     \
             1.2 ms sent Ping: \"a\"  89 81 00 00 00 00 61\n     \
             1.2 ms      the TCP connection ended\n  \
             expected  a Pong\n  \
             seen      nothing came\n"
        );
    }

    #[test]
    fn nothing_that_a_peer_sends_reaches_a_terminal_as_it_is() {
        let shown = plain(&sample::report());
        let is_safe = |it: char| it == '\n' || !crate::escape::is_unsafe(it);
        assert!(shown.chars().all(is_safe), "{shown:?}");
        assert!(shown.contains(r"\u{1b}[2J"));
    }

    #[test]
    fn each_line_fits_the_width() {
        for line in plain(&sample::report()).lines() {
            assert!(line.chars().count() <= 120, "{line}");
        }
    }

    #[test]
    fn not_strict_cases_are_told_shortly_and_skipped_ones_by_reason() {
        let mut report = sample::report();
        for result in &mut report.results {
            result.verdict.seen = "the same".into();
        }
        let shown = plain(&report);
        let not_strict = "2 not strict: allowed, but not what is recommended\n    the same\n\
                          \x20       5.5.2-should 7.4-not-strict\n";
        assert!(shown.contains(not_strict), "{shown}");
        assert!(shown.contains("\n1 skipped: the same\n"), "{shown}");
    }

    #[test]
    fn of_many_failures_of_one_rule_the_first_is_told_whole() {
        let mut report = sample::report();
        let template = || sample::report().results.swap_remove(1);
        report.results = (0..200)
            .map(|index| {
                let mut result = template();
                result.case.id = format!("5.5.2-number-{index}").into();
                result.verdict.seen = "nothing came".into();
                result
            })
            .collect();
        let shown = plain(&report);
        assert_eq!(shown.matches("FAILED ").count(), 1);
        let more =
            "  199 more of this rule:\n    nothing came\n        5.5.2-number-1 5.5.2-number-2 ";
        assert!(shown.contains(more), "{shown}");
        assert!(shown.lines().count() < 70, "{}", shown.lines().count());
    }

    #[test]
    fn with_strict_what_is_recommended_fails_too() {
        let rating = Rating {
            strict: true,
            ..Rating::default()
        };
        let shown = text(&sample::report(), &rating, Style::PLAIN);
        for id in ["5.5.2-failed", "5.5.2-should", "7.4-not-strict"] {
            assert!(shown.contains(&format!("FAILED {id} ")), "{id}");
        }
        let passed = sample::report().results.swap_remove(0);
        assert_eq!(passed.verdict.outcome, Outcome::Passed);
    }
}
