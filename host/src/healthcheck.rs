//! `ws-echo healthcheck`: does a server what it must? For containers without a shell, and for
//! everything that knows an exit status and nothing else.

mod echo;
mod probe;
mod status;

use std::io::{self, Write as _};

use self::probe::Probe;
use crate::options::healthcheck::{Check, HealthcheckOptions};

/// Checks a server, and prints a line to stdout if it is healthy.
///
/// # Errors
///
/// What it does not do, or why it cannot be checked.
pub(crate) fn run(options: &HealthcheckOptions) -> Result<(), String> {
    let url = &options.url.text;
    let failed = |reason: String| format!("{url}: {reason}");
    let probe = Probe::new(options).map_err(failed)?;
    let checked = match options.check {
        Check::Echo => echo::check(probe),
        Check::Status => status::check(probe),
    };
    let done = match options.check {
        Check::Echo => "it echoes",
        Check::Status => "it answers 200",
    };
    checked.map_err(failed)?;
    // It may be gone, which says nothing about the server.
    let _ = writeln!(io::stdout(), "{url}: {done}");
    Ok(())
}
