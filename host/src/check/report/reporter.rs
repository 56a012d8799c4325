//! Where reports go: to stdout, into files, and into the exit status.

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use super::rating::{Class, Rating};
use super::style::{Color, Style};
use super::{
    Report, autobahn, baseline, conclusion, explanation, file, html, json, junit, list, terminal,
    trace,
};
use crate::check::case::Case;
use crate::check::cases;
use crate::check::exit_status::ExitStatus;
use crate::check::transcript::Detail;
use crate::escape::{Excerpt, OneLine};
use crate::options::check::Output;
use crate::{platform, stderr};

/// The name of stdout as a file.
const STDOUT: &str = "-";

/// What makes the content of a file.
type Content = fn(&[Report], &Rating) -> String;

/// A file that the user asks for.
struct Target<'a> {
    option: &'static str,
    path: &'a Path,
    content: Content,
}

impl Target<'_> {
    fn is_stdout(&self) -> bool {
        self.path == Path::new(STDOUT)
    }

    fn write(&self, content: &str) -> io::Result<()> {
        match self.is_stdout() {
            true => io::stdout().lock().write_all(content.as_bytes()),
            false => file::write_whole(self.path, content.as_bytes()),
        }
    }
}

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
                    Some(path) => {
                        let known = baseline::open(path);
                        known.map_err(|error| unusable("--baseline", path, &error))?
                    }
                    None => Default::default(),
                },
            },
        };
        for target in reporter.files().iter().filter(|it| !it.is_stdout()) {
            let checked = file::check(target.path);
            checked.map_err(|error| unusable(target.option, target.path, &error))?;
        }
        let files = reporter.files();
        let on_stdout: Vec<_> = files.iter().filter(|it| it.is_stdout()).collect();
        if let [one, other, ..] = on_stdout[..] {
            let (one, other) = (one.option, other.option);
            return Err(format!(
                "only one of {one} and {other} can be written to stdout"
            ));
        }
        for (index, one) in files.iter().enumerate() {
            if let Some(other) = files[..index].iter().find(|other| other.path == one.path) {
                let (one, other) = (one.option, other.option);
                return Err(format!("{other} and {one} name the same file"));
            }
        }
        if let Some(folder) = &output.autobahn {
            let made = match folder.exists() && !folder.is_dir() {
                true => Err(io::Error::other(
                    "this is no folder; name one, or one to be made",
                )),
                false => fs::create_dir_all(folder),
            };
            made.map_err(|error| unusable("--autobahn", folder, &error))?;
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
            let id = Excerpt::new(id);
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

    /// Prints what was found about one peer to stdout; with `--trace` every byte of it. It prints
    /// nothing if stdout is for a file. Returns false if stdout takes no more.
    pub(crate) fn print(&self, report: &Report) -> bool {
        if self.fills_stdout() {
            return true;
        }
        let style = self.style();
        let text = match self.output.trace {
            Some(_) => {
                let results = report.results.iter();
                results
                    .map(|it| trace::text(it, &self.rating, style))
                    .collect()
            }
            None => self.whole(report, style),
        };
        print(&text)
    }

    /// Whether stdout is for a file, and nothing else may be printed there.
    pub(crate) fn fills_stdout(&self) -> bool {
        self.files().iter().any(Target::is_stdout)
    }

    /// The whole report.
    fn whole(&self, report: &Report, style: Style) -> String {
        let mut text = terminal::text(report, &self.rating, style);
        let mended = conclusion::mended(report, &self.rating);
        if !mended.is_empty() {
            let first = "passes now, so it can be taken out of the baseline: ";
            text += &style.paragraph(first, &mended.join(" "));
        }
        if let Some(lost) = conclusion::lost(report, &self.rating) {
            text += &style.paragraph("", &lost);
        }
        let color = match conclusion::status(std::slice::from_ref(report), &self.rating) {
            ExitStatus::Passed => Color::Good,
            _ => Color::Bad,
        };
        text + &style.paint(color, &conclusion::sum(report, &self.rating)) + "\n"
    }

    /// Prints a line for each case.
    pub(crate) fn list(&self, cases: &[Case]) {
        let _ = print(&list::text(cases));
    }

    /// Prints what a case is.
    pub(crate) fn explain(&self, case: &Case) {
        let _ = print(&explanation::text(case, self.style()));
    }

    fn style(&self) -> Style {
        match io::stdout().is_terminal() {
            true => Style::terminal(platform::terminal_columns(), self.output.color),
            false => Style::PLAIN,
        }
    }

    /// The files that the user asks for, apart from those of `--autobahn`.
    fn files(&self) -> Vec<Target<'a>> {
        let output = self.output;
        let files: [(_, _, Content); 4] = [
            ("--json", &output.json, json::text),
            ("--junit", &output.junit, junit::text),
            ("--html", &output.html, html::text),
            ("--write-baseline", &output.write_baseline, write_baseline),
        ];
        let target = |(option, path, content): (_, &'a Option<PathBuf>, _)| {
            let path = path.as_deref()?;
            Some(Target {
                option,
                path,
                content,
            })
        };
        files.into_iter().filter_map(target).collect()
    }

    /// Writes the files that the user asks for, about all peers. It may be called again when there
    /// is more. Says on stderr what cannot be written, and returns whether all was.
    pub(crate) fn write(&self, reports: &[Report]) -> bool {
        let mut is_written = true;
        let mut note = |option, path: &Path, written: io::Result<()>| {
            if let Err(error) = written {
                stderr::print(&unusable(option, path, &error));
                is_written = false;
            }
        };
        for target in self.files() {
            let content = (target.content)(reports, &self.rating);
            note(target.option, target.path, target.write(&content));
        }
        if let Some(folder) = &self.output.autobahn {
            for (name, content) in autobahn::files(reports, &self.rating) {
                let path = folder.join(name);
                note(
                    "--autobahn",
                    &path,
                    file::write_whole(&path, content.as_bytes()),
                );
            }
        }
        is_written
    }

    /// The exit status that follows from what was found about all peers.
    pub(crate) fn status(&self, reports: &[Report]) -> ExitStatus {
        conclusion::status(reports, &self.rating)
    }
}

/// Writes to stdout, and returns whether that was possible. Whoever reads may have gone: the exit
/// status still says what was found.
fn print(text: &str) -> bool {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if !platform::is_closed_pipe(&error) => {
            stderr::print(&format!("cannot print the report: {error}"));
            false
        }
        _ => true,
    }
}

fn unusable(option: &str, path: &Path, error: &io::Error) -> String {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".into(),
        io::ErrorKind::PermissionDenied => "this user may not write there".into(),
        _ => error.to_string(),
    };
    let path = path.display().to_string();
    format!("{option} {}: {why}", OneLine(&path))
}

fn write_baseline(reports: &[Report], rating: &Rating) -> String {
    let results = reports.iter().flat_map(|report| &report.results);
    let is_failure = |class| matches!(class, Class::Failed | Class::Known);
    let mut failed: Vec<_> = results.filter(|it| is_failure(rating.class(it))).collect();
    failed.sort_by_key(|result| result.case.id.clone());
    failed.dedup_by_key(|result| result.case.id.clone());
    baseline::written(failed)
}
