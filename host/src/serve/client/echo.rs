//! An open connection: the messages that a client sends are sent back, unless one is longer than
//! this server allows.

use ws_echo_core::{Buffer, CloseCode, CompressedMessages, Event, Storage};

use super::account::Account;
use super::{Client, Phase, Shared};
use crate::serve::journal::{Ending, Journal, Moment};
use crate::serve::pool::{HeapBuffer, Pool, Session};
use crate::serve::service::Service;
use crate::serve::traffic::Traffic;

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
        let Shared {
            service, journal, ..
        } = shared;
        session.echo(&mut self.account, opened, buffer, service, journal);
        self.put_session(session, shared);
    }

    /// Closes the connection because the server stops, once no message is begun and all is echoed.
    pub(super) fn close_when_idle(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) {
        if matches!(self.phase, Phase::Leaving { session: None, .. })
            && buffer.received().is_empty()
        {
            self.send_close(buffer, CloseCode::GOING_AWAY, "", shared);
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
            let _ = session.connection.exchange(buffer).ping(&[]);
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
    fn put_session(&mut self, used: Box<Session>, shared: &mut Shared) {
        let (Phase::Open { session, .. } | Phase::Leaving { session, .. }) = &mut self.phase else {
            return;
        };
        if used.is_done(&shared.service) {
            // What is ready is the last.
            self.phase = Phase::Flushing;
        } else if used.connection.is_idle() {
            shared.pool.put_idle(used);
        } else {
            *session = Some(used);
        }
    }
}

impl Session {
    /// Echoes what is in the buffer, as far as there is room for the answers.
    pub(super) fn echo(
        &mut self,
        account: &mut Account,
        opened: Moment,
        buffer: &mut HeapBuffer,
        service: &Service,
        journal: &mut Journal,
    ) {
        let peer = account.peer();
        let (buffer, unsent) = buffer.parts();
        let mut count = |account: &mut Account, echoed| {
            account.echoed.add(echoed);
            unsent.add(echoed);
        };
        let is_closed_by_us = self.connection.is_closing();
        if self.message_len == REFUSED {
            self.refuse_message(account, opened, buffer, service, journal);
        } else if self.connection.is_idle() && !service.looks_at_messages() {
            let (received, ready) = (buffer.received().len(), buffer.ready().len());
            let echoed = self
                .connection
                .exchange(buffer)
                .echo_and_measure(CompressedMessages::Leave);
            let read = received - buffer.received().len();
            let messages = echoed.messages(read, buffer.ready().len() - ready);
            count(account, messages.into());
            if echoed.is_all() {
                return;
            }
        }
        loop {
            let mut exchange = self.connection.exchange(buffer);
            match exchange.next_event() {
                Ok(None) => break,
                Ok(Some(Event::Data(chunk))) => {
                    if service.logs_messages() {
                        journal.message(peer, &chunk, exchange.bytes(&chunk));
                    }
                    self.message_len = self.message_len.saturating_add(chunk.len() as u64);
                    if service.is_too_long(self.message_len, exchange.remaining_payload()) {
                        self.refuse_message(account, opened, buffer, service, journal);
                        continue;
                    }
                    if chunk.ends_message() {
                        self.message_len = 0;
                    }
                    let echoed = Traffic {
                        messages: chunk.ends_message().into(),
                        bytes: chunk.len() as u64,
                    };
                    count(account, echoed);
                    exchange.echo(chunk);
                }
                Ok(Some(Event::Pong)) => journal.pong(peer),
                Ok(Some(Event::Close(_))) if is_closed_by_us => {
                    let ending = Ending::ClosedByServer(CloseCode::GOING_AWAY);
                    journal.ended(peer, &ending, Some(account.carried(opened)));
                }
                Ok(Some(Event::Close(code))) => {
                    let ending = Ending::ClosedByClient(code, exchange.close_reason());
                    journal.ended(peer, &ending, Some(account.carried(opened)));
                }
                Ok(Some(_)) => {}
                Err(error) => {
                    let ending = Ending::Failed(error);
                    journal.ended(peer, &ending, Some(account.carried(opened)));
                }
            }
        }
        if self.is_too_long(service) {
            self.refuse_message(account, opened, buffer, service, journal);
        }
    }

    /// Whether nothing more must be received.
    pub(super) fn is_done(&self, service: &Service) -> bool {
        let is_refused = self.connection.is_closing() && self.is_too_long(service);
        (is_refused && !self.connection.awaits_room()) || self.connection.is_done()
    }

    /// Whether the begun message is too long, with the rest of the frame that is being received.
    fn is_too_long(&self, service: &Service) -> bool {
        service.is_too_long(self.message_len, self.connection.remaining_payload())
    }

    /// Sends the Close that says that the message is too long. That may be known before its payload
    /// is received. What follows is discarded. If there is no room for the Close now, it waits for
    /// the next transmission.
    ///
    /// > 1009 indicates that an endpoint is terminating the connection because it has received a
    /// > message that is too big for it to process. (RFC 6455 section 7.4.1)
    fn refuse_message(
        &mut self,
        account: &Account,
        opened: Moment,
        buffer: &mut Buffer<impl Storage>,
        service: &Service,
        journal: &mut Journal,
    ) {
        // It stays too long when its payload is ignored.
        self.message_len = REFUSED;
        buffer.discard_received();
        let mut exchange = self.connection.exchange(buffer);
        let closed = exchange.close(CloseCode::MESSAGE_TOO_BIG, "message is too long");
        if closed.is_ok() {
            let ending = Ending::TooLong(service.max_message_len());
            journal.ended(account.peer(), &ending, Some(account.carried(opened)));
        }
    }
}
