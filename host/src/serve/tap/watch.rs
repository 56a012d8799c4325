//! What travels on one connection, both ways: heads, then frames. It passes on what it finds to the
//! log and to the recording.

use std::sync::Arc;

use crate::options::serve::Secrets;
use crate::recording::{EndedBy, Side};
use crate::serve::tap::connection_log::ConnectionLog;
use crate::serve::tap::connection_recording::ConnectionRecording;
use crate::serve::tap::gathered::Budget;
use crate::serve::tap::head::{Head, HeadReader, Progress};
use crate::serve::tap::messages::{Found, MessageReader};

/// The response that begins a connection (RFC 6455 section 4.2.2).
const SWITCHING_PROTOCOLS: u16 = 101;
const INCOMPLETE_HEAD: &str = "a request that is not complete";
const LONG_HEAD: &str = "a head longer than 16 KiB";

/// Reads both sides of a connection.
#[derive(Debug)]
pub(super) struct Watch {
    client: Phase,
    server: Phase,
    secrets: Secrets,
    sinks: Sinks,
}

/// What one side sends.
#[derive(Debug)]
enum Phase {
    Head(HeadReader),
    Messages(Box<MessageReader>),
    /// What is not read: the content of a response, what follows a refused request, or what comes
    /// after what cannot be read.
    Other,
}

/// Where what is found goes.
#[derive(Debug)]
pub(super) struct Sinks {
    pub(super) log: Option<ConnectionLog>,
    pub(super) recording: Option<ConnectionRecording>,
}

impl Sinks {
    fn head(&mut self, side: Side, head: &Head) {
        if let Some(log) = &mut self.log {
            log.head(side, head);
        }
        if let Some(recording) = &mut self.recording {
            recording.head(side, head);
        }
    }

    fn found(&mut self, side: Side, found: Found<'_>) {
        if let Some(log) = &mut self.log {
            log.found(side, &found);
        }
        if let Some(recording) = &mut self.recording {
            recording.found(side, found);
        }
    }
}

impl Watch {
    pub(super) fn new(secrets: Secrets, sinks: Sinks) -> Self {
        Self {
            client: Phase::Head(HeadReader::default()),
            server: Phase::Head(HeadReader::default()),
            secrets,
            sinks,
        }
    }

    /// Whether nothing looks at what is found.
    fn is_unused(&self) -> bool {
        self.sinks.log.is_none()
            && self
                .sinks
                .recording
                .as_ref()
                .is_none_or(ConnectionRecording::is_over)
    }

    /// Reads bytes that were received from the client.
    pub(super) fn received(&mut self, bytes: &[u8]) {
        if !self.is_unused() {
            self.read(Side::Client, bytes);
        }
    }

    /// Reads bytes that were sent to the client.
    pub(super) fn sent(&mut self, bytes: &[u8]) {
        if self.is_unused() {
            return;
        }
        // It is answered before its request is complete.
        if matches!(self.server, Phase::Head(_)) {
            self.end_request();
        }
        self.read(Side::Server, bytes);
    }

    /// The connection has ended.
    pub(super) fn end(&mut self, by: EndedBy, reason: &str) {
        if matches!(&self.client, Phase::Head(head) if !head.is_empty()) {
            self.end_request();
        }
        let sinks = &mut self.sinks;
        for (side, phase) in [
            (Side::Client, &mut self.client),
            (Side::Server, &mut self.server),
        ] {
            if let Phase::Messages(messages) = phase {
                messages.end(&mut |found| sinks.found(side, found));
            }
        }
        if let Some(recording) = &mut self.sinks.recording {
            recording.end(by, reason);
        }
    }

    fn read(&mut self, side: Side, mut bytes: &[u8]) {
        let all = bytes;
        if let Phase::Head(head) = self.phase(side) {
            let progress = head.read(&mut bytes);
            let len = all.len() - bytes.len();
            if let Some(log) = &mut self.sinks.log {
                log.head_bytes(side, all.get(..len).unwrap_or_default(), self.secrets);
            }
            match progress {
                Progress::Begun => return,
                Progress::Complete => self.end_head(side, None),
                Progress::TooLong => self.end_head(side, Some(LONG_HEAD)),
            }
        }
        if bytes.is_empty() {
            return;
        }
        if let Some(log) = &mut self.sinks.log {
            log.bytes(side, bytes);
        }
        let (phase, sinks) = match side {
            Side::Client => (&mut self.client, &mut self.sinks),
            Side::Server => (&mut self.server, &mut self.sinks),
        };
        if let Phase::Messages(messages) = phase {
            messages.read(bytes, &mut |found| sinks.found(side, found));
        }
        if let Some(log) = &mut self.sinks.log {
            log.end_of_piece(side);
        }
    }

    fn phase(&mut self, side: Side) -> &mut Phase {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// The request is what has arrived of it, if it is not complete.
    fn end_request(&mut self) {
        if let Phase::Head(head) = &self.client {
            let fault = (!head.is_empty()).then_some(INCOMPLETE_HEAD);
            self.end_head(Side::Client, fault);
        }
    }

    /// The head of a side is what has arrived of it. `fault` is what is wrong with it.
    fn end_head(&mut self, side: Side, fault: Option<&'static str>) {
        let budget = self
            .sinks
            .recording
            .as_ref()
            .map(ConnectionRecording::budget);
        let secrets = self.secrets;
        let phase = self.phase(side);
        let Phase::Head(head) = std::mem::replace(phase, Phase::Other) else {
            return;
        };
        let head = head.into_head(secrets);
        if fault.is_none() && begins_messages(side, &head) {
            *phase = Phase::Messages(Box::new(messages(side, &head, budget)));
        }
        self.sinks.head(side, &head);
        if let Some(fault) = fault {
            self.sinks.found(side, Found::Invalid(fault, &[]));
        }
        if side == Side::Server {
            self.agree(&head);
        }
    }

    /// What the response says is true of the client too.
    fn agree(&mut self, response: &Head) {
        if !begins_messages(Side::Server, response) {
            self.client = Phase::Other;
        } else if let Phase::Messages(client) = &mut self.client {
            client.may_compress = compresses(response);
        }
    }
}

/// Whether frames follow a head. (A client may send some before it has the response.)
fn begins_messages(side: Side, head: &Head) -> bool {
    match side {
        Side::Client => head.has("Sec-WebSocket-Key", ""),
        Side::Server => head.status() == SWITCHING_PROTOCOLS,
    }
}

fn messages(side: Side, head: &Head, budget: Option<Arc<Budget>>) -> MessageReader {
    let mut messages = MessageReader::new(side, budget);
    messages.may_compress = compresses(head);
    messages
}

/// Whether a head offers or agrees on compressed messages (RFC 7692).
fn compresses(head: &Head) -> bool {
    head.has("Sec-WebSocket-Extensions", "permessage-deflate")
}
