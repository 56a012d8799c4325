//! The flags by which other programs watch the server.

use std::time::Duration;

use clap::Args;

use super::listen;
use super::names;
use super::quantity;
use super::sockets::{self, Given};
use crate::options::admin::{AdminOptions, AdminSocket};

#[derive(Args)]
pub(super) struct AdminArguments {
    /// An address, or unix:PATH, where other programs ask by plain HTTP how the server is, on a
    /// thread of its own: /livez, /readyz, /metrics and /connections [default: nowhere]
    #[arg(long, value_name = "ADDRESS", value_parser = socket)]
    admin_listen: Option<AdminSocket>,

    /// How long a thread that serves clients may take for one round before health checks fail
    #[arg(long, value_name = "DURATION", value_parser = quantity::timeout)]
    #[arg(default_value = "5s")]
    watchdog: Duration,

    /// The path below which the same health checks are answered where clients connect: PATH/livez
    /// and PATH/readyz; PATH alone is the latter
    #[arg(long, value_name = "PATH", value_parser = names::path)]
    health_path: Option<String>,
}

impl AdminArguments {
    pub(super) fn into_options(self) -> AdminOptions {
        AdminOptions {
            listen: self.admin_listen,
            watchdog: self.watchdog,
            health_path: self.health_path,
        }
    }
}

/// One address and its port, or `unix:` and a path.
fn socket(text: &str) -> Result<AdminSocket, String> {
    let addresses = match sockets::given(text)? {
        Given::Unix(path) => return Ok(AdminSocket::Unix(path)),
        Given::Passed(_) => return Err("write an address, such as 127.0.0.1:9090".into()),
        Given::Addresses(listen) => listen::addresses(vec![listen]),
    };
    match &addresses[..] {
        [address] => Ok(AdminSocket::Address(*address)),
        _ => Err("this name has several addresses; write one, such as 127.0.0.1:9090".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_one_address_with_its_port_or_a_path() {
        for text in ["127.0.0.1:9090", "[::1]:0"] {
            let address = text.parse().expect("an address");
            assert_eq!(socket(text), Ok(AdminSocket::Address(address)));
        }
        #[cfg(unix)]
        assert_eq!(socket("unix:/a:b"), Ok(AdminSocket::Unix("/a:b".into())));
        for (wrong, advice) in [
            ("9090", "write 127.0.0.1:9090"),
            ("127.0.0.1", "write a port too"),
            ("http://127.0.0.1:9090/livez", "without 'http://'"),
            #[cfg(unix)]
            ("unix:", "write the path of the socket too"),
            #[cfg(unix)]
            ("fd:3", "write an address"),
        ] {
            let error = socket(wrong).expect_err(wrong);
            assert!(error.contains(advice), "{wrong}: {error}");
        }
    }
}
