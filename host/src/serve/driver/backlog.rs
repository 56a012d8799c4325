//! What happens while a client does not take what is ready. One that sends first and reads later,
//! as each blocking client does, would wait for ever if nothing more was received: so its answers
//! are set aside.

use std::io;

use super::{Driver, Transmitted};
use crate::serve::client::Shared;
use crate::serve::client_buffer::Patience;
use crate::serve::deadline::Next;
use crate::serve::pool::HeapBuffer;
use crate::serve::transport::{Readiness, Transport};

/// How many bytes are thrown away at once.
const DISCARDED_LEN: usize = 16 * 1024;

impl<T: Transport> Driver<T> {
    /// Transmits the backlog and then what is ready, as far as the client takes it.
    pub(super) fn transmit_in_order(
        &mut self,
        buffer: &mut HeapBuffer,
        shared: &mut Shared,
    ) -> io::Result<Transmitted> {
        while !buffer.backlog.is_empty() {
            let Some(len) = self.write(buffer.backlog.first())? else {
                return Ok(Transmitted::Part);
            };
            buffer.backlog_transmitted(len);
            shared.pool.consume_backlog(&mut buffer.backlog, len);
        }
        self.transmit(buffer)
    }

    /// Sets aside what is ready, if the client has a backlog, or has had its time to take some.
    /// Returns whether more can be received now.
    pub(super) fn set_aside(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) -> bool {
        let has_time = buffer.backlog.is_empty() && buffer.patience == Patience::Left;
        // Nothing could be received into the reserve without being dropped.
        if has_time || shared.pool.is_reserve_in_use() {
            return false;
        }
        shared.pool.set_aside(buffer) && !self.client.is_flushing()
    }

    /// What follows from a turn in which the client has not taken all.
    pub(super) fn next_turn_without_room(&self) -> Next {
        if self.client.is_flushing() {
            // What it still sends is thrown away.
            return self.next_turn();
        }
        Next::Idle
    }

    /// Waits until the client takes more. If the connection is over, what it still sends is thrown
    /// away: it may read only after that.
    pub(super) fn wait_for_room(&mut self, shared: &mut Shared) -> Next {
        if !self.client.is_flushing() || self.readiness == Readiness::None {
            return Next::Idle;
        }
        // This is not a sign that it takes anything.
        let liveness = self.liveness;
        let discarded = self.receive(&mut [0; DISCARDED_LEN]);
        self.liveness = liveness;
        match discarded {
            Ok(1..) => self.next_turn(),
            // The end is found again when all is taken.
            Ok(0) => Next::Idle,
            failed => self.receive_nothing(failed, None, shared),
        }
    }
}
