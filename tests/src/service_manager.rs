//! A service manager that listens to what servers tell it: see sd_notify(3).

use std::os::unix::net::UnixDatagram;
use std::process::Stdio;

use crate::server::{PATIENCE, Server, command};

/// What the server tells the service manager next.
///
/// # Panics
///
/// If it tells nothing.
pub fn told(manager: &UnixDatagram) -> String {
    let mut bytes = [0; 1000];
    let len = manager
        .recv(&mut bytes)
        .expect("the server tells something");
    String::from_utf8(bytes[..len].to_vec()).expect("text")
}

/// Starts a server without a greeting that tells this manager how far it is. `socket` is how the
/// manager's socket is named to it.
pub fn start_for(
    manager: &UnixDatagram,
    socket: &str,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> Server {
    manager.set_read_timeout(Some(PATIENCE)).expect("it can");
    let always = ["--listen", "127.0.0.1:0", "--no-welcome"];
    let mut command = command(always.iter().chain(arguments));
    command.env("NOTIFY_SOCKET", socket);
    command.envs(variables.iter().copied());
    Server::spawn(command.stderr(Stdio::piped()))
}
