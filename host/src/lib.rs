//! `ws-echo`: a WebSocket echo server, a load generator for such servers, and a client to talk to
//! any. Each client is greeted, and gets every message back.
//!
//! The protocol is `ws-echo-core`'s; here are sockets, threads, deadlines, logs and the command
//! line. The program is all in [`run`]. What else is public is there to be driven without sockets,
//! by benchmarks and tests.

mod any_certificate;
mod bench;
mod chat;
mod command_line;
mod connect;
mod escape;
mod hex;
mod lock;
mod logging;
mod options;
mod platform;
mod random;
mod serve;
mod stderr;
mod stop_signal;
mod time;

use std::process::ExitCode;

use command_line::Command;
use serve::server;

pub use options::serve::ServeOptions;
pub use serve::clients::Clients;
pub use serve::response::WrongProtocol;
pub use serve::transport::{Readiness, Transport};

/// The exit status of a wrong command line: clap's own.
const WRONG_COMMAND_LINE: u8 = 2;

/// Runs the program: reads the process's command line and environment, and does what they say.
pub fn run() -> ExitCode {
    let result = match command_line::parse() {
        Command::Serve(options) => match serve(&options) {
            // What a flag names is wrong, and so is the command line.
            Err(error @ server::ServeError::Certificate(_)) => {
                stderr::print(&error.to_string());
                return ExitCode::from(WRONG_COMMAND_LINE);
            }
            served => served.map_err(|error| error.to_string()),
        },
        Command::Bench(options) => bench::run(&options).map_err(|failure| failure.to_string()),
        Command::Chat(options) => return chat::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            stderr::print(&message);
            ExitCode::FAILURE
        }
    }
}

fn serve(options: &ServeOptions) -> Result<(), server::ServeError> {
    if let Err(error) = logging::start(options.log.clone()) {
        stderr::print(&format!("no logs: {error}"));
    }
    let served = server::run(options);
    logging::finish();
    served
}
