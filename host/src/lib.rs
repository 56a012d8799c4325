//! `ws-echo`: a WebSocket echo server. Each client is greeted, and gets every message back.
//!
//! The protocol is `ws-echo-core`'s; here are sockets, threads, deadlines, logs and the command line.
//! The program is all in [`run`]. What else is public is there to be driven without sockets, by
//! benchmarks and tests.

mod client;
mod clients;
mod command_line;
mod escape;
mod logging;
mod platform;
mod pool;
mod server;
mod service;
mod transport;
mod wheel;
mod worker;

use std::io::{Write, stderr};
use std::process::ExitCode;

use command_line::Command;

pub use clients::Clients;
pub use command_line::ServeOptions;
pub use transport::{Transport, Unread};

/// Runs the program: reads the process's command line and environment, and serves until a signal.
pub fn run() -> ExitCode {
    let Command::Serve(options) = command_line::parse();
    if let Err(error) = logging::start(options.log.clone()) {
        say(&format!("no logs: {error}"));
    }
    let served = server::run(&options);
    logging::finish();
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Tells the user something on stderr, which may be gone.
fn say(text: &str) {
    let _ = writeln!(stderr(), "ws-echo: {text}");
}
