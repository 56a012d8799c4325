//! What a client and the server have sent each other on one connection, judged by what they have
//! agreed on.

use ws_echo_core::Inflate;
use ws_echo_tests::inflaters::inflate;
use ws_echo_tests::recording_proxy::Recording;
use ws_echo_tests::scripted_client::WELCOME;
use ws_echo_tests::wire::{self, Frame, RSV1, TEXT};

/// The bit of an opcode that marks a control frame.
const CONTROL: u8 = 0x08;

/// The extensions that were offered and agreed on, and the messages, each as one frame.
pub(super) struct Conversation {
    pub(super) offer: String,
    pub(super) answer: String,
    sent: Vec<Frame>,
    received: Vec<Frame>,
}

impl Conversation {
    /// What was recorded. Each message of the server but the greeting must be the client's, byte
    /// for byte.
    pub(super) fn of(recording: &Recording) -> Self {
        let (request, from_client) = split_head(&recording.from_client);
        let (response, from_server) = split_head(&recording.from_server);
        let conversation = Self {
            offer: extensions(&request),
            answer: extensions(&response),
            sent: messages(&wire::mirrored(from_client)),
            received: messages(from_server),
        };
        let [greeting, echoes @ ..] = &conversation.received[..] else {
            panic!("a greeting comes first");
        };
        assert_eq!(greeting, &Frame::new(TEXT, WELCOME));
        assert_eq!(echoes.len(), conversation.sent.len());
        for (echo, sent) in echoes.iter().zip(&conversation.sent) {
            assert!(echo == sent, "{echo:?} is the echo of {sent:?}");
        }
        conversation
    }

    /// Whether a message is compressed.
    pub(super) fn has_compressed(&self) -> bool {
        self.payloads().next().is_some()
    }

    /// Checks that each compressed message can be inflated within the window that was agreed on,
    /// and without what was not to be kept.
    pub(super) fn stays_in_its_window(&self) {
        let bits = self.answer.split("client_max_window_bits=").nth(1);
        match bits.unwrap_or("15") {
            "8" => self.inflates_within::<256>(),
            "9" => self.inflates_within::<512>(),
            "10" => self.inflates_within::<1024>(),
            "12" => self.inflates_within::<4096>(),
            "15" => self.inflates_within::<32_768>(),
            bits => panic!("{bits} bits were not expected"),
        }
    }

    fn inflates_within<const WINDOW: usize>(&self) {
        let is_kept = !self.answer.contains("client_no_context_takeover");
        let mut window = Inflate::<WINDOW>::new();
        for (number, payload) in self.payloads().enumerate() {
            let inflated = inflate(&mut window, payload, []);
            assert!(
                inflated.is_ok(),
                "message {number}, offered: {}",
                self.offer
            );
            if !is_kept {
                window.reset();
            }
        }
    }

    /// Whether a message cannot be inflated without the ones before it.
    pub(super) fn refers_back(&self) -> bool {
        let alone = |payload| inflate(&mut Inflate::<32_768>::new(), payload, []);
        self.payloads().any(|payload| alone(payload).is_err())
    }

    /// The payloads of the compressed messages.
    fn payloads(&self) -> impl Iterator<Item = &[u8]> {
        let compressed = self.sent.iter().filter(|it| it.first & RSV1 != 0);
        compressed.map(|it| &it.payload[..])
    }
}

/// An HTTP head, and what follows.
fn split_head(bytes: &[u8]) -> (String, &[u8]) {
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n");
    let (head, rest) = bytes.split_at(end.expect("a head") + 4);
    (String::from_utf8_lossy(head).into_owned(), rest)
}

/// The value of Sec-WebSocket-Extensions; empty if there is none.
fn extensions(head: &str) -> String {
    let mut headers = head.lines().filter_map(|line| line.split_once(": "));
    let extensions =
        headers.find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-extensions"));
    extensions.map_or("", |(_, value)| value).to_owned()
}

/// The messages among frames without masks, each as one frame.
fn messages(bytes: &[u8]) -> Vec<Frame> {
    let (frames, rest) = wire::unmasked(bytes);
    assert!(rest.is_empty(), "a frame was cut");
    let mut messages = wire::joined(&frames);
    messages.retain(|frame| frame.first & CONTROL == 0);
    messages
}
