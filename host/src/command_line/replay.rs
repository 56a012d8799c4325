//! The options of `ws-echo replay`: which recording, against which server, and how.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::error::ErrorKind;

use super::quantity;
use super::trust::TrustArguments;
use super::url;
use crate::options::replay::{Greeting, Output, Pace, ReplayOptions};
use crate::options::url::Url;

pub(super) const AFTER_HELP: &str = "\
FILE is a recording that a server has written with --record. The messages of its
client are sent again, in the same frames, with its Pings, its Pongs that no
Ping has asked for, and its Close. What the server sends is compared with what
was recorded: the kind and the content of each message, in order, and the code
and the reason of the Close. Pings and Pongs of the server are not compared.

The request has the recorded headers, but those that belong to the connection:
Host, Connection, Upgrade, Sec-WebSocket-Key, and so on. The path is that of the
URL. Compression is offered if it was agreed on in the recording.

Differences go to stdout, a line each, and everything else to stderr. What is
truncated in the recording, or cannot be inflated, is not compared; that alone
is no difference.

Every option can also be set by an environment variable: --timeout by
WS_ECHO_REPLAY_TIMEOUT, and so on. The command line takes precedence, and an
empty variable counts as unset.

A DURATION is a number and a unit: 500ms, 10s, 2m or 1h; seconds without a unit.

Examples:
  ws-echo --record recordings          record what clients do
  ws-echo replay recordings/a.jsonl ws://127.0.0.1:3000
                                       do it again, at the same pace
  ws-echo replay recordings/a.jsonl ws://127.0.0.1:3000 --fast
                                       the same without pauses
  ws-echo replay recordings/a.jsonl wss://staging.example.com/echo \\
      --ignore-greeting --json         another server, which greets otherwise

Exit status: 0 if the server answered as in the recording; 1 if the file cannot
be read or has no answer to compare, no connection was made, or the replay was
interrupted; 2 for a wrong command line; 3 if the server refused the handshake;
4 if it answered otherwise.";

#[derive(Args)]
pub(super) struct ReplayArguments {
    /// The file of the recording
    #[arg(value_name = "FILE", value_parser = file)]
    file: PathBuf,

    // Not a doc comment, in which the brackets would be links.
    #[arg(value_name = "URL", value_parser = url::url)]
    #[arg(
        help = "The server: ws://[NAME:PASSWORD@]HOST[:PORT][/PATH[?QUERY]], or wss://... for TLS"
    )]
    url: Url,

    #[command(flatten)]
    trust: TrustArguments,

    /// Send each message as soon as the answers have come that were recorded before it, without the
    /// pauses of the recording
    #[arg(long)]
    fast: bool,

    /// Do not compare what the server sends before the client's first message
    #[arg(long)]
    ignore_greeting: bool,

    /// Print one JSON object instead of lines
    #[arg(long)]
    json: bool,

    /// How long connecting may take, and how long to wait for each answer
    #[arg(long, value_name = "DURATION", value_parser = quantity::timeout)]
    #[arg(default_value = "5s")]
    timeout: Duration,
}

impl ReplayArguments {
    /// The options, if they go together.
    pub(super) fn into_options(self) -> Result<ReplayOptions, clap::Error> {
        let trust = self.trust.into_trust(&self.url).map_err(|advice| {
            let mut command = ReplayArguments::augment_args(clap::Command::new("ws-echo replay"));
            command.error(ErrorKind::ArgumentConflict, advice)
        })?;
        Ok(ReplayOptions {
            file: self.file,
            url: self.url,
            trust,
            pace: match self.fast {
                true => Pace::Fast,
                false => Pace::Recorded,
            },
            greeting: match self.ignore_greeting {
                true => Greeting::Ignored,
                false => Greeting::Compared,
            },
            output: match self.json {
                true => Output::Json,
                false => Output::Lines,
            },
            timeout: self.timeout,
        })
    }
}

/// The path of a file; the error says that a URL comes behind it.
fn file(text: &str) -> Result<PathBuf, &'static str> {
    if text.contains("://") {
        return Err("write the file of the recording first, and the URL behind it");
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests;
