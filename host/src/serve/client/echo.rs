//! An open connection: the messages that a client sends are sent back, unless one is longer than
//! this server allows.
//!
//! A compressed message goes back as it came: what the client's compressor has made is what its
//! inflater needs, if it gets the same messages in the same order. So each compressed message
//! is echoed, or the connection ends: nothing here may leave one out (RFC 7692 section 7.1.1).

use ws_echo_core::{Buffer, Chunk, CloseCode, Event};

use super::account::Account;
use super::{Client, Phase, Shared};
use crate::deflate::checked_inflater::Fault;
use crate::serve::journal::{Ending, Moment};
use crate::serve::pool::{HeapBuffer, Pool};
use crate::serve::service::Service;
use crate::serve::session::Session;
use crate::serve::traffic::Traffic;
use crate::serve::unsent::Unsent;
use crate::serve::verifier::{Checked, Verifier};

/// The length of a message that was refused, whatever the limit.
const REFUSED: u64 = u64::MAX;

impl Client {
    /// Echoes what is in the buffer, as far as there is room for the answers.
    pub(super) fn exchange(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) {
        let (Some(opened), Some(mut session)) =
            (self.opened(), self.take_session(&mut shared.pool))
        else {
            return;
        };
        let (core_buffer, unsent) = buffer.parts();
        let mut conversation = Conversation {
            session: &mut session,
            account: &mut self.account,
            opened,
            buffer: core_buffer,
            unsent,
            shared,
        };
        conversation.go_on();
        self.put_session(session, shared);
    }

    /// Closes the connection because the server stops, once no message is begun and all is echoed.
    pub(super) fn close_when_idle(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) {
        if self.can_close() && buffer.received().is_empty() {
            self.send_close(buffer, shared.leave_code, "", shared);
        }
    }

    /// Sends Close if there is room. If there is none now, there will be after the next
    /// transmission.
    pub(crate) fn send_close(
        &mut self,
        buffer: &mut HeapBuffer,
        code: CloseCode,
        reason: &str,
        shared: &mut Shared,
    ) {
        if let Some(mut session) = self.take_session(&mut shared.pool) {
            let _ = session.connection.exchange(buffer).close(code, reason);
            self.put_session(session, shared);
        }
    }

    /// Sends Ping. The buffer is empty, so there is room.
    pub(crate) fn send_ping(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) {
        if let Some(mut session) = self.take_session(&mut shared.pool) {
            let sent = session.connection.exchange(buffer).ping(&[]);
            shared.journal.counters.pings.sent += u64::from(sent.is_ok());
            self.put_session(session, shared);
        }
    }

    /// Takes the state of an open connection: what is kept of it, or else an idle one.
    fn take_session(&mut self, pool: &mut Pool) -> Option<Box<Session>> {
        let (Phase::Open {
            agreed, session, ..
        }
        | Phase::Leaving {
            agreed, session, ..
        }) = &mut self.phase
        else {
            return None;
        };
        Some(session.take().unwrap_or_else(|| pool.take_idle(*agreed)))
    }

    /// Puts the state of an open connection back. It is kept only if something is begun.
    fn put_session(&mut self, mut used: Box<Session>, shared: &mut Shared) {
        let (Phase::Open { session, .. } | Phase::Leaving { session, .. }) = &mut self.phase else {
            return;
        };
        if used.is_done(&shared.service) {
            // What is ready is the last.
            self.phase = Phase::Flushing;
            shared.pool.take_back_verifier(&mut used);
        } else if used.is_idle() {
            shared.pool.put_idle(used);
        } else {
            *session = Some(used);
        }
    }
}

impl Session {
    /// Whether nothing more must be received.
    pub(super) fn is_done(&self, service: &Service) -> bool {
        let is_refused = self.connection.is_closing() && self.is_too_long(service);
        (is_refused && !self.connection.awaits_room()) || self.connection.is_done()
    }

    /// Whether a message was refused: that is how the connection ends, though the Close may still
    /// wait for room.
    pub(super) fn is_refused(&self) -> bool {
        self.message_len == REFUSED && self.connection.is_closing()
    }

    /// Whether the begun message is too long, with the rest of the frame that is being received. Of
    /// a message that is verified, what it inflates to counts instead.
    fn is_too_long(&self, service: &Service) -> bool {
        let is_verified = service.verifies() && self.connection.is_message_compressed();
        let announced = if is_verified {
            0
        } else {
            self.connection.remaining_payload()
        };
        service.is_too_long(self.message_len, announced)
    }
}

/// An open connection at work, and what that concerns.
struct Conversation<'a> {
    session: &'a mut Session,
    account: &'a mut Account,
    opened: Moment,
    buffer: &'a mut Buffer<Box<[u8]>>,
    unsent: &'a mut Unsent,
    shared: &'a mut Shared,
}

impl Conversation<'_> {
    /// Echoes what is in the buffer, as far as there is room for the answers, and time.
    fn go_on(&mut self) {
        self.shared.pool.begin_turn();
        let is_closed_by_us = self.session.connection.is_closing();
        let waiting = self.session.take_waiting();
        if self.session.message_len == REFUSED {
            self.refuse_message();
        } else if let Some(chunk) = waiting {
            self.verify(chunk);
        } else if self.session.connection.is_idle()
            && !self.shared.service.looks_at_messages()
            && self.echo_whole_messages()
        {
            return;
        }
        while !self.session.is_paused() {
            let mut exchange = self.session.connection.exchange(self.buffer);
            match exchange.next_event() {
                Ok(None) => break,
                Ok(Some(Event::Data(chunk))) => self.receive(chunk),
                Ok(Some(Event::Close(_))) if is_closed_by_us => self.left(),
                Ok(Some(Event::Close(code))) => {
                    let reason = exchange.close_reason();
                    let carried = self.account.carried(self.opened);
                    let ending = Ending::ClosedByClient(code, reason);
                    let peer = self.account.peer();
                    self.shared.journal.ended(peer, &ending, Some(carried));
                }
                Ok(Some(Event::Ping)) => {
                    let counters = &mut self.shared.journal.counters;
                    counters.pings.received += 1;
                    counters.pongs.sent += 1;
                }
                Ok(Some(Event::Pong)) => self.shared.journal.counters.pongs.received += 1,
                Ok(Some(_)) => {}
                Err(error) => self.end(&Ending::Failed(error)),
            }
        }
        if self.session.is_too_long(&self.shared.service) {
            self.refuse_message();
        }
    }

    /// Echoes the messages that nobody looks at. Returns whether that was all.
    fn echo_whole_messages(&mut self) -> bool {
        let (received, ready) = (self.buffer.received().len(), self.buffer.ready().len());
        let mut exchange = self.session.connection.exchange(self.buffer);
        let echoed = exchange.echo_and_measure(self.shared.service.compressed());
        let read = received - self.buffer.received().len();
        let messages = echoed.messages(read, self.buffer.ready().len() - ready);
        self.count(messages.into());
        echoed.is_all()
    }

    /// Takes the next piece of a message.
    fn receive(&mut self, chunk: Chunk) {
        if chunk.is_compressed() && self.shared.service.verifies() {
            return self.verify(chunk);
        }
        let Shared {
            service, journal, ..
        } = &mut *self.shared;
        let exchange = self.session.connection.exchange(self.buffer);
        if service.logs_messages() {
            let peer = self.account.peer();
            if chunk.is_compressed() {
                journal.compressed_message(peer, &chunk);
            } else {
                journal.message(peer, &chunk, exchange.bytes(&chunk));
            }
        }
        let announced = exchange.remaining_payload();
        let message_len = self.session.message_len.saturating_add(chunk.len() as u64);
        if service.is_too_long(message_len, announced) {
            return self.refuse_message();
        }
        self.session.message_len = if chunk.ends_message() { 0 } else { message_len };
        self.echo(chunk);
    }

    /// Verifies a piece of a compressed message, which is echoed as it came if nothing is wrong
    /// with it.
    fn verify(&mut self, chunk: Chunk) {
        let Shared { service, pool, .. } = &mut *self.shared;
        let taken = self.session.verifier.take();
        let Some(mut verifier) = taken.or_else(|| pool.take_verifier()) else {
            return self.echo(chunk);
        };
        let exchange = self.session.connection.exchange(self.buffer);
        let bytes = exchange.bytes(&chunk);
        let checked = pool.check(&mut verifier, &chunk, bytes, service.max_message_len());
        match checked {
            Ok(Checked::Part) => {
                verifier.waiting = Some(chunk);
                self.session.verifier = Some(verifier);
            }
            Ok(Checked::All) => self.accept(chunk, verifier),
            Err(fault) => {
                pool.put_verifier(verifier);
                self.reject(fault);
            }
        }
    }

    /// Echoes a piece of a compressed message that is verified.
    fn accept(&mut self, chunk: Chunk, mut verifier: Box<Verifier>) {
        let inflated = verifier.end_chunk();
        if self.shared.service.logs_messages() {
            let peer = self.account.peer();
            let journal = &mut self.shared.journal;
            journal.inflated_message(peer, &chunk, &inflated);
        }
        if chunk.ends_message() && !self.session.keeps_window() {
            self.shared.pool.put_verifier(verifier);
        } else {
            self.session.verifier = Some(verifier);
        }
        self.echo(chunk);
    }

    /// Ends the connection because of a compressed message, which is not echoed.
    fn reject(&mut self, fault: Fault) {
        match fault {
            // The next event is this error.
            Fault::Invalid(error) => self.session.connection.exchange(self.buffer).fail(error),
            Fault::TooLong => self.refuse_message(),
        }
    }

    fn echo(&mut self, chunk: Chunk) {
        self.count(Traffic::of(&chunk));
        let counters = &mut self.shared.journal.counters;
        if !chunk.ends_message() {
            // A frame that does not fit the buffer is echoed in several.
            let ends_frame = !self.session.connection.is_inside_frame();
            counters.fragments.received += u64::from(ends_frame);
            counters.fragments.sent += 1;
        }
        self.session.connection.exchange(self.buffer).echo(chunk);
    }

    /// Counts what is made ready to be sent back.
    fn count(&mut self, echoed: Traffic) {
        self.account.echoed.add(echoed);
        self.unsent.add(echoed);
        self.shared.journal.counters.count_echoes(echoed);
    }

    /// Logs that the client has answered our Close.
    fn left(&mut self) {
        let code = self.shared.leave_code;
        self.end(&match self.shared.is_stopping {
            true => Ending::ClosedByServer(code),
            false => Ending::LifetimeOver(code),
        });
    }

    /// Logs how the connection ends.
    fn end(&mut self, ending: &Ending<'_>) {
        let carried = self.account.carried(self.opened);
        let journal = &mut self.shared.journal;
        journal.ended(self.account.peer(), ending, Some(carried));
    }

    /// Sends the Close that says that the message is too long. That may be known before its payload
    /// is received. What follows is discarded. If there is no room for the Close now, it waits for
    /// the next transmission.
    ///
    /// > 1009 indicates that an endpoint is terminating the connection because it has received a
    /// > message that is too big for it to process. (RFC 6455 section 7.4.1)
    fn refuse_message(&mut self) {
        // It stays too long when its payload is ignored.
        self.session.message_len = REFUSED;
        self.buffer.discard_received();
        let mut exchange = self.session.connection.exchange(self.buffer);
        let closed = exchange.close(CloseCode::MESSAGE_TOO_BIG, "message is too long");
        if closed.is_ok() {
            let ending = Ending::TooLong(self.shared.service.max_message_len());
            self.end(&ending);
        }
    }
}
