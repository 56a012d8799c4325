//! Where reports go: to stdout, into files, and into the exit status.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use super::rating::{Class, Rating};
use super::style::{Color, Style};
use super::{Report, baseline, conclusion, file, terminal};
use crate::check::cases;
use crate::check::exit_status::ExitStatus;
use crate::check::transcript::Detail;
use crate::options::check::Output;
use crate::{platform, stderr};

/// Reports as the user asks for them.
#[derive(Clone, Debug)]
pub(crate) struct Reporter<'a> {
    output: &'a Output,
    rating: Rating,
}

impl<'a> Reporter<'a> {
    /// Reads the baseline, and looks whether the files can be written.
    ///
    /// # Errors
    ///
    /// What cannot be read or written, and which option to change.
    pub(crate) fn new(output: &'a Output) -> Result<Self, String> {
        let reporter = Self {
            output,
            rating: Rating {
                strict: output.strict,
                known: match &output.baseline {
                    Some(path) => baseline::open(path)?,
                    None => Default::default(),
                },
            },
        };
        for (option, path, _) in reporter.files() {
            file::check(path).map_err(|error| unwritable(option, path, &error))?;
        }
        reporter.warn_of_unknown();
        Ok(reporter)
    }

    /// Tells which ids in the baseline are those of no case.
    fn warn_of_unknown(&self) {
        if self.rating.known.is_empty() {
            return;
        }
        let cases = cases::all();
        let is_unknown = |id: &&String| cases.iter().all(|case| case.id != **id);
        for id in self.rating.known.iter().filter(is_unknown) {
            let id = crate::escape::Excerpt::new(id);
            stderr::print(&format!("--baseline: there is no case {id}"));
        }
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
        let style = self.style();
        let mut text = terminal::text(report, &self.rating, style);
        let mended = conclusion::mended(report, &self.rating);
        if !mended.is_empty() {
            let first = "passes now, so it can be taken out of the baseline: ";
            text += &style.paragraph(first, &mended.join(" "));
        }
        let color = match conclusion::status(std::slice::from_ref(report), &self.rating) {
            ExitStatus::Passed => Color::Good,
            _ => Color::Bad,
        };
        text += &style.paint(color, &conclusion::sum(report, &self.rating));
        text += "\n";
        // Who reads may have gone, and the exit status still says what was found.
        let mut stdout = io::stdout().lock();
        let _ = stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush());
    }

    fn style(&self) -> Style {
        match io::stdout().is_terminal() {
            true => Style::terminal(platform::terminal_columns(), self.output.color),
            false => Style::PLAIN,
        }
    }

    /// The files that the user asks for: the option, the path, and what makes the content.
    fn files(&self) -> Vec<(&'static str, &'a Path, fn(&[Report], &Rating) -> String)> {
        let output = self.output;
        let mut files: Vec<(_, _, fn(&[Report], &Rating) -> String)> = Vec::new();
        if let Some(path) = &output.write_baseline {
            files.push(("--write-baseline", path.as_path(), write_baseline));
        }
        files
    }

    /// Writes the files that the user asks for, about all peers. It may be called again when there
    /// is more. Says on stderr what cannot be written, and returns whether all was.
    pub(crate) fn write(&self, reports: &[Report]) -> bool {
        let mut is_written = true;
        for (option, path, content) in self.files() {
            let content = content(reports, &self.rating);
            if let Err(error) = file::write_whole(path, content.as_bytes()) {
                stderr::print(&unwritable(option, path, &error));
                is_written = false;
            }
        }
        is_written
    }

    /// The exit status that follows from what was found about all peers.
    pub(crate) fn status(&self, reports: &[Report]) -> ExitStatus {
        conclusion::status(reports, &self.rating)
    }
}

fn unwritable(option: &str, path: &Path, error: &io::Error) -> String {
    format!("{option} {}: {error}", path.display())
}

fn write_baseline(reports: &[Report], rating: &Rating) -> String {
    let results = reports.iter().flat_map(|report| &report.results);
    let is_failure = |class| matches!(class, Class::Failed | Class::Known);
    let mut failed: Vec<_> = results.filter(|it| is_failure(rating.class(it))).collect();
    failed.sort_by_key(|result| result.case.id.clone());
    failed.dedup_by_key(|result| result.case.id.clone());
    baseline::written(failed)
}
