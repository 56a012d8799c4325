//! The flags that say where to listen: a port, addresses, Unix sockets, and sockets that the parent
//! of the process has opened.

use std::path::PathBuf;

use clap::Args;

use super::environment::Environment;
use super::listen::{self, Listen};
use super::{host, passed};
use crate::escape::Excerpt;
use crate::options::listen::{ListenOptions, ListenSocket};

/// The variable by which platforms that run programs set the port.
const PORT: &str = "PORT";
const DEFAULT_PORT: u16 = 3000;
/// Only the user of the server may connect.
const DEFAULT_MODE: u32 = 0o600;

#[derive(Args)]
pub(super) struct SocketArguments {
    /// The port to listen on, for clients on this machine; 0 means any free port
    /// [default: the variable PORT, or 3000]
    #[arg(short, long, value_name = "PORT", value_parser = host::port_option)]
    #[arg(conflicts_with = "listen")]
    port: Option<u16>,

    /// An address to listen on instead, for clients elsewhere too; or unix:PATH for a Unix socket,
    /// or fd:N or fd:NAME for a socket that the service manager, or another parent of the process,
    /// has opened; may be repeated
    #[arg(short, long, value_name = "ADDRESS", value_parser = given)]
    #[arg(conflicts_with = "port")]
    listen: Vec<Given>,

    /// Who may connect to the Unix sockets of --listen: the mode of their files [default: 0600]
    #[arg(long, value_name = "MODE", value_parser = mode)]
    unix_mode: Option<u32>,

    /// Let another server of the same user listen on the same port, so that a new one can start
    /// before this one stops (Linux)
    #[arg(long)]
    reuse_port: bool,
}

/// What one `--listen` says, or `--admin-listen`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Given {
    Addresses(Listen),
    Unix(PathBuf),
    /// The number of a file descriptor, or the name of sockets.
    Passed(String),
}

impl SocketArguments {
    /// Where to listen; the error says what to write instead.
    pub(super) fn into_options(self, environment: &Environment) -> Result<ListenOptions, String> {
        let passed = passed::names(environment)?;
        let has_unix = self.listen.iter().any(|it| matches!(it, Given::Unix(_)));
        if self.unix_mode.is_some() && !has_unix {
            return Err("--unix-mode needs a Unix socket: write --listen unix:PATH too".into());
        }
        if self.reuse_port && !cfg!(target_os = "linux") {
            return Err("--reuse-port needs Linux: other systems do not spread clients".into());
        }
        let mode = self.unix_mode.unwrap_or(DEFAULT_MODE);
        let mut sockets = Vec::new();
        for given in self.listen {
            match given {
                Given::Addresses(given) => {
                    let addresses = listen::addresses(vec![given]).into_iter();
                    addresses.for_each(|it| add(ListenSocket::Address(it), &mut sockets));
                }
                Given::Unix(path) => add(ListenSocket::Unix { path, mode }, &mut sockets),
                Given::Passed(which) => {
                    let found = passed::find(&which, &passed)?.into_iter();
                    found.for_each(|it| add(it, &mut sockets));
                }
            }
        }
        if sockets.is_empty() {
            sockets = match self.port {
                None if !passed.is_empty() => (0..passed.len()).map(ListenSocket::Passed).collect(),
                Some(port) => loopback(port),
                None => loopback(default_port(environment)?),
            };
        }
        Ok(ListenOptions {
            sockets,
            reuse_port: self.reuse_port,
        })
    }
}

/// Adds a socket, unless it is there. Port 0 is a new port each time.
fn add(socket: ListenSocket, sockets: &mut Vec<ListenSocket>) {
    let is_new = matches!(&socket, ListenSocket::Address(address) if address.port() == 0);
    if is_new || !sockets.contains(&socket) {
        sockets.push(socket);
    }
}

/// This machine's sockets for its own programs.
fn loopback(port: u16) -> Vec<ListenSocket> {
    listen::loopback(port).map(ListenSocket::Address).into()
}

/// The port that is not given.
fn default_port(environment: &Environment) -> Result<u16, String> {
    let Some(value) = environment.get(PORT) else {
        return Ok(DEFAULT_PORT);
    };
    let value = value.to_string_lossy();
    host::port(&value).ok_or_else(|| {
        let value = Excerpt::new(&value);
        let advice = "write a port from 0 to 65535, or choose one with --port";
        format!("invalid value '{value}' for '{PORT}': {advice}")
    })
}

/// Reads what `--listen` takes; the error says what to write instead.
pub(super) fn given(text: &str) -> Result<Given, String> {
    let given = if let Some(path) = text.strip_prefix("unix:") {
        if path.is_empty() {
            return Err("write the path of the socket too, such as unix:/run/ws-echo.sock".into());
        }
        Given::Unix(path.into())
    } else if let Some(which) = text.strip_prefix("fd:") {
        Given::Passed(which.into())
    } else {
        return listen::listen(text).map(Given::Addresses);
    };
    if cfg!(unix) {
        return Ok(given);
    }
    Err("this system has no such sockets: write an address, such as 127.0.0.1:3000".into())
}

/// Reads the mode of a file.
fn mode(text: &str) -> Result<u32, &'static str> {
    let is_octal = text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    let mode = u32::from_str_radix(text, 8).ok();
    let mode = mode.filter(|mode| is_octal && *mode <= 0o777);
    mode.ok_or("write the mode of a file in octal, from 0000 to 0777, such as 0660")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_an_address_a_path_or_one_that_was_passed() {
        assert!(matches!(given("127.0.0.1:1"), Ok(Given::Addresses(_))));
        if cfg!(unix) {
            assert_eq!(given("unix:/a:b"), Ok(Given::Unix("/a:b".into())));
            assert_eq!(given("fd:3"), Ok(Given::Passed("3".into())));
            let refusal = given("unix:").expect_err("no path");
            assert!(refusal.contains("unix:/run/ws-echo.sock"), "{refusal}");
        } else {
            for text in ["unix:/a", "fd:3"] {
                let refusal = given(text).expect_err(text);
                assert!(refusal.contains("127.0.0.1:3000"), "{refusal}");
            }
        }
    }

    #[test]
    fn a_mode_is_octal_and_has_nine_bits() {
        for (text, expected) in [("0600", 0o600), ("660", 0o660), ("0", 0), ("0777", 0o777)] {
            assert_eq!(mode(text), Ok(expected), "{text}");
        }
        for text in ["", "0800", "1777", "+7", "-1", "0o600", "rw", "600 "] {
            assert!(mode(text).expect_err(text).contains("0660"), "{text}");
        }
    }
}
