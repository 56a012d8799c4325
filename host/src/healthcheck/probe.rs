//! What each check needs: the server, and what it is waited for in.

use std::time::Instant;

use crate::client::destination::Destination;
use crate::client::error::ConnectError;
use crate::client::tls::TlsConnector;
use crate::client::waiter::SocketPoll;
use crate::options::healthcheck::HealthcheckOptions;
use crate::time::Time;

/// What a check needs.
pub(super) struct Probe<'a> {
    pub(super) destination: Destination<'a>,
    pub(super) connector: Option<TlsConnector<'a>>,
    pub(super) poll: SocketPoll,
    pub(super) deadline: Instant,
}

impl<'a> Probe<'a> {
    /// # Errors
    ///
    /// Why nothing can be checked.
    pub(super) fn new(options: &'a HealthcheckOptions) -> Result<Self, String> {
        let destination = Destination {
            url: &options.url,
            trust: &options.trust,
            timeout: options.timeout,
        };
        let poll = SocketPoll::new();
        Ok(Self {
            destination,
            connector: TlsConnector::new(destination)?,
            poll: poll.map_err(|error| ConnectError::Poll(error).to_string())?,
            deadline: Instant::now() + options.timeout,
        })
    }

    /// Whether the time is over.
    pub(super) fn is_late(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Waits until something can be received or sent.
    ///
    /// # Errors
    ///
    /// When the time is over, with what was waited for.
    pub(super) fn wait_for(&mut self, what: &str) -> Result<(), String> {
        if self.is_late() {
            let time = Time::from(self.destination.timeout);
            return Err(format!("no {what} within {time} (--timeout)"));
        }
        let waited = self.poll.wait(Some(self.deadline));
        waited.map_err(|error| ConnectError::Poll(error).to_string())
    }
}
