//! A report as JUnit's XML, which systems for continuous integration read: a suite for each section
//! of each peer.

use std::time::Duration;

use super::markup::Escaped;
use super::rating::{Class, Rating};
use super::style::Style;
use super::{CaseResult, Report, sections, table, terminal};

/// The text of the file.
pub(crate) fn text(reports: &[Report], rating: &Rating) -> String {
    let results = || reports.iter().flat_map(|report| &report.results);
    let time = reports.iter().map(|report| report.time).sum();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml += "<testsuites name=\"ws-echo check\"";
    xml += &attributes(results(), time, rating);
    xml += ">\n";
    for report in reports {
        for row in table::rows(&report.results, rating) {
            let is_here = |it: &&CaseResult| it.case.section() == row.section;
            let here: Vec<_> = report.results.iter().filter(is_here).collect();
            xml += &suite(report, row.section, &here, rating);
        }
        xml += &interruption(report);
    }
    xml + "</testsuites>\n"
}

fn suite(report: &Report, section: &str, results: &[&CaseResult], rating: &Rating) -> String {
    let name = format!("{}: {section} {}", report.peer, sections::title(section));
    let time = results.iter().map(|result| result.time).sum();
    let mut xml = format!("  <testsuite name=\"{}\"", Escaped(name.trim_end()));
    xml += &attributes(results.iter().copied(), time, rating);
    xml += ">\n";
    for result in results {
        xml += &test_case(report, result, rating);
    }
    xml + "  </testsuite>\n"
}

/// The counts, as attributes.
fn attributes<'a>(
    results: impl Iterator<Item = &'a CaseResult>,
    time: Duration,
    rating: &Rating,
) -> String {
    let counts = rating.count(results);
    format!(
        " tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{}\"",
        counts.all(),
        counts.of(Class::Failed),
        counts.of(Class::Skipped) + counts.of(Class::Known),
        seconds(time)
    )
}

fn test_case(report: &Report, result: &CaseResult, rating: &Rating) -> String {
    let seen = Escaped(&result.verdict.seen);
    let content = match rating.class(result) {
        Class::Passed => String::new(),
        Class::Failed => format!(
            "\n      <failure message=\"{seen}\" type=\"{}\">{}</failure>\n    ",
            terminal::severity(result.case.severity),
            Escaped(&terminal::failure(result, Style::PLAIN))
        ),
        Class::Known => format!("\n      <skipped message=\"known failure: {seen}\"/>\n    "),
        Class::Skipped => format!("\n      <skipped message=\"{seen}\"/>\n    "),
        class @ (Class::NotStrict | Class::Informational) => {
            let name = class.name();
            format!("\n      <system-out>{name}: {seen}</system-out>\n    ")
        }
    };
    format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\">{content}</testcase>\n",
        Escaped(&report.peer),
        Escaped(&result.case.id),
        seconds(result.time)
    )
}

/// A run that was interrupted must not look as one that has passed.
fn interruption(report: &Report) -> String {
    if report.not_played == 0 {
        return String::new();
    }
    let peer = Escaped(&report.peer);
    format!(
        "  <testsuite name=\"{peer}: interrupted\" tests=\"1\" failures=\"0\" errors=\"1\" \
         skipped=\"0\" time=\"0\">\n    <testcase classname=\"{peer}\" name=\"interrupted\" \
         time=\"0\">\n      <error message=\"the run was interrupted: {} were not \
         played\"/>\n    </testcase>\n  </testsuite>\n",
        terminal::cases(report.not_played)
    )
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::report::tests as sample;

    #[test]
    fn there_is_a_suite_for_each_section_and_hostile_text_is_escaped() {
        let xml = text(&[sample::report()], &Rating::default());
        assert_eq!(xml.matches("<testsuite ").count(), 3);
        assert_eq!(xml.matches("<testcase ").count(), 6);
        assert_eq!(xml.matches("<failure ").count(), 1);
        assert_eq!(xml.matches("<skipped ").count(), 1);
        let all = "<testsuites name=\"ws-echo check\" tests=\"6\" failures=\"1\" errors=\"0\" \
                   skipped=\"1\" time=\"2.000\">";
        assert!(xml.contains(all), "{xml}");
        assert!(!xml.contains("<script") && !xml.contains("]]>"));
        assert!(
            xml.chars()
                .all(|it| it == '\n' || !crate::escape::is_unsafe(it))
        );
    }

    #[test]
    fn a_run_that_was_interrupted_has_an_error() {
        let mut report = sample::report();
        report.not_played = 3;
        let xml = text(&[report], &Rating::default());
        assert!(
            xml.contains("<error message=\"the run was interrupted: 3 cases were not played\"/>")
        );
    }
}
