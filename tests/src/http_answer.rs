//! HTTP requests that are answered without a WebSocket.

use std::net::SocketAddr;

use crate::scripted_client::Client;
use crate::server::Server;

/// The answer to a request, after which the server ends the connection unless it is open.
#[derive(Debug)]
pub struct Answer {
    /// With the empty line at its end.
    pub head: String,
    /// Empty if the connection is open.
    pub content: String,
    /// The client's address, as in the log.
    pub client: String,
}

impl Answer {
    /// The answer of a server.
    pub fn to(server: &Server, request: impl AsRef<[u8]>) -> Self {
        Self::at(server.address, request)
    }

    /// The answer at an address.
    ///
    /// # Panics
    ///
    /// If there is none, or if its content is not UTF-8.
    pub fn at(address: SocketAddr, request: impl AsRef<[u8]>) -> Self {
        let mut client = Client::connect(address);
        client.send(request);
        let head = client.receive_head();
        let content = if head.starts_with("HTTP/1.1 101 ") {
            Vec::new()
        } else {
            client.receive_rest()
        };
        Self {
            head,
            content: String::from_utf8(content).expect("UTF-8"),
            client: client.address().to_string(),
        }
    }

    /// The code of the status.
    ///
    /// # Panics
    ///
    /// If this is not an answer by HTTP/1.
    pub fn status(&self) -> &str {
        let (version, status) = self.head.split_once(' ').expect("a response");
        assert!(["HTTP/1.1", "HTTP/1.0"].contains(&version), "{version}");
        &status[..3]
    }

    /// The version of HTTP.
    pub fn version(&self) -> &str {
        self.head.split(' ').next().unwrap_or_default()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.split("\r\n").filter_map(|it| it.split_once(": "));
        lines.find(|(it, _)| *it == name).map(|(_, value)| value)
    }
}

/// A request without a sign of a WebSocket.
pub fn plain(method: &str, path: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}
