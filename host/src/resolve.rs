//! Asks the system for the addresses of a host. Its resolver may wait long for a name server and
//! cannot be interrupted.

use std::fmt::Display;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use mio::Waker;

use crate::options::url::Url;
use crate::time::Time;

/// Returns the addresses of a host, at least one, in the order in which to try them.
///
/// # Errors
///
/// The text says why there are none.
pub(crate) fn addresses(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let found = (host, port).to_socket_addrs();
    let addresses: Vec<_> = found.map_err(|error| unresolved(host, error))?.collect();
    if addresses.is_empty() {
        return Err(unresolved(host, "it has no address"));
    }
    Ok(addresses)
}

fn unresolved(host: &str, reason: impl Display) -> String {
    format!("cannot resolve the host '{host}': {reason}")
}

/// The addresses of a server, which a thread of its own asks for.
#[derive(Debug)]
pub(crate) struct Lookup<'a> {
    url: &'a Url,
    answer: Receiver<Result<Vec<SocketAddr>, String>>,
}

impl<'a> Lookup<'a> {
    /// Asks. The answer wakes a poll.
    ///
    /// # Errors
    ///
    /// When the system refuses the thread.
    pub(crate) fn start(url: &'a Url, waker: &Arc<Waker>) -> io::Result<Self> {
        let (sender, answer) = channel();
        let (host, port) = (url.host.clone(), url.port);
        let waker = Arc::clone(waker);
        let look_up = move || {
            // Nobody waits any longer if the time was over or the user has stopped.
            if sender.send(addresses(&host, port)).is_ok() {
                let _ = waker.wake();
            }
        };
        let builder = thread::Builder::new().name("resolver".into());
        builder.spawn(look_up)?;
        Ok(Self { url, answer })
    }

    /// The answer, if there is one, as that of [`addresses`].
    pub(crate) fn answer(&self) -> Option<Result<Vec<SocketAddr>, String>> {
        self.answer.try_recv().ok()
    }

    /// Says that there was no answer in time.
    pub(crate) fn late(&self, timeout: Duration) -> String {
        let time = Time::from(timeout);
        unresolved(
            &self.url.host,
            format_args!("no answer within {time} (--timeout)"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_all_of_its_addresses() {
        let addresses = addresses("localhost", 3000).expect("localhost is known");
        for address in addresses {
            assert!(address.ip().is_loopback() && address.port() == 3000);
        }
    }

    #[test]
    fn an_address_is_its_own() {
        for address in ["127.0.0.1:1", "[::1]:2"] {
            let address: SocketAddr = address.parse().expect("an address");
            let host = address.ip().to_string();
            assert_eq!(addresses(&host, address.port()), Ok(vec![address]));
        }
    }

    #[test]
    fn a_host_without_an_address_is_named() {
        // A label has at most 63 characters, so this name is not looked up anywhere.
        let host = "x".repeat(64);
        let message = addresses(&host, 1).expect_err("no address");
        assert!(message.starts_with(&format!("cannot resolve the host '{host}': ")));
    }
}
