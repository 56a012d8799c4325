//! The last lines of a report: what is to be known about the baseline, and the sum.

use super::rating::{Class, Rating};
use super::terminal::cases;
use super::{CaseResult, Report};
use crate::check::exit_status::ExitStatus;
use crate::check::player::connection::NO_CONNECTION;
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

/// What to look at when cases failed because the server did not accept their connections.
pub(crate) fn lost(report: &Report, rating: &Rating) -> Option<String> {
    let is_lost = |result: &&CaseResult| {
        rating.class(result) == Class::Failed && result.verdict.seen.starts_with(NO_CONNECTION)
    };
    let count = report.results.iter().filter(is_lost).count();
    (count > 0).then(|| {
        format!(
            "{} failed because the server accepted no connection any more. If it has crashed, its \
             own output says why, and --jobs 1 shows at which case",
            cases(count)
        )
    })
}

/// The last line: the sum, and why the exit status is what it is.
pub(crate) fn sum(report: &Report, rating: &Rating) -> String {
    let counts = rating.count(&report.results);
    let failed = counts.of(Class::Failed);
    let played = counts.all() - counts.of(Class::Skipped);
    if report.not_played > 0 {
        let all = counts.all() + report.not_played;
        return format!(
            "interrupted: {} of {all} cases were reached, {failed} failed",
            counts.all()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::report::tests as sample;

    fn known(id: &str) -> Rating {
        Rating {
            known: [id.to_owned()].into(),
            ..Rating::default()
        }
    }

    #[test]
    fn a_failure_that_is_new_fails_the_check_and_a_known_one_does_not() {
        let reports = [sample::report()];
        assert_eq!(status(&reports, &Rating::default()), ExitStatus::Failed);
        assert_eq!(status(&reports, &known("7.4-open")), ExitStatus::Failed);
        assert_eq!(status(&reports, &known("5.5.2-failed")), ExitStatus::Passed);
        assert_eq!(
            sum(&reports[0], &known("5.5.2-failed")),
            "passed: none of 5 cases failed; 1 known, 2 not strict (exit status 0)"
        );
    }

    #[test]
    fn that_the_server_is_gone_is_said_once_for_all_cases() {
        let mut report = sample::report();
        assert_eq!(lost(&report, &Rating::default()), None);
        report.results[1].verdict.seen = format!("{NO_CONNECTION} 127.0.0.1:9: refused");
        let note = lost(&report, &Rating::default()).expect("a note");
        assert!(note.starts_with("1 case failed because"), "{note}");
    }

    #[test]
    fn a_known_failure_that_passes_now_is_told() {
        let report = sample::report();
        assert_eq!(mended(&report, &known("5.5.2-passed")), ["5.5.2-passed"]);
        assert!(mended(&report, &known("5.5.2-failed")).is_empty());
    }

    #[test]
    fn what_is_only_recommended_fails_the_check_with_strict_alone() {
        let mut report = sample::report();
        report.results.remove(1);
        let reports = [report];
        assert_eq!(status(&reports, &Rating::default()), ExitStatus::Passed);
        let strict = Rating {
            strict: true,
            ..Rating::default()
        };
        assert_eq!(status(&reports, &strict), ExitStatus::Failed);
    }

    #[test]
    fn an_interrupted_run_has_not_passed() {
        let mut report = sample::report();
        report.results.truncate(1);
        report.not_played = 9;
        assert_eq!(
            sum(&report, &Rating::default()),
            "interrupted: 1 of 10 cases were reached, 0 failed"
        );
        assert_eq!(status(&[report], &Rating::default()), ExitStatus::Failed);
    }
}
