//! What the server tells of a worker's clients.

use std::time::Duration;

use super::Clients;
use crate::serve::deadline::{Deadline, DeadlineChange, Liveness};
use crate::serve::driver::Driver;
use crate::serve::limits::Limit;
use crate::serve::metrics::listed::Listed;
use crate::serve::metrics::numbers::Numbers;
use crate::serve::monitor::{Question, Report};
use crate::serve::transport::Transport;

impl<T: Transport> Clients<T> {
    /// What the server tells of these clients.
    pub(crate) fn report(&self, question: Question) -> Report {
        let listed = match question {
            Question::Counters => Vec::new(),
            Question::Connections(max) => {
                let clients = self.table.iter().take(max);
                clients
                    .map(|(key, client)| self.listed(key, client))
                    .collect()
            }
        };
        Report {
            clients: self.len(),
            numbers: Numbers {
                counters: self.shared.journal.counters.clone(),
                memory: self.shared.pool.memory(),
                ..Numbers::default()
            },
            listed,
        }
    }

    /// Counts a client that was accepted and cannot be added.
    pub(crate) fn refuse(&mut self, limit: Limit) {
        self.shared.journal.counters.accepted += 1;
        self.shared.count_turned_away(limit);
    }

    /// Remembers what clients ask for, to list that too.
    pub(crate) fn keep_targets(&mut self) {
        self.shared.journal.keep_targets();
    }

    fn listed(&self, key: usize, client: &Driver<T>) -> Listed {
        let journal = &self.shared.journal;
        Listed {
            peer: client.peer(),
            path: self.targets.of(key).map(Box::from),
            state: client.client().state(),
            opened: client.client().opened_connection(journal),
            idle: self.idle_time(key, client),
        }
    }

    /// For how long a client has sent nothing, at least. Only its deadline tells.
    fn idle_time(&self, key: usize, client: &Driver<T>) -> Option<Duration> {
        let deadline = client.deadline();
        let silence = self.timeouts.of(Deadline::SignOfLife)?.shortest();
        let left = self.wheel.remaining(key)?;
        match (deadline, client.liveness()) {
            (Deadline::SignOfLife, Liveness::Silent) => Some(silence.passed(left)),
            (Deadline::Answer, _) => {
                let unanswered = self.timeouts.of(deadline)?.passed(left);
                Some(silence.passed(Duration::ZERO) + unanswered)
            }
            (Deadline::SignOfLife, _) => Some(Duration::ZERO),
            _ => None,
        }
    }

    /// Notes what a turn of the client at `key` says about it: what it has asked for, that it was
    /// sent a Ping, or that it has given a sign of life.
    pub(super) fn note_turn(&mut self, key: usize, change: DeadlineChange) {
        if let Some(target) = self.shared.journal.take_opened_target() {
            self.targets.set(key, target);
        }
        let now = self.shared.now;
        if change == DeadlineChange::Restart(Deadline::Answer) {
            self.round_trips.begin(key, now);
        } else if change != DeadlineChange::Keep
            && let Some(time) = self.round_trips.end(key, now)
        {
            self.shared.journal.counters.round_trips.observe(time);
        }
    }
}
