//! The usual turn: an idle client has sent whole messages, and takes their echoes at once.

use std::io;

use super::{Driver, Transmitted, accepted};
use crate::serve::client::Shared;
use crate::serve::deadline::{Deadline, DeadlineChange, Liveness, Next, Turn};
use crate::serve::pool::BufferClass;
use crate::serve::traffic::Traffic;
use crate::serve::transport::{Readiness, Transport};

impl<T: Transport> Driver<T> {
    /// A turn in which an idle client has sent whole messages, and takes their echoes at once. The
    /// buffer and the connection that are next in the pool stay there.
    #[inline(always)]
    pub(super) fn quick_turn(&mut self, shared: &mut Shared) -> Turn {
        let before = self.liveness;
        let mut class = self.class;
        let Some((buffer, connection)) = shared.pool.next(&mut class, self.client.agreed()) else {
            return self.general_turn(shared);
        };
        let received = match self.receive(buffer.spare_mut()) {
            Ok(len @ 1..) => {
                buffer.commit(len);
                len
            }
            nothing => {
                let next = self.receive_nothing(nothing, None, shared);
                return self.end_turn(Deadline::of_idle(before), next);
            }
        };
        let compressed = shared.service.compressed();
        let echoed = connection.exchange(buffer).echo_and_measure(compressed);
        let ready = buffer.ready();
        if !echoed.is_all() || ready.is_empty() {
            let read_len = received - buffer.received().len();
            let messages = echoed.messages(read_len, ready.len()).into();
            let counted = &mut shared.journal.counters.echoed;
            counted.add_echoes(echoed.kind(), messages, ready);
            let next = self.answer_rest(class, messages, shared);
            return self.end_turn(Deadline::of_idle(before), next);
        }
        let messages = echoed.messages(received, ready.len()).into();
        let counted = &mut shared.journal.counters.echoed;
        counted.add_echoes(echoed.kind(), messages, ready);
        match self.transport.write(ready) {
            Ok(len) if len == ready.len() => {}
            written => {
                let next = self.transmit_rest(class, messages, written, shared);
                return self.end_turn(Deadline::of_idle(before), next);
            }
        }
        self.client.count(messages);
        buffer.consume(usize::MAX);
        if before != Liveness::Pinged && self.readiness == Readiness::None {
            return Turn::NOTHING_CHANGED;
        }
        Turn {
            next: self.next_turn(),
            deadline: DeadlineChange::of_idle(before),
        }
    }

    /// Takes the buffer and the connection that were used, because something is begun in them, and
    /// answers that.
    fn answer_rest(&mut self, class: BufferClass, echoed: Traffic, shared: &mut Shared) -> Next {
        self.client.count(echoed);
        let mut buffer = shared.pool.take_buffer(class);
        buffer.unsent.add(echoed);
        let session = shared.pool.take_idle(self.client.agreed());
        self.client.keep_session(session);
        let answered = self.answer(&mut buffer, shared);
        self.put_buffer(buffer, answered, shared)
    }

    /// Takes the buffer that was used, and transmits the rest of the echoes in it, after the first
    /// of them were `written`.
    #[cold]
    fn transmit_rest(
        &mut self,
        class: BufferClass,
        echoed: Traffic,
        written: io::Result<usize>,
        shared: &mut Shared,
    ) -> Next {
        self.client.count(echoed);
        let mut buffer = shared.pool.take_buffer(class);
        buffer.unsent.add(echoed);
        let next = accepted(written).and_then(|accepted| {
            let Some(len) = accepted else {
                return Ok(Next::Idle);
            };
            buffer.transmitted(len);
            match self.transmit(&mut buffer)? {
                Transmitted::All => Ok(self.next_turn()),
                Transmitted::Part => Ok(Next::Idle),
            }
        });
        self.put_buffer(buffer, next, shared)
    }
}
