//! What a client and the server agree on about compression, and what the client's session must be
//! answered because of it.

use std::ops::Range;
use std::rc::Rc;

use ws_echo_core::Agreed;

use super::fuzzed_client::{ACCEPTED, Context, FuzzedClient, head_len};
use super::transport::Link;
use crate::fuzzing::compression;
use crate::fuzzing::expected::Expected;

const HEADER: &str = "\r\nSec-WebSocket-Extensions: ";

/// How much the server inflates in a client's turn.
const EFFORT: usize = 256 << 10;
/// How much more it may be: it inflates some at once.
const EFFORT_AT_ONCE: usize = 128 << 10;

impl FuzzedClient {
    /// What was agreed on; what will be, unless memory is short, if there is no response yet.
    fn agreed(&self, link: &Link, context: Context<'_>) -> Agreed {
        let settings = context.settings;
        let Some(offer) = self.offer else {
            return Agreed::NOTHING;
        };
        let (answer, agreed) = compression::answer(offer, settings.window);
        let head = head_len(&link.output).map(|len| &link.output[..len]);
        let Some(head) = head.filter(|head| head.starts_with(ACCEPTED)) else {
            return agreed;
        };
        let head = str::from_utf8(head).expect("a head is text");
        let header = head
            .split_once(HEADER)
            .and_then(|(_, rest)| rest.split_once("\r\n"));
        let header = header.map(|(value, _)| value);
        if header == answer.as_deref() {
            return agreed;
        }
        // A window that is verified costs memory.
        assert!(settings.may_be_short && settings.verifies, "{head}");
        let window = settings.window.map(|window| window.fresh());
        let (answer, agreed) = compression::answer(offer, window);
        assert_eq!(header, answer.as_deref(), "{head}");
        agreed
    }

    /// The answer that a session must get.
    pub(super) fn expected(
        &self,
        link: &Link,
        session: Range<usize>,
        context: Context<'_>,
    ) -> Rc<Expected> {
        let agreed = self.agreed(link, context);
        let mut cached = self.expected.borrow_mut();
        if let Some((len, before, expected)) = &*cached
            && (*len, *before) == (session.len(), agreed)
        {
            return expected.clone();
        }
        let len = session.len();
        let input = &link.input[session];
        let limit = context.settings.max_message_len;
        let expected = Rc::new(match context.settings.verifies {
            true => Expected::verified(agreed, input, limit),
            false => Expected::with(agreed, input, limit),
        });
        *cached = Some((len, agreed, expected.clone()));
        expected
    }

    /// Whether it has sent something that is verified.
    pub(super) fn has_compressed(&self, link: &Link, context: Context<'_>) -> bool {
        let session = self.session(link);
        session.is_some_and(|it| self.expected(link, it, context).has_compressed())
    }

    /// How often its messages must wait for another turn to be verified, at most.
    pub(super) fn pauses_max(&self, context: Context<'_>) -> usize {
        let link = self.link();
        let Some(session) = self.session(&link) else {
            return 0;
        };
        let effort = self.expected(&link, session, context).effort;
        effort.div_ceil(EFFORT)
    }

    /// Whether others must get their turns before all is verified that was received in this call.
    pub(super) fn must_pause(&mut self, context: Context<'_>) -> bool {
        let link = self.link.borrow();
        let Some(session) = self.session(&link) else {
            return false;
        };
        let expected = self.expected(&link, session, context);
        let more = expected.certain_effort.saturating_sub(self.effort);
        let has_to_go_on = !link.is_dropped && !link.is_blocked && self.is_open(&link, context);
        let is_too_much = more > link.turns_max * (EFFORT + EFFORT_AT_ONCE);
        self.effort = expected.certain_effort;
        has_to_go_on && is_too_much
    }
}
