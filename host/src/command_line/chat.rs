//! The options of `ws-echo chat`: which server to talk to, which certificates to trust, what to ask
//! for, and how long to wait.

use std::fmt::Display;
use std::time::Duration;

use clap::Args;
use clap::builder::ArgPredicate;
use clap::error::ErrorKind;
use regex_lite::Regex;

use super::environment::Environment;
use super::quantity;
use super::request::RequestArguments;
use super::trust::TrustArguments;
use super::url;
use crate::options::chat::{ChatOptions, Expectation, Pattern};
use crate::options::url::Url;

pub(super) const AFTER_HELP: &str = "\
On a terminal, each line typed is a message, except for commands; /help lists
them. In a pipe, each line is a message, even one that starts with '/'. Received
messages go to stdout, one per line, and everything else to stderr. A line that
is not UTF-8 is sent as a binary message, and a binary message is printed as 0x
and hex. At the end of the input, the remaining replies are waited for.

Every option can also be set by an environment variable: --timeout by
WS_ECHO_CHAT_TIMEOUT, and so on. The command line takes precedence, and an empty
variable counts as unset. The values of a repeated option are separated by
commas. NO_COLOR turns colours off.

A DURATION is a number and a unit: 500ms, 10s, 2m or 1h; seconds without a unit.

Examples:
  ws-echo chat ws://127.0.0.1:3000     talk to a server
  printf 'ping\\n' | ws-echo chat ws://127.0.0.1:3000
                                       send one message, print the reply
  ws-echo chat ws://127.0.0.1:3000/chat --subprotocol chat.v1 \\
      --header 'Authorization: Bearer 1234' --origin http://localhost
                                       offer a subprotocol, add a header
  ws-echo chat wss://example.com/chat  talk over TLS
  ws-echo chat wss://localhost:3000 --ca ca.pem
                                       trust one's own certificate authority
  tail -f log | ws-echo chat ws://127.0.0.1:3000 --reconnect
                                       continue when the server comes back
  ws-echo chat ws://127.0.0.1:3000 --once ping --expect '^ping$'
                                       check that a server answers
  ws-echo chat ws://127.0.0.1:3000 --verbose
                                       see the handshake and each frame

Exit status: 0 if the connection was closed with 1000 or 1001; 1 if it was
closed with another code, lost or broken; 2 for a wrong command line; 3 if the
server refused the handshake; 4 if the host was not found, no connection was
made in time, or messages were not answered. With --once or --expect: 0 if the
message came, 4 if it did not come in time or the connection ended before.";

#[derive(Args)]
pub(super) struct ChatArguments {
    // Not a doc comment, in which the brackets would be links.
    #[arg(value_name = "URL", value_parser = url::url)]
    #[arg(
        help = "The server: ws://[NAME:PASSWORD@]HOST[:PORT][/PATH[?QUERY]], or wss://... for TLS"
    )]
    url: Url,

    #[command(flatten)]
    trust: TrustArguments,

    #[command(flatten)]
    request: RequestArguments,

    /// Do not offer to compress messages (permessage-deflate)
    #[arg(long)]
    no_compression: bool,

    /// Connect again when the connection is lost or cannot be made, or when the server says when to
    /// come back
    #[arg(long, conflicts_with_all = EXPECTATIONS)]
    reconnect: bool,

    /// How long to wait for each reply after the end of the input; may be 0
    #[arg(long, value_name = "DURATION", value_parser = quantity::span)]
    #[arg(default_value = "5s", conflicts_with_all = EXPECTATIONS)]
    wait: Duration,

    /// How long connecting may take, from finding the host to the end of the handshake. With --once
    /// or --expect: how long everything may take, 5s if nothing else is said
    #[arg(long, value_name = "DURATION", value_parser = quantity::timeout)]
    #[arg(default_value = "10s", default_value_ifs = TIMEOUT_OF_EXPECTATIONS)]
    timeout: Duration,

    /// Send this text, print the reply, and end. The input is not read
    #[arg(long, value_name = "TEXT", conflicts_with_all = NOT_WITH_EXPECTATIONS)]
    once: Option<String>,

    /// Print the first message in which this regular expression is found, and end
    #[arg(long, value_name = "REGEX", value_parser = pattern)]
    #[arg(conflicts_with_all = NOT_WITH_EXPECTATIONS)]
    expect: Option<Pattern>,

    /// With --once or --expect: the first message of the connection does not count
    #[arg(long)]
    ignore_greeting: bool,

    /// Print events as JSON on stdout, an object on each line
    #[arg(long)]
    json: bool,

    /// Show the handshake and each frame on stderr, with the milliseconds since the start
    #[arg(short, long)]
    verbose: bool,
}

/// The options that wait for a message, and by which time.
const EXPECTATIONS: [&str; 2] = ["once", "expect"];
const TIMEOUT_OF_EXPECTATIONS: [(&str, ArgPredicate, &str); 2] = [
    (EXPECTATIONS[0], ArgPredicate::IsPresent, "5s"),
    (EXPECTATIONS[1], ArgPredicate::IsPresent, "5s"),
];
/// What makes no sense with them: one connection is opened, and the end of the input is no end.
const NOT_WITH_EXPECTATIONS: [&str; 2] = ["reconnect", "wait"];

impl ChatArguments {
    /// The options, if they go together.
    pub(super) fn into_options(
        self,
        environment: &Environment,
    ) -> Result<ChatOptions, clap::Error> {
        let trust = self.trust.into_trust(&self.url).map_err(conflict)?;
        self.request.check(&self.url).map_err(conflict)?;
        let expectation = (self.once.is_some() || self.expect.is_some()).then_some(Expectation {
            once: self.once,
            pattern: self.expect,
            ignore_greeting: self.ignore_greeting,
        });
        if self.ignore_greeting && expectation.is_none() {
            return Err(conflict(
                "--ignore-greeting is for --once and --expect: write one of them, or leave it out",
            ));
        }
        Ok(ChatOptions {
            url: self.url,
            trust,
            subprotocols: self.request.subprotocols,
            headers: self.request.headers,
            origin: self.request.origin,
            compression: !self.no_compression,
            reconnect: self.reconnect,
            wait: self.wait,
            timeout: self.timeout,
            expectation,
            verbose: self.verbose,
            json: self.json,
            color: environment.get("NO_COLOR").is_none(),
        })
    }
}

fn conflict(advice: impl Display) -> clap::Error {
    let mut command = ChatArguments::augment_args(clap::Command::new("ws-echo chat"));
    command.error(ErrorKind::ArgumentConflict, advice)
}

/// A regular expression.
fn pattern(text: &str) -> Result<Pattern, String> {
    let pattern = Regex::new(text).map(Pattern);
    pattern.map_err(|error| {
        format!(
            "{error}; write a regular expression such as '^ready' or 'id=[0-9]+', with a \\ before \
             a character that stands for itself, such as '\\['"
        )
    })
}

#[cfg(test)]
mod tests;
