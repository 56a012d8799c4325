//! A table by section: how many cases passed, failed, and so on.

use std::collections::BTreeMap;

use super::rating::{Class, Counts, Rating};
use super::style::{Color, Style};
use super::{CaseResult, Report, sections};

/// The longest title that is shown whole.
const TITLE_LEN: usize = 40;

/// The counts of a section.
pub(crate) struct Row<'a> {
    pub(crate) section: &'a str,
    pub(crate) counts: Counts,
}

/// The counts of all sections, in the order of the RFCs.
pub(crate) fn rows<'a>(
    results: impl IntoIterator<Item = &'a CaseResult>,
    rating: &Rating,
) -> Vec<Row<'a>> {
    rows_by(results, rating, |section| section)
}

/// The counts of all parts that `part` makes of a section.
fn rows_by<'a>(
    results: impl IntoIterator<Item = &'a CaseResult>,
    rating: &Rating,
    part: impl Fn(&'a str) -> &'a str,
) -> Vec<Row<'a>> {
    let mut parts: BTreeMap<&str, Vec<&CaseResult>> = BTreeMap::new();
    for result in results {
        let section = part(result.case.section());
        parts.entry(section).or_default().push(result);
    }
    let mut rows: Vec<_> = parts
        .into_iter()
        .map(|(section, results)| Row {
            section,
            counts: rating.count(results),
        })
        .collect();
    rows.sort_by(|a, b| sections::order(a.section, b.section));
    rows
}

/// The chapters, each with its sections in which not everything is as it should be.
fn chapters<'a>(results: &'a [CaseResult], rating: &Rating) -> Vec<Row<'a>> {
    let mut rows = rows_by(results, rating, sections::chapter);
    let is_doubtful = |row: &Row<'_>| {
        let classes = [Class::Failed, Class::Known, Class::NotStrict];
        classes.iter().any(|class| row.counts.of(*class) > 0)
    };
    let is_section = |row: &Row<'_>| row.section != sections::chapter(row.section);
    let sections = self::rows(results, rating).into_iter();
    rows.extend(sections.filter(|row| is_doubtful(row) && is_section(row)));
    rows.sort_by(|a, b| sections::order(a.section, b.section));
    rows
}

/// The table of the chapters, and the sums below it.
pub(crate) fn text(report: &Report, rating: &Rating, style: Style) -> String {
    let rows = chapters(&report.results, rating);
    let sum = rating.count(&report.results);
    let shown: Vec<_> = Class::ALL
        .into_iter()
        .filter(|class| matches!(class, Class::Passed | Class::Failed) || sum.of(*class) > 0)
        .collect();
    let names: Vec<String> = rows.iter().map(indented).collect();
    let lens = names.iter().map(String::len);
    let len = lens.max().unwrap_or_default().max("section".len());
    let mut text = format!("{:len$}  {:TITLE_LEN$}", "section", "");
    for class in &shown {
        text += &format!("  {}", class.name());
    }
    text = style.paint(Color::Dim, &text) + "\n";
    for (row, name) in rows.iter().zip(&names) {
        let title = shortened(sections::title(row.section));
        text += &format!("{name:len$}  {title:TITLE_LEN$}");
        text += &cells(&row.counts, &shown, style);
    }
    text += &format!("{:len$}  {:TITLE_LEN$}", "all", "");
    text + &cells(&sum, &shown, style)
}

/// A title that fits its column.
fn shortened(title: &str) -> String {
    if title.chars().count() <= TITLE_LEN {
        return title.to_owned();
    }
    let start: String = title.chars().take(TITLE_LEN - 1).collect();
    start.trim_end().to_owned() + "…"
}

/// The name of a section, below that of its chapter.
fn indented(row: &Row<'_>) -> String {
    let is_chapter = row.section == sections::chapter(row.section);
    let indent = if is_chapter { "" } else { "  " };
    format!("{indent}{}", row.section)
}

fn cells(counts: &Counts, shown: &[Class], style: Style) -> String {
    let mut cells = String::new();
    for class in shown {
        let count = match counts.of(*class) {
            0 => String::new(),
            count => count.to_string(),
        };
        let cell = format!("  {count:>width$}", width = class.name().len());
        cells += &style.paint(color(*class), &cell);
    }
    format!("{}\n", cells.trim_end())
}

/// The colour of a class.
pub(crate) fn color(class: Class) -> Color {
    match class {
        Class::Passed => Color::Good,
        Class::Failed => Color::Bad,
        Class::Known | Class::NotStrict => Color::Doubtful,
        Class::Informational | Class::Skipped => Color::Dim,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_that_is_cut_says_so() {
        assert_eq!(shortened("Ping"), "Ping");
        let long = "Supporting Multiple Versions of WebSocket Protocol";
        assert_eq!(shortened(long), "Supporting Multiple Versions of WebSock…");
    }
    use crate::check::report::tests as sample;

    #[test]
    fn the_table_has_the_chapters_and_the_sections_with_failures() {
        let mut report = sample::report();
        for result in &mut report.results[3..] {
            result.verdict.outcome = crate::check::verdict::Outcome::Passed;
        }
        let text = text(&report, &Rating::default(), Style::PLAIN);
        let names: Vec<_> = text
            .lines()
            .map(|line| {
                line.split("  ")
                    .find(|part| !part.is_empty())
                    .unwrap_or_default()
            })
            .collect();
        assert_eq!(
            names,
            ["section", "5", "5.5.2", "7", "rfc7692", "all"],
            "{text}"
        );
        let line = text
            .lines()
            .find(|line| line.starts_with("  5.5.2  "))
            .expect("the section");
        let counts: Vec<_> = line.split_whitespace().skip(2).collect();
        assert_eq!(counts, ["1", "1", "1"], "passed, failed, not strict");
    }
}
