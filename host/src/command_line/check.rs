//! The options of `ws-echo check`: what is tested, which cases are played, and what is written.

use std::fmt::Display;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::error::ErrorKind;

use super::environment::Environment;
use super::listen::{self, Listen};
use super::quantity;
use super::request::RequestArguments;
use super::trust::TrustArguments;
use super::url;
use crate::options::check::{CheckOptions, Output, Selection, ServerOptions, Task};
use crate::options::url::Url;

pub(super) const AFTER_HELP: &str = "\
The server under test must echo: text as text, binary as binary. A greeting is
skipped. --no-echo tests servers with a protocol of their own.

With --listen, clients are tested. They connect as to Autobahn's fuzzing server:
/getCaseCount, /runCase?case=N&agent=NAME, /getCaseStatus?case=N&agent=NAME,
/getCaseInfo?case=N and /updateReports?agent=NAME.

Every option can also be set by an environment variable: --jobs by
WS_ECHO_CHECK_JOBS, and so on. The command line takes precedence, and an empty
variable counts as unset. The values of a repeated option are separated by
commas. NO_COLOR turns colours off.

Examples:
  ws-echo check ws://127.0.0.1:9001    test a server
  ws-echo check --listen 127.0.0.1:9001
                                       test clients
  ws-echo check ws://127.0.0.1:9001 --section 5.5 --section rfc7692
                                       control frames and compression only
  ws-echo check ws://127.0.0.1:9001 --trace 5.5.2-ping-without-payload
                                       see every byte of one case
  ws-echo check --explain 5.5.2-ping-without-payload
                                       what a case sends, expects, and why
  ws-echo check ws://127.0.0.1:9001 --junit check.xml --html check.html
                                       reports for CI and for people
  ws-echo check ws://127.0.0.1:9001 --write-baseline known.txt
                                       note what fails now
  ws-echo check ws://127.0.0.1:9001 --baseline known.txt
                                       fail only if something else fails

Exit status: 0 if everything that must hold holds; 1 if something does not, or
the run was interrupted; 2 for a wrong command line, such as a case that does
not exist; 4 if there is no connection, or no WebSocket server.";

/// The options that are about a server under test.
const SERVER_ONLY: [&str; 7] = [
    "insecure",
    "authorities",
    "subprotocols",
    "headers",
    "origin",
    "no_echo",
    "jobs",
];

const NOTHING_TO_TEST: &str = "nothing to test: write the URL of a server, such as \
     ws://127.0.0.1:9001, or --listen 127.0.0.1:9001 to test clients";

#[derive(Args)]
pub(super) struct CheckArguments {
    // Not a doc comment, in which the brackets would be links.
    #[arg(value_name = "URL", value_parser = url::url)]
    #[arg(
        help = "The server: ws://[NAME:PASSWORD@]HOST[:PORT][/PATH[?QUERY]], or wss://... for TLS"
    )]
    url: Option<Url>,

    /// Test clients that connect to this address, instead of a server; may be repeated
    #[arg(long, value_name = "ADDR:PORT", value_parser = listen::listen)]
    #[arg(conflicts_with = "url", conflicts_with_all = SERVER_ONLY)]
    listen: Vec<Listen>,

    /// List the cases, without playing them
    #[arg(long)]
    list: bool,

    /// Explain a case, without playing it: its id, or its number in Autobahn's suite
    #[arg(long, value_name = "ID", conflicts_with = "list")]
    explain: Option<String>,

    /// Play the cases whose id, or number in Autobahn's suite, matches this pattern with * and ?;
    /// may be repeated
    #[arg(long = "case", value_name = "GLOB")]
    patterns: Vec<String>,

    /// Play the cases of this section, and of those below it, such as 5.5 or rfc7692; may be
    /// repeated
    #[arg(long = "section", value_name = "SECTION")]
    sections: Vec<String>,

    /// Also play cases that load the server: floods, slow requests, thousands of connections
    #[arg(long)]
    hostile: bool,

    /// Play only the cases that need no echo
    #[arg(long)]
    no_echo: bool,

    #[command(flatten)]
    trust: TrustArguments,

    #[command(flatten)]
    request: RequestArguments,

    /// How many cases are played at the same time
    #[arg(long, value_name = "NUMBER", default_value = "16", value_parser = quantity::limit)]
    jobs: NonZeroUsize,

    /// How long connecting and the opening handshake may take
    #[arg(long, value_name = "DURATION", value_parser = quantity::timeout)]
    #[arg(default_value = "5s")]
    timeout: Duration,

    /// Play one case, and show every byte: its id, or its number in Autobahn's suite
    #[arg(long, value_name = "ID")]
    #[arg(conflicts_with_all = ["patterns", "sections", "list", "explain"])]
    trace: Option<String>,

    /// Write the results as JSON; with - to stdout, instead of the table, as the other files too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Write the results as JUnit's XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Write the results as one web page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Write index.json and a file for each case into this folder, as Autobahn's suite does
    #[arg(long, value_name = "DIR")]
    autobahn: Option<PathBuf>,

    /// Also fail when something that is only recommended does not hold
    #[arg(long)]
    strict: bool,

    /// Do not fail for the cases that this file lists, an id on each line
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,

    /// Write a file for --baseline, with the cases that fail now
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
}

impl CheckArguments {
    /// The options, if they go together.
    pub(super) fn into_options(
        self,
        environment: &Environment,
    ) -> Result<CheckOptions, clap::Error> {
        let selection = Selection {
            patterns: self.patterns,
            sections: self.sections,
            hostile: self.hostile,
        };
        let output = Output {
            json: self.json,
            junit: self.junit,
            html: self.html,
            autobahn: self.autobahn,
            baseline: self.baseline,
            write_baseline: self.write_baseline,
            trace: self.trace,
            strict: self.strict,
            color: environment.get("NO_COLOR").is_none(),
        };
        let task = match (self.list, self.explain, self.url) {
            (true, _, _) => Task::List,
            (_, Some(id), _) => Task::Explain(id),
            (_, _, None) if self.listen.is_empty() => {
                return Err(wrong(ErrorKind::MissingRequiredArgument, NOTHING_TO_TEST));
            }
            (_, _, None) => Task::Clients(listen::addresses(self.listen)),
            (_, _, Some(url)) => {
                self.request.check(&url).map_err(conflict)?;
                Task::Server(Box::new(ServerOptions {
                    trust: self.trust.into_trust(&url).map_err(conflict)?,
                    url,
                    subprotocols: self.request.subprotocols,
                    headers: self.request.headers,
                    origin: self.request.origin,
                    no_echo: self.no_echo,
                    jobs: self.jobs,
                    timeout: self.timeout,
                }))
            }
        };
        Ok(CheckOptions {
            task,
            selection,
            output,
        })
    }
}

fn conflict(advice: impl Display) -> clap::Error {
    wrong(ErrorKind::ArgumentConflict, advice)
}

fn wrong(kind: ErrorKind, advice: impl Display) -> clap::Error {
    let mut command = CheckArguments::augment_args(clap::Command::new("ws-echo check"));
    command.error(kind, advice)
}

#[cfg(test)]
mod tests;
