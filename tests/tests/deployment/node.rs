//! One of the servers behind a proxy.

use std::net::IpAddr;
use std::process::{ExitStatus, Stdio};

use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::{Server, command};

/// A server at an address of its own. It can be started again.
pub(crate) struct Node {
    arguments: Vec<String>,
    server: Server,
}

impl Node {
    pub(crate) fn start(arguments: Vec<String>) -> Self {
        let server = started(&arguments);
        Self { arguments, server }
    }

    /// The arguments of another node, from those of the one at this address.
    pub(crate) fn arguments_at(
        address: IpAddr,
        other: IpAddr,
        arguments: &[String],
    ) -> Vec<String> {
        let [address, other] = [address, other].map(|it| format!("{it}:"));
        let arguments = arguments.iter();
        arguments.map(|it| it.replace(&address, &other)).collect()
    }

    /// Starts it again, after it has ended.
    pub(crate) fn start_again(&mut self) {
        self.server = started(&self.arguments);
    }

    /// The line about a client that has connected with this path, if there is one.
    pub(crate) fn line_about(&self, path: &str) -> Option<String> {
        let is_about = |line: &&str| line.contains("client connected") && line.contains(path);
        self.server.log().lines().find(is_about).map(str::to_owned)
    }

    /// Begins to stop it.
    pub(crate) fn ask_to_stop(&self) {
        self.server.signal("TERM");
    }

    /// Ends it without a warning.
    pub(crate) fn kill(&mut self) {
        self.server.signal("KILL");
        self.wait();
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.server.wait()
    }

    /// A connection to this node itself. A proxy would begin it with `prologue`.
    pub(crate) fn connect(&self, prologue: &str, path: &str) -> Client {
        let mut client = Client::connect(self.server.address);
        client.send(format!("{prologue}{}", request(path)));
        let head = client.receive_head();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        client
    }
}

fn started(arguments: &[String]) -> Server {
    Server::spawn(command(arguments).stderr(Stdio::piped()))
}
