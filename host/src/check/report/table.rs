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
    let mut sections: BTreeMap<&str, Vec<&CaseResult>> = BTreeMap::new();
    for result in results {
        let section = result.case.section();
        sections.entry(section).or_default().push(result);
    }
    let mut rows: Vec<_> = sections
        .into_iter()
        .map(|(section, results)| Row {
            section,
            counts: rating.count(results),
        })
        .collect();
    rows.sort_by(|a, b| sections::order(a.section, b.section));
    rows
}

/// The table, and the sums below it.
pub(crate) fn text(report: &Report, rating: &Rating, style: Style) -> String {
    let rows = rows(&report.results, rating);
    let sum = rating.count(&report.results);
    let shown: Vec<_> = Class::ALL
        .into_iter()
        .filter(|class| matches!(class, Class::Passed | Class::Failed) || sum.of(*class) > 0)
        .collect();
    let lens = rows.iter().map(|row| row.section.len());
    let len = lens.max().unwrap_or_default().max("section".len());
    let mut text = format!("{:len$}  {:TITLE_LEN$}", "section", "");
    for class in &shown {
        text += &format!("  {}", class.name());
    }
    text = style.paint(Color::Dim, &text) + "\n";
    for row in &rows {
        let title: String = sections::title(row.section)
            .chars()
            .take(TITLE_LEN)
            .collect();
        text += &format!("{:len$}  {title:TITLE_LEN$}", row.section);
        text += &cells(&row.counts, &shown, style);
    }
    text += &format!("{:len$}  {:TITLE_LEN$}", "all", "");
    text + &cells(&sum, &shown, style)
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
