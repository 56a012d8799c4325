//! The program `ws-echo`, as a library with one function, [`run`].
//!
//! # The program
//!
//! - `ws-echo` is a WebSocket echo server: it greets each client, and sends every message back.
//! - `ws-echo bench` measures such servers: it generates load, and counts the echoes.
//! - `ws-echo chat` is a client: it connects to any WebSocket server, sends the lines of its input,
//!   and prints the messages that it receives.
//! - `ws-echo replay` is a client too: it does again what a client did in a recording, and says
//!   where the answers of a server differ.
//! - `ws-echo check` tests whether a server or a client keeps the rules, and says what it breaks.
//! - `ws-echo completions` and `ws-echo man` write scripts for shells and man pages.
//!
//! Each has its options: see `ws-echo --help`, and `--help` behind the name of each.
//!
//! # Layers
//!
//! The protocol is that of the crate `ws-echo-core`, which can be embedded in other programs and in
//! firmware. This crate adds sockets, threads, deadlines, logs and the command line.
//!
//! # Stability
//!
//! The command line is the interface of this crate, not its functions and types. A few types of the
//! server are public, but hidden from this documentation, for the project's own benchmark and
//! tests, which drive the server without sockets.

mod alpn;
mod any_certificate;
mod bench;
mod chat;
#[doc(hidden)]
pub mod check;
mod client;
mod command_line;
mod connect;
mod deflate;
mod documents;
mod escape;
mod frame_header;
mod healthcheck;
mod hex;
mod http_token;
mod lock;
mod logging;
mod memory_limit;
mod options;
mod platform;
mod progress_line;
mod quantity;
mod random;
mod recording;
mod replay;
mod resolve;
mod secret_header;
mod serve;
mod similar;
mod stderr;
mod stop_signal;
mod time;
mod unit;
mod utc;

use std::process::ExitCode;

use command_line::Command;
use logging::StartError;
use options::log::LogOptions;
use serve::server::{self, ServeError};

// For the benchmark in `benches`, the tests that drive the server without sockets, and the client
// that Autobahn tests.
#[doc(hidden)]
pub use deflate::{deflater::Deflater, inflater::Inflater};
#[doc(hidden)]
pub use options::proxies::TrustedProxy;
#[doc(hidden)]
pub use options::serve::ServeOptions;
#[doc(hidden)]
pub use serve::behaviour::Behaviour;
#[doc(hidden)]
pub use serve::behaviour::parse::{Bounds, Mistake};
#[doc(hidden)]
pub use serve::clients::Clients;
#[doc(hidden)]
pub use serve::proxies::forwarded::{Contradiction, Forwarded, Scheme};
#[doc(hidden)]
pub use serve::proxies::proxy_header::{HeaderError, ProxyHeader};
#[doc(hidden)]
pub use serve::proxies::trust::Trust;
#[doc(hidden)]
pub use serve::response::WrongProtocol;
#[doc(hidden)]
pub use serve::transport::{Readiness, Stage, Transport};

/// The exit status of a wrong command line: clap's own.
const WRONG_COMMAND_LINE: u8 = 2;

/// Runs the program with the command line and the environment of this process, and returns its exit
/// status: 0 for success, 1 for a failure, 2 for a wrong command line. `ws-echo chat`,
/// `ws-echo check` and `ws-echo replay` have more.
///
/// A command line that cannot be parsed ends the process at once, and so do `--help` and
/// `--version`.
pub fn run() -> ExitCode {
    let command = command_line::parse();
    if let Err(error) = random::check() {
        stderr::print(&error.to_string());
        return ExitCode::FAILURE;
    }
    let result = match command {
        Command::Serve(options) => match start_log(&options.log).and_then(|()| serve(&options)) {
            Err(Failure::WrongCommandLine(message)) => {
                stderr::print(&message);
                return ExitCode::from(WRONG_COMMAND_LINE);
            }
            Err(Failure::Other(message)) => Err(message),
            Ok(()) => Ok(()),
        },
        Command::Bench(options) => bench::run(&options).map_err(|failure| failure.to_string()),
        Command::Chat(options) => return chat::run(&options),
        Command::Check(options) => return check::run(&options),
        Command::Healthcheck(options) => healthcheck::run(&options),
        Command::Replay(options) => return replay::run(&options),
        Command::Write(documents) => documents::run(&documents),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            stderr::print(&message);
            ExitCode::FAILURE
        }
    }
}

/// Why the server could not serve, in words.
enum Failure {
    /// A flag names a wrong file.
    WrongCommandLine(String),
    Other(String),
}

/// The server serves without a log if it has to, but not with a wrong one.
fn start_log(log: &LogOptions) -> Result<(), Failure> {
    match logging::start(log.filter.clone(), log.format, log.file.as_deref()) {
        Err(error @ StartError::File(..)) => Err(Failure::WrongCommandLine(error.to_string())),
        Err(error) => {
            stderr::print(&error.to_string());
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

fn serve(options: &ServeOptions) -> Result<(), Failure> {
    let served = server::run(options);
    logging::finish();
    served.map_err(|error| match error {
        ServeError::Certificate(_) | ServeError::Record(..) => {
            Failure::WrongCommandLine(error.to_string())
        }
        _ => Failure::Other(error.to_string()),
    })
}
