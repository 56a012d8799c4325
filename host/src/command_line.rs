//! The command line and the environment, turned into typed options.
//!
//! Every mistake is found here, before a socket is opened, and reported with what to write instead.
//! No other module reads an argument or a variable.

mod bench;
mod chat;
mod environment;
mod host;
mod listen;
mod names;
mod quantity;
mod serve;
mod tls;
mod url;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use self::bench::BenchArguments;
use self::chat::ChatArguments;
use self::serve::ServeArguments;
use crate::options::bench::BenchOptions;
use crate::options::chat::ChatOptions;
use crate::options::serve::ServeOptions;

/// What the user asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    /// Run the echo server.
    Serve(ServeOptions),
    /// Load a server and measure it.
    Bench(BenchOptions),
    /// Talk to a server.
    Chat(ChatOptions),
}

/// Reads the process's command line and environment.
///
/// `--help` and `--version` print to stdout and end the process with status 0. A mistake is printed
/// to stderr and ends the process with status 2.
pub(crate) fn parse() -> Command {
    parse_from(std::env::args_os().skip(1), |name| std::env::var_os(name))
        .unwrap_or_else(|error| error.exit())
}

/// Reads a command line, without the program's name, and an environment.
///
/// # Errors
///
/// The text that [`parse`] would print: of a mistake, but also of `--help` or `--version`.
fn parse_from(
    arguments: impl IntoIterator<Item = impl Into<OsString>>,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<Command, clap::Error> {
    let mut arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let mut command = CommandLine::command();
    let given = command.try_get_matches_from_mut(&arguments)?;
    // An option follows the subcommand that it belongs to, which is the first word if there is one.
    let (command, given, position) = match given.subcommand() {
        Some((name, given)) => (command.find_subcommand(name), given, 1),
        None => (Some(&command), &given, 0),
    };
    if let Some(command) = command {
        let added = environment::arguments(command, given, &environment)?;
        arguments.splice(position..position, added);
    }
    let matches = CommandLine::command().try_get_matches_from(arguments)?;
    let CommandLine { action, serve } = CommandLine::from_arg_matches(&matches)?;
    Ok(match action.unwrap_or(Action::Serve(serve)) {
        Action::Serve(serve) => Command::Serve(serve.into_options(environment)?),
        Action::Bench(bench) => Command::Bench(bench.into_options()),
        Action::Chat(chat) => Command::Chat(chat.into_options(environment)?),
    })
}

impl ServeOptions {
    /// Reads a command line without the program's name. Variables are ignored.
    ///
    /// # Errors
    ///
    /// The text that the program would print, of a mistake but also of `--help`; and an error if
    /// the command is not `serve`.
    pub fn parse(
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        match parse_from(arguments, |_| None)? {
            Command::Serve(options) => Ok(options),
            Command::Bench(_) | Command::Chat(_) => Err("not a command line of the server".into()),
        }
    }
}

/// A WebSocket echo server that greets each client and sends every message back.
#[derive(Parser)]
#[command(name = "ws-echo", bin_name = "ws-echo", no_binary_name = true)]
#[command(version, after_help = serve::AFTER_HELP)]
#[command(override_usage = serve::USAGE)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
struct CommandLine {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    serve: ServeArguments,
}

#[derive(Subcommand)]
enum Action {
    /// Run the echo server; this is the default command
    #[command(after_help = serve::AFTER_HELP)]
    Serve(ServeArguments),
    /// Load any WebSocket echo server and measure it
    #[command(after_help = bench::AFTER_HELP)]
    Bench(BenchArguments),
    /// Talk to any WebSocket server, from a terminal or a pipe: each line is a message
    #[command(after_help = chat::AFTER_HELP)]
    Chat(ChatArguments),
}

#[cfg(test)]
pub(crate) mod tests;
