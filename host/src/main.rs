//! The program `ws-echo`, which is all in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ws_echo::run()
}
