//! `ws-echo`: a WebSocket echo server. Each client is greeted, and gets every message back.
//!
//! The protocol is `ws-echo-core`'s; here are sockets, threads, deadlines, logs and the command line.

mod client;
mod command_line;
mod deadlines;
mod escape;
mod logging;
mod platform;
mod pool;
mod server;
mod service;
mod worker;

use std::io::{Write, stderr};
use std::process::ExitCode;

use command_line::Command;

fn main() -> ExitCode {
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
