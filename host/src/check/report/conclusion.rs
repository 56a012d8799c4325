//! The last lines of a report: what is to be known about the baseline, and the sum.

use super::rating::{Class, Rating};
use super::terminal::cases;
use super::{CaseResult, Report};
use crate::check::exit_status::ExitStatus;
use crate::check::verdict::Outcome;

/// The exit status that follows from reports.
pub(crate) fn status(reports: &[Report], rating: &Rating) -> ExitStatus {
    let is_failure = |result: &CaseResult| rating.class(result) == Class::Failed;
    let has_failed =
        |report: &Report| report.not_played > 0 || report.results.iter().any(is_failure);
    match reports.iter().any(has_failed) {
        true => ExitStatus::Failed,
        false => ExitStatus::Passed,
    }
}

/// The known failures that pass now.
pub(crate) fn mended(report: &Report, rating: &Rating) -> Vec<String> {
    let is_mended = |result: &&CaseResult| {
        result.verdict.outcome == Outcome::Passed && rating.known.contains(&*result.case.id)
    };
    let mended = report.results.iter().filter(is_mended);
    mended.map(|result| result.case.id.to_string()).collect()
}

/// The last line: the sum, and why the exit status is what it is.
pub(crate) fn sum(report: &Report, rating: &Rating) -> String {
    let counts = rating.count(&report.results);
    let failed = counts.of(Class::Failed);
    let played = counts.all() - counts.of(Class::Skipped);
    if report.not_played > 0 {
        let all = counts.all() + report.not_played;
        return format!(
            "interrupted: {} of {all} were reached, {failed} failed (exit status 1)",
            cases(counts.all())
        );
    }
    let mut others = Vec::new();
    for class in [Class::Known, Class::NotStrict] {
        match counts.of(class) {
            0 => {}
            count => others.push(format!("{count} {}", class.name())),
        }
    }
    let others = match others.is_empty() {
        true => String::new(),
        false => format!("; {}", others.join(", ")),
    };
    match failed {
        0 if played == 0 => "nothing was tested: all cases were skipped (exit status 0)".into(),
        0 => format!(
            "passed: none of {} failed{others} (exit status 0)",
            cases(played)
        ),
        failed => format!(
            "failed: {failed} of {}{others} (exit status 1)",
            cases(played)
        ),
    }
}
