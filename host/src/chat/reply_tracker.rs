//! Tracks which messages were answered. An echo equals the message that was sent, so a greeting
//! does not count as one. Of each message only its kind, its length and a hash are kept.

use std::collections::VecDeque;

use ws_echo_core::{Fin, Kind, Message};

use super::user::ReceivedPiece;

/// How many messages without an echo are kept, in at most 24 MiB.
const KEPT_MAX: usize = 1 << 20;

/// What was sent, and what was received.
#[derive(Debug, Default)]
pub(super) struct ReplyTracker {
    /// The messages without an echo, the oldest first.
    outstanding: VecDeque<Digest>,
    /// How many older messages without an echo are not kept.
    not_kept: u64,
    /// The message that is being sent, and the one that is being received.
    sending: Option<Digest>,
    receiving: Option<Digest>,
    /// How many messages were sent and received on this connection, and how many of the received
    /// ones were echoes.
    sent_count: u64,
    received_count: u64,
    echo_count: u64,
    /// How many messages were sent on earlier connections, and how many of them were not answered.
    sent_before: u64,
    lost: u64,
}

/// What is kept of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Digest {
    kind: Kind,
    len: u64,
    hash: u64,
}

impl ReplyTracker {
    /// Notes a fragment that was sent. Returns the kind and the length of the message that it ends.
    pub(super) fn sent(&mut self, fragment: Message<'_>, fin: Fin) -> Option<(Kind, u64)> {
        let (kind, bytes) = match fragment {
            Message::Text(text) => (Kind::Text, text.as_bytes()),
            Message::Binary(bytes) => (Kind::Binary, bytes),
        };
        let digest = self.sending.take().unwrap_or(Digest::new(kind));
        let digest = digest.with(bytes);
        if fin == Fin::More {
            self.sending = Some(digest);
            return None;
        }
        self.sent_count += 1;
        if self.outstanding.len() == KEPT_MAX {
            self.outstanding.pop_front();
            self.not_kept += 1;
        }
        self.outstanding.push_back(digest);
        Some((digest.kind, digest.len))
    }

    /// Notes a piece of a message that was received. Returns whether it completed an echo.
    pub(super) fn received(&mut self, piece: ReceivedPiece<'_>) -> bool {
        let digest = self.receiving.take().unwrap_or(Digest::new(piece.kind));
        let digest = digest.with(piece.bytes);
        if piece.fin == Fin::More {
            self.receiving = Some(digest);
            return false;
        }
        self.received_count += 1;
        let is_echo = self.outstanding.front() == Some(&digest);
        if is_echo {
            self.outstanding.pop_front();
            self.echo_count += 1;
        }
        is_echo
    }

    /// Whether each message of this connection has its echo.
    pub(super) fn are_complete(&self) -> bool {
        self.outstanding.is_empty() && self.not_kept == 0
    }

    /// Whether a message's last fragment was not sent.
    pub(super) fn is_inside_message(&self) -> bool {
        self.sending.is_some()
    }

    /// Begins another connection: messages without an answer count as lost.
    pub(super) fn begin_connection(&mut self) {
        let (missing, sent) = (self.missing(), self.sent_total());
        *self = Self {
            lost: missing,
            sent_before: sent,
            ..Self::default()
        };
    }

    /// Forgets everything: no reply is expected any longer.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// How many messages were sent, completely or in part.
    pub(super) fn sent_total(&self) -> u64 {
        self.sent_before + self.sent_count + u64::from(self.sending.is_some())
    }

    /// How many messages were not answered. A server that echoes nothing has answered all messages
    /// once it has sent as many as it was sent.
    pub(super) fn missing(&self) -> u64 {
        let in_progress = u64::from(self.sending.is_some());
        if self.echo_count == 0 && self.received_count >= self.sent_count {
            return self.lost + in_progress;
        }
        self.lost + in_progress + self.not_kept + self.outstanding.len() as u64
    }
}

impl Digest {
    const fn new(kind: Kind) -> Self {
        // FNV-1a: its value does not depend on how the bytes are split. A collision would harm
        // nobody.
        let hash = 0xCBF2_9CE4_8422_2325;
        Self { kind, len: 0, hash }
    }

    fn with(self, bytes: &[u8]) -> Self {
        const PRIME: u64 = 0x0000_0100_0000_01B3;
        let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
        Self {
            len: self.len + bytes.len() as u64,
            hash: bytes.iter().fold(self.hash, step),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(texts: &[&str]) -> ReplyTracker {
        let mut replies = ReplyTracker::default();
        for text in texts {
            replies.sent(Message::Text(text), Fin::Last);
        }
        replies
    }

    fn receive(replies: &mut ReplyTracker, text: &str) {
        receive_piece(replies, Kind::Text, text.as_bytes(), Fin::Last);
    }

    fn receive_piece(replies: &mut ReplyTracker, kind: Kind, bytes: &[u8], fin: Fin) {
        replies.received(ReceivedPiece { kind, bytes, fin });
    }

    #[test]
    fn an_echo_in_any_fragments_is_an_answer_and_a_greeting_is_not() {
        let mut replies = sent(&["one", "two"]);
        receive(&mut replies, "welcome");
        receive(&mut replies, "one");
        assert!(!replies.are_complete());
        receive_piece(&mut replies, Kind::Text, b"t", Fin::More);
        receive_piece(&mut replies, Kind::Text, b"wo", Fin::Last);
        assert!(replies.are_complete());
        assert_eq!((replies.missing(), replies.sent_total()), (0, 2));
    }

    #[test]
    fn a_message_of_another_kind_or_length_or_with_other_bytes_is_not_an_echo() {
        let mut replies = sent(&["a", "a", "a", "a"]);
        receive_piece(&mut replies, Kind::Binary, b"a", Fin::Last);
        receive(&mut replies, "aa");
        receive(&mut replies, "b");
        assert_eq!(replies.missing(), 4);
    }

    #[test]
    fn as_many_messages_as_were_sent_are_answers_but_not_echoes() {
        let mut replies = sent(&["one", "two"]);
        receive(&mut replies, "1");
        assert_eq!(replies.missing(), 2);
        receive(&mut replies, "2");
        assert_eq!(replies.missing(), 0);
        assert!(!replies.are_complete(), "more may come");
    }

    #[test]
    fn a_greeting_does_not_make_up_for_a_missing_echo() {
        let mut replies = sent(&["one", "two", "three"]);
        for text in ["welcome", "one", "two"] {
            receive(&mut replies, text);
        }
        assert_eq!(replies.missing(), 1);
    }

    #[test]
    fn messages_that_a_lost_connection_did_not_answer_stay_unanswered() {
        let mut replies = sent(&["one", "two"]);
        receive(&mut replies, "one");
        replies.sent(Message::Text("started"), Fin::More);
        assert!(replies.is_inside_message());
        replies.begin_connection();
        assert!(replies.are_complete() && !replies.is_inside_message());
        for text in ["welcome", "again"] {
            receive(&mut replies, text);
        }
        assert_eq!((replies.missing(), replies.sent_total()), (2, 3));
    }

    #[test]
    fn of_too_many_messages_the_oldest_are_only_counted() {
        let mut replies = ReplyTracker::default();
        for _ in 0..KEPT_MAX + 3 {
            replies.sent(Message::Text(""), Fin::Last);
        }
        assert_eq!(replies.outstanding.len(), KEPT_MAX);
        assert_eq!(replies.missing(), KEPT_MAX as u64 + 3);
    }
}
