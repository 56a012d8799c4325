//! Whether the server is still there, when many cases in a row have failed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::player::connection::Connection;
use super::player::events::CheckEvents;
use super::player::opening::{self, Opening};
use super::target::Target;
use super::verdict::{Outcome, Verdict};
use crate::lock::lock;

/// After how many failures in a row it is looked whether the server is there: more than any fault
/// of a server makes, and soon enough when each of them has waited in vain.
const FAILURES_MAX: usize = 32;

/// What is known of the server while cases are played.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    failures: AtomicUsize,
    /// Why it is gone, if it is.
    lost: Mutex<Option<String>>,
}

impl Presence {
    /// Notes what a case has found. After many failures it is looked for the server.
    pub(crate) fn note(&self, events: &mut CheckEvents, target: &Target<'_>, verdict: &Verdict) {
        if verdict.outcome != Outcome::Failed {
            self.failures.store(0, Ordering::Relaxed);
            return;
        }
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        if failures.is_multiple_of(FAILURES_MAX)
            && let Err(why) = open(events, target)
        {
            *lock(&self.lost) = Some(why);
        }
    }

    /// Whether it is gone.
    pub(crate) fn is_lost(&self) -> bool {
        lock(&self.lost).is_some()
    }

    /// Why it is gone, if it is.
    pub(crate) fn why(self) -> Option<String> {
        self.lost
            .into_inner()
            .unwrap_or_else(|error| error.into_inner())
    }
}

/// Opens a connection as usual.
fn open(events: &mut CheckEvents, target: &Target<'_>) -> Result<(), String> {
    let mut connection = Connection::open(events, target).map_err(|error| error.to_string())?;
    let deadline = Instant::now() + target.destination.timeout;
    let request = Opening::new().request(target, &[]);
    opening::send_all(&mut connection, request.as_bytes(), deadline)?;
    let mut received = Vec::new();
    opening::receive_head(&mut connection, &mut received, deadline).map(drop)
}
