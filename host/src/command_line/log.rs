//! The flags of the log.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::environment::Environment;
use crate::logging::{Filter, Format};
use crate::options::log::LogOptions;

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[derive(Args)]
pub(super) struct LogArguments {
    /// What to log [default: RUST_LOG, or info]
    #[arg(long, value_name = "FILTER", conflicts_with = "verbose")]
    log_level: Option<Filter>,

    /// Log more: the same as --log-level debug
    #[arg(short, long, conflicts_with = "log_level")]
    verbose: bool,

    /// Also log messages: text escaped and truncated, binary in hex
    #[arg(long)]
    log_messages: bool,

    /// What the lines of the log look like: text for people, or a JSON object each for programs
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,

    /// A file at whose end the log is written, which SIGHUP opens anew [default: stderr]
    #[arg(long, value_name = "FILE")]
    log_file: Option<PathBuf>,
}

impl LogArguments {
    pub(super) fn into_options(self, environment: &Environment) -> LogOptions {
        LogOptions {
            filter: filter(self.log_level, self.verbose, environment),
            format: match self.log_format {
                LogFormat::Text => Format::Text,
                LogFormat::Json => Format::Json,
            },
            file: self.log_file,
            messages: self.log_messages,
        }
    }
}

/// Returns what is logged.
fn filter(level: Option<Filter>, verbose: bool, environment: &Environment) -> Filter {
    let text = match level {
        Some(filter) => return filter,
        None if verbose => "debug".into(),
        None => environment
            .get("RUST_LOG")
            .unwrap_or_default()
            .to_string_lossy(),
    };
    Filter::parse_lenient(&text)
}
