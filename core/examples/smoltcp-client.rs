//! A client over smoltcp, as on a microcontroller, on a TAP interface of Linux.
//!
//! ```sh
//! cargo run --example smoltcp-client -p ws-echo-core -- tap0 192.168.69.100:3000 "a text" more
//! ```
//!
//! It sends each text to the echo server at this address, and prints what it receives. The exit
//! status is 0 if all texts came back. The client itself is in `smoltcp/client.rs`, a file to copy.

#[path = "smoltcp/client.rs"]
mod client;
#[path = "smoltcp/stack.rs"]
mod stack;
#[path = "smoltcp/talk.rs"]
mod talk;

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::net::SocketAddrV4;
use std::process::ExitCode;

use stack::BUFFER_LEN;
use talk::{TEXTS, Talk};

const USAGE: &str = "usage: smoltcp-client TAP-INTERFACE IPV4-ADDRESS:PORT [TEXT...]";

fn main() -> ExitCode {
    let arguments: Result<Vec<_>, _> = env::args_os().skip(1).map(OsString::into_string).collect();
    let Ok([name, host, texts @ ..]) = arguments.as_deref() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match talk(name, host, texts) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn talk(name: &str, host: &str, texts: &[String]) -> Result<(), Box<dyn Error>> {
    let server: SocketAddrV4 = host.parse().map_err(|_| {
        format!("{host} is not an IPv4 address with a port: write 192.168.69.100:3000")
    })?;
    let texts = match texts {
        [] => &TEXTS.map(str::to_owned),
        texts => texts,
    };
    let mut stack = stack::on_tap(name)?;
    let mut buffer = [0; BUFFER_LEN];
    let mut talk = Talk::new(&mut stack, &mut buffer, server, host, texts)?;
    loop {
        let now = stack.poll();
        if let Some(outcome) = talk.turn(&mut stack.sockets, now) {
            return Ok(outcome?);
        }
        stack.wait(now, talk.poll_at())?;
    }
}
