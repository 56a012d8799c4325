//! The flags by which other programs watch the server.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;

use super::listen;
use super::names;
use super::quantity;
use crate::options::admin::AdminOptions;

#[derive(Args)]
pub(super) struct AdminArguments {
    /// An address of this machine where health checks are answered by plain HTTP, on a thread of
    /// its own: /livez and /readyz [default: nowhere]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    admin_listen: Option<SocketAddr>,

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

/// One address and its port.
fn address(text: &str) -> Result<SocketAddr, String> {
    match &listen::addresses(vec![listen::listen(text)?])[..] {
        [address] => Ok(*address),
        _ => Err("this name has several addresses; write one, such as 127.0.0.1:9090".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_and_has_a_port() {
        assert_eq!(address("127.0.0.1:9090"), Ok(([127, 0, 0, 1], 9090).into()));
        assert_eq!(
            address("[::1]:0"),
            Ok("[::1]:0".parse().expect("an address"))
        );
        for (wrong, advice) in [
            ("9090", "write 127.0.0.1:9090"),
            ("127.0.0.1", "write a port too"),
            ("http://127.0.0.1:9090/livez", "without 'http://'"),
        ] {
            let error = address(wrong).expect_err(wrong);
            assert!(error.contains(advice), "{wrong}: {error}");
        }
    }
}
