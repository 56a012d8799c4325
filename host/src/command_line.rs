//! The command line and the environment, turned into typed options.
//!
//! Every mistake is found here, before a socket is opened, and reported with what to write instead.
//! No other module reads an argument or a variable.

mod admin;
mod bench;
mod chat;
mod check;
mod completions;
mod drain;
mod environment;
mod healthcheck;
mod host;
mod listen;
mod log;
mod man;
mod memory;
mod mistake;
mod names;
mod passed;
mod proxies;
mod quantity;
mod record;
mod replay;
mod request;
mod secret;
mod serve;
mod service_manager;
mod sockets;
mod tls;
mod trust;
mod unknown_variables;
mod url;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use self::bench::BenchArguments;
use self::chat::ChatArguments;
use self::check::CheckArguments;
use self::completions::CompletionsArguments;
use self::environment::Environment;
use self::healthcheck::HealthcheckArguments;
use self::man::ManArguments;
use self::replay::ReplayArguments;
use self::serve::ServeArguments;
use crate::options::bench::BenchOptions;
use crate::options::chat::ChatOptions;
use crate::options::check::CheckOptions;
use crate::options::document::Documents;
use crate::options::healthcheck::HealthcheckOptions;
use crate::options::replay::ReplayOptions;
use crate::options::serve::ServeOptions;
use crate::stderr;

/// How values that are numbers are called in the help.
const NUMBERS: [&str; 5] = ["DURATION", "NUMBER", "PID", "PORT", "SIZE"];

/// What the user asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    /// Run the echo server.
    Serve(Box<ServeOptions>),
    /// Load a server and measure it.
    Bench(BenchOptions),
    /// Talk to a server.
    Chat(ChatOptions),
    /// Test a server, or clients.
    Check(CheckOptions),
    /// Check whether a server echoes, or answers 200.
    Healthcheck(HealthcheckOptions),
    /// Replay a recording against a server.
    Replay(ReplayOptions),
    /// Write what the program says about itself.
    Write(Documents),
}

/// Reads the process's command line and environment.
///
/// `--help` and `--version` print to stdout and end the process with status 0. A mistake is printed
/// to stderr and ends the process with status 2. A variable that sets nothing is a warning there.
pub(crate) fn parse() -> Command {
    let environment = Environment::of_process();
    let parsed = parse_from(std::env::args_os().skip(1), &environment);
    let is_information = matches!(&parsed, Err(error) if !error.use_stderr());
    if !is_information {
        for warning in unknown_variables::warnings(&CommandLine::command(), &environment) {
            stderr::print(&warning);
        }
    }
    parsed.unwrap_or_else(|error| error.exit())
}

/// Reads a command line, without the program's name, and an environment.
///
/// # Errors
///
/// The text that [`parse`] would print: of a mistake, but also of `--help` or `--version`.
fn parse_from(
    arguments: impl IntoIterator<Item = impl Into<OsString>>,
    environment: &Environment,
) -> Result<Command, clap::Error> {
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let mut program = program();
    parse_with(&mut program, arguments.clone(), environment).map_err(|error| {
        let word = arguments.first().and_then(|word| word.to_str());
        let command = word.and_then(|word| program.find_subcommand(word));
        mistake::shown(error, &arguments, command.unwrap_or(&program))
    })
}

fn parse_with(
    program: &mut clap::Command,
    mut arguments: Vec<OsString>,
    environment: &Environment,
) -> Result<Command, clap::Error> {
    let given = program.try_get_matches_from_mut(&arguments)?;
    // An option follows the subcommand that it belongs to, which is the first word if there is one.
    let (command, given, position) = match given.subcommand() {
        Some((name, given)) => (program.find_subcommand(name), given, 1),
        None => (Some(&*program), &given, 0),
    };
    if let Some(command) = command {
        let added = environment::arguments(command, given, environment)?;
        arguments.splice(position..position, added);
    }
    let matches = program.try_get_matches_from_mut(arguments)?;
    let CommandLine { action, serve } = CommandLine::from_arg_matches(&matches)?;
    Ok(match action.unwrap_or(Action::Serve(Box::new(serve))) {
        Action::Serve(serve) => Command::Serve(Box::new(serve.into_options(environment)?)),
        Action::Bench(bench) => Command::Bench(bench.into_options()),
        Action::Chat(chat) => Command::Chat(chat.into_options(environment)?),
        Action::Check(check) => Command::Check(check.into_options(environment)?),
        Action::Healthcheck(healthcheck) => {
            Command::Healthcheck(healthcheck.into_options(environment)?)
        }
        Action::Replay(replay) => Command::Replay(replay.into_options()?),
        Action::Completions(completions) => {
            let script = completions.into_document(&self::program());
            Command::Write(Documents::Stdout(script))
        }
        Action::Man(man) => Command::Write(man.into_documents(&self::program())),
    })
}

/// The definition of all commands. A number with a sign is a wrong value, not an unknown option.
fn program() -> clap::Command {
    let with_signs = |command: clap::Command| {
        command.mut_args(|option| {
            let names = option.get_value_names().unwrap_or_default();
            let is_number = names.iter().any(|name| NUMBERS.contains(&name.as_str()));
            option.allow_hyphen_values(is_number)
        })
    };
    let program = with_signs(CommandLine::command()).mut_subcommands(with_signs);
    man::with_names_of_commands(program)
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
        match parse_from(arguments, &Environment::default())? {
            Command::Serve(options) => Ok(*options),
            _ => Err("not a command line of the server".into()),
        }
    }
}

/// A WebSocket echo server that greets each client and sends every message back.
#[derive(Parser)]
#[command(name = "ws-echo", bin_name = "ws-echo", no_binary_name = true)]
#[command(version, after_help = serve::AFTER_HELP)]
#[command(override_usage = serve::USAGE)]
#[command(args_conflicts_with_subcommands = true)]
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
    Serve(Box<ServeArguments>),
    /// Load any WebSocket echo server and measure it
    #[command(after_help = bench::AFTER_HELP)]
    Bench(BenchArguments),
    /// Talk to any WebSocket server, from a terminal or a pipe: each line is a message
    #[command(after_help = chat::AFTER_HELP)]
    Chat(ChatArguments),
    /// Test whether a WebSocket server or client keeps the rules, and say what it breaks
    #[command(after_help = check::AFTER_HELP)]
    Check(Box<CheckArguments>),
    /// Check whether a server echoes, or answers 200: for scripts and containers
    #[command(after_help = healthcheck::AFTER_HELP)]
    Healthcheck(HealthcheckArguments),
    /// Do again what a client did in a recording, and compare what the server answers
    #[command(after_help = replay::AFTER_HELP)]
    Replay(ReplayArguments),
    /// Print a script that completes this command line in a shell
    #[command(after_help = completions::AFTER_HELP)]
    Completions(CompletionsArguments),
    /// Print a man page, or write those of all commands into a folder
    #[command(after_help = man::AFTER_HELP)]
    Man(ManArguments),
}

#[cfg(test)]
pub(crate) mod tests;
