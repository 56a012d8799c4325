//! How connections end because the server stops, or because their time is over.

use std::time::Duration;

use super::Clients;
use crate::serve::timer_wheel::Ticks;
use crate::serve::transport::Transport;

/// How long a client that has connected may take to send its request when the server stops.
const HANDSHAKE_GRACE: Duration = Duration::from_secs(1);

impl<T: Transport> Clients<T> {
    /// Ends all connections because the server stops: open ones one after the other, spread over
    /// this time.
    pub fn stop(&mut self, spread: Duration) {
        self.shared.is_stopping = true;
        self.shared.has_opened = false;
        self.spread_until = self.shared.now + spread;
        for key in 0..self.table.capacity() {
            self.stop_client(key);
        }
    }

    /// Ends the connection of the client at `key`, if there is one, because the server stops. One
    /// in its handshake may have just connected: its request may be on its way.
    pub(super) fn stop_client(&mut self, key: usize) {
        let spread = self.spread_until.saturating_duration_since(self.shared.now);
        let Some(client) = self.table.get_mut(key) else {
            return;
        };
        if client.is_open() && !spread.is_zero() {
            client.forget_liveness();
            let timeout = self.next_part(Ticks::at_least(spread));
            return self.wheel.set(key, timeout);
        }
        let turn = client.leave(&mut self.shared);
        self.end_turn(key, turn);
        let client = self.table.get(key);
        if client.is_some_and(|it| it.client().is_in_handshake()) {
            let left = self.wheel.left(key);
            let had = self.timeouts.since_connected(left);
            match HANDSHAKE_GRACE.checked_sub(had) {
                Some(grace) => self.wheel.set(key, left.min(Ticks::at_least(grace))),
                None => self.remove(key),
            }
        }
    }

    /// Drops all clients: the time to end their connections is over.
    pub fn give_up(&mut self) {
        for key in 0..self.table.capacity() {
            if let Some(client) = self.table.get_mut(key) {
                let turn = client.abort(&mut self.shared);
                self.end_turn(key, turn);
            }
        }
    }

    /// How long the connection of the client at `key` may still be open; `None` if there is no
    /// limit, or if it is not open.
    pub(super) fn time_left(&self, key: usize) -> Option<Duration> {
        let lifetime = self.lifetime?;
        let client = self.table.get(key).filter(|client| client.is_open())?;
        let opened = client.client().opened()?;
        let age = self.shared.journal.age(opened, self.shared.now);
        Some(lifetime.left(key, age))
    }
}
