//! The program `ws-echo`. All of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ws_echo::run()
}
