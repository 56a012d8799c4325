//! Close frames of both sides, and what an application may send of its own before them (RFC 6455
//! sections 5.5.1 and 7).

use ws_echo_core::{
    Agreed, Buffer, CloseCode, Connection, Event, MIN_BUFFER_LEN, Message, ProtocolError, SendError,
};
use ws_echo_tests::driver::{Cuts, Outcome, echo, echo_always, echo_in_pieces};
use ws_echo_tests::wire::{
    self, BINARY, CLOSE, CONTINUATION, Frame, PING, PONG, TEXT, masked, masked_close,
};

/// The first byte of a text message's first fragment.
const TEXT_BEGINS: u8 = 0x01;

/// An open connection that echoes, its buffer, and the state of its application.
struct Link {
    connection: Connection,
    buffer: Buffer<Vec<u8>>,
    cut: usize,
    transmitted: Vec<u8>,
    /// The application closes with this reason, after this many pieces of messages.
    will_close: Option<(usize, &'static str)>,
    has_closed: bool,
    close: Option<Option<u16>>,
    error: Option<ProtocolError>,
}

impl Link {
    /// A link to which bytes arrive in pieces of `cut`.
    fn new(buffer_len: usize, cut: usize) -> Self {
        Self {
            connection: Connection::server(Agreed::NOTHING),
            buffer: Buffer::new(vec![0; buffer_len]),
            cut,
            transmitted: Vec::new(),
            will_close: None,
            has_closed: false,
            close: None,
            error: None,
        }
    }

    /// Links with long and short buffers, to which bytes arrive in long and short pieces.
    fn many() -> impl Iterator<Item = Self> {
        let cuts = [usize::MAX, 1, 2, 3, 7];
        let lens = [MIN_BUFFER_LEN, 50, 200, 1000];
        lens.into_iter()
            .flat_map(move |len| cuts.map(|cut| Self::new(len, cut)))
    }

    /// Receives bytes, echoes, and transmits.
    fn receive(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let spare = self.buffer.spare_mut();
            let (now, later) = bytes.split_at(self.cut.min(spare.len()).min(bytes.len()));
            spare[..now.len()].copy_from_slice(now);
            self.buffer.commit(now.len());
            bytes = later;
            self.exchange();
            self.transmit();
        }
    }

    fn exchange(&mut self) {
        let mut exchange = self.connection.exchange(&mut self.buffer);
        loop {
            match exchange.next_event() {
                Ok(Some(Event::Data(chunk))) => {
                    assert!(!self.has_closed, "data after our Close");
                    if let Some((pieces @ 1.., _)) = &mut self.will_close {
                        *pieces -= 1;
                    } else if let Some((_, reason)) = self.will_close {
                        let closed = exchange.close(CloseCode::UNSUPPORTED_DATA, reason);
                        assert_eq!(closed, Ok(()));
                        self.has_closed = true;
                    }
                    exchange.echo(chunk);
                }
                Ok(Some(Event::Close(code))) => {
                    let code = code.map(CloseCode::get);
                    assert_eq!(self.close.replace(code), None, "a second Close");
                }
                Ok(Some(Event::Ping | Event::Pong)) => {}
                Ok(Some(event)) => panic!("{event:?}"),
                Ok(None) => return,
                Err(error) => assert_eq!(self.error.replace(error), None, "a second error"),
            }
        }
    }

    fn transmit(&mut self) {
        while !self.buffer.ready().is_empty() {
            self.transmitted.extend(self.buffer.ready());
            self.buffer.consume(usize::MAX);
            self.exchange();
        }
    }

    fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), SendError> {
        let mut exchange = self.connection.exchange(&mut self.buffer);
        let closed = exchange.close(code, reason);
        self.has_closed |= closed.is_ok();
        closed
    }

    fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.connection.exchange(&mut self.buffer).ping(payload)
    }

    fn send(&mut self, message: Message<'_>) -> Result<(), SendError> {
        self.connection.exchange(&mut self.buffer).send(message)
    }

    /// All that was transmitted.
    fn frames(&mut self) -> Vec<Frame> {
        self.transmit();
        let (frames, rest) = wire::unmasked(&self.transmitted);
        assert_eq!(rest, b"");
        frames
    }

    /// Checks that every kind of sending is refused with this error, and that nothing is written.
    fn assert_all_refused(&mut self, error: SendError) {
        let ready = self.buffer.ready().to_vec();
        assert_eq!(self.close(CloseCode::NORMAL, "again"), Err(error));
        assert_eq!(self.close(CloseCode::NORMAL, ""), Err(error));
        assert_eq!(self.ping(b""), Err(error));
        assert_eq!(self.send(Message::Text("")), Err(error));
        assert_eq!(self.send(Message::Binary(b"late")), Err(error));
        assert_eq!(self.buffer.ready(), ready);
    }
}

/// The outcome of a session that ends with the peer's Close and its answer.
fn closed(frames: impl IntoIterator<Item = Frame>, code: Option<u16>, reason: &str) -> Outcome {
    Outcome {
        frames: frames.into_iter().collect(),
        close: Some(code.and_then(CloseCode::new)),
        reason: reason.to_owned(),
        done: true,
        ..Outcome::default()
    }
}

/// The outcome of a session that fails.
fn failed(frames: impl IntoIterator<Item = Frame>, error: ProtocolError) -> Outcome {
    Outcome {
        frames: frames.into_iter().collect(),
        error: Some(error),
        done: true,
        ..Outcome::default()
    }
}

mod the_peer_closes {
    use super::*;

    /// Section 7.4 reserves 1004, 1005, 1006 and 1015; IANA has registered 1012 to 1014.
    fn may_be_sent(code: u16) -> bool {
        let defined = [
            1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
        ];
        defined.contains(&code) || (3000..=4999).contains(&code)
    }

    // > When sending a Close frame in response, the endpoint typically echos the status code it
    // > received. (section 5.5.1)
    #[test]
    fn each_of_the_65536_codes_is_answered_with_itself_or_with_1002() {
        let whole = Cuts::whole();
        for code in 0..=u16::MAX {
            let input = masked_close(code, "");
            let expected = if may_be_sent(code) {
                closed([Frame::close(code)], Some(code), "")
            } else {
                failed([Frame::close(1002)], ProtocolError::InvalidCloseCode(code))
            };
            assert_eq!(echo(&input, &whole, &whole, 100), expected);
            assert_eq!(echo(&input, &Cuts::bytes(), &whole, 100), expected);
            assert_eq!(echo_in_pieces(&input, &whole, MIN_BUFFER_LEN), expected);
        }
    }

    #[test]
    fn the_codes_that_real_clients_send_are_answered_however_they_are_cut() {
        for code in [1000, 1001, 1002, 1003, 1007, 1011, 3000, 4000, 4999] {
            let expected = closed([Frame::close(code)], Some(code), "");
            assert_eq!(echo_always(&masked_close(code, "")), expected);
        }
    }

    // > If this Close control frame contains no status code, _The WebSocket Connection Close
    // > Code_ is considered to be 1005. (section 7.1.5)
    #[test]
    fn an_empty_close_is_answered_by_an_empty_one() {
        let expected = closed([Frame::new(CLOSE, "")], None, "");
        assert_eq!(echo_always(&masked(CLOSE, "")), expected);
    }

    // > If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer (in
    // > network byte order) representing a status code [...] (section 5.5.1)
    #[test]
    fn a_code_of_one_byte_is_an_error() {
        for byte in [0, 3, 0xE8, 0xFF] {
            let expected = failed([Frame::close(1002)], ProtocolError::CloseCodeCut);
            assert_eq!(echo_always(&masked(CLOSE, [byte])), expected);
        }
    }

    #[test]
    fn reasons_of_every_length_are_reported_and_not_sent_back() {
        for len in 0..=123 {
            let reason = "x".repeat(len);
            let expected = closed([Frame::close(1000)], Some(1000), &reason);
            assert_eq!(echo_always(&masked_close(1000, &reason)), expected, "{len}");
        }
        let reason = "\u{20ac}\u{1f600}\u{e9}";
        let expected = closed([Frame::close(4000)], Some(4000), reason);
        assert_eq!(echo_always(&masked_close(4000, reason)), expected);
    }

    const BAD_REASONS: [&[u8]; 7] = [
        b"\x80",
        b"\xC0\x80",
        b"good \xFF",
        b"\xED\xA0\x80",
        b"\xF4\x90\x80\x80",
        b"cut \xC3",
        b"cut \xF0\x9F\x98",
    ];

    fn close_with(reason: &[u8]) -> Vec<u8> {
        masked(CLOSE, [b"\x03\xE8", reason].concat())
    }

    // > Following the 2-byte integer, the body MAY contain UTF-8-encoded data with value /reason/,
    // > [...] (section 5.5.1)
    #[test]
    fn a_reason_that_is_not_utf8_is_answered_with_1007() {
        for reason in BAD_REASONS {
            let expected = failed([Frame::close(1007)], ProtocolError::InvalidCloseReason);
            assert_eq!(echo_always(&close_with(reason)), expected, "{reason:x?}");
        }
    }

    #[test]
    fn a_bad_reason_fails_at_its_first_impossible_byte() {
        for (reason, first_impossible) in [
            (&b"\x80behind"[..], 0),
            (b"\xC0\x80", 0),
            (b"good \xFF good", 5),
            (b"\xED\xA0\x80", 1),
            (b"\xF4\x90\x80\x80", 1),
            (b"\xC3(", 1),
        ] {
            let frame = close_with(reason);
            let end = frame.len() - reason.len() + first_impossible + 1;
            assert_eq!(echo_always(&frame[..end - 1]).error, None, "{reason:x?}");
            let expected = failed([Frame::close(1007)], ProtocolError::InvalidCloseReason);
            assert_eq!(echo_always(&frame[..end]), expected, "{reason:x?}");
        }
    }

    // > [...] after receiving a control frame indicating the connection should be closed, a peer
    // > discards any further data received. (section 1.4)
    #[test]
    fn bytes_after_a_close_are_ignored() {
        for after in [
            masked(TEXT, "late"),
            masked(PING, "late"),
            masked_close(1001, "again"),
            masked(CONTINUATION, "late"),
            vec![0xFF; 300],
        ] {
            let input = [masked_close(1000, "bye"), after].concat();
            let expected = closed([Frame::close(1000)], Some(1000), "bye");
            assert_eq!(echo_always(&input), expected);
        }
    }

    #[test]
    fn data_before_a_close_comes_back_before_its_answer() {
        let input = [
            masked(TEXT, "one"),
            masked(PING, "two"),
            masked(BINARY, "three"),
            masked_close(1000, ""),
        ]
        .concat();
        let frames = [
            Frame::new(TEXT, "one"),
            Frame::new(PONG, "two"),
            Frame::new(BINARY, "three"),
            Frame::close(1000),
        ];
        let expected = Outcome {
            pings: vec![b"two".to_vec()],
            ..closed(frames, Some(1000), "")
        };
        assert_eq!(echo_always(&input), expected);
    }

    #[test]
    fn nothing_more_can_be_sent() {
        for mut link in Link::many() {
            link.receive(&masked_close(1000, ""));
            link.assert_all_refused(SendError::Closed);
            assert_eq!(link.frames(), [Frame::close(1000)]);
            assert!(link.connection.is_closing());
        }
    }
}

mod we_fail {
    use super::*;

    /// > [...] the endpoint SHOULD send a Close frame with an appropriate status code [...] An
    /// > endpoint MUST NOT continue to attempt to process data [...] (section 7.1.7)
    #[test]
    fn one_close_is_sent_and_later_input_is_ignored() {
        for bad in [
            &b"\xFF"[..],
            b"\x81\x05hello",
            b"\x80\x80\0\0\0\0",
            &masked(TEXT, b"\xFF"),
            &masked_close(999, ""),
        ] {
            for after in [
                masked(TEXT, "late"),
                masked_close(1000, "late"),
                bad.to_vec(),
                vec![0xFF; 300],
            ] {
                let input = [&masked(TEXT, "early"), bad, &after].concat();
                let outcome = echo_always(&input);
                let code = outcome.error.unwrap().close_code().get();
                let frames = [Frame::new(TEXT, "early"), Frame::close(code)];
                assert_eq!(outcome, failed(frames, outcome.error.unwrap()));
            }
        }
    }

    #[test]
    fn nothing_more_can_be_sent() {
        for mut link in Link::many() {
            link.receive(b"\xFF");
            link.assert_all_refused(SendError::Closed);
            assert_eq!(link.frames(), [Frame::close(1002)]);
            assert_eq!(link.connection.close_reason(), "");
        }
    }
}

mod we_close {
    use super::*;

    const GOING_AWAY: CloseCode = CloseCode::GOING_AWAY;

    fn our_close() -> Frame {
        Frame::new(CLOSE, b"\x03\xE9bye")
    }

    // > The application MUST NOT send any more data frames after sending a Close frame.
    // > (section 5.5.1)
    #[test]
    fn nothing_more_is_echoed_until_the_peers_close() {
        for mut link in Link::many() {
            link.receive(&masked(TEXT, "early"));
            assert_eq!(link.close(GOING_AWAY, "bye"), Ok(()));
            assert!(link.connection.is_closing());
            assert!(!link.connection.is_done());
            link.receive(&masked(TEXT, "late"));
            link.receive(&masked(TEXT_BEGINS, "la"));
            link.receive(&masked(PONG, ""));
            link.receive(&masked(CONTINUATION, "te"));
            link.receive(&masked(BINARY, [7; 3000]));
            assert!(!link.connection.is_done());
            link.receive(&masked_close(1001, "bye yourself"));
            assert!(link.connection.is_done());
            assert_eq!((link.close, link.error), (Some(Some(1001)), None));
            assert_eq!(link.connection.close_reason(), "bye yourself");
            link.receive(&masked(TEXT, "too late"));
            let expected = [Frame::new(TEXT, "early"), our_close()];
            assert_eq!(link.frames(), expected);
        }
    }

    #[test]
    fn a_ping_meanwhile_is_answered() {
        for mut link in Link::many() {
            assert_eq!(link.close(GOING_AWAY, "bye"), Ok(()));
            link.receive(&masked(PING, "still there?"));
            link.receive(&masked(CLOSE, ""));
            let expected = [our_close(), Frame::new(PONG, "still there?")];
            assert_eq!(link.frames(), expected);
            assert_eq!((link.close, link.error), (Some(None), None));
        }
    }

    #[test]
    fn a_close_that_waits_for_room_takes_the_place_of_a_payload() {
        for first in [PING, PONG] {
            let mut link = Link::new(200, usize::MAX);
            let frame = masked(first, "payload");
            link.buffer.spare_mut()[..frame.len()].copy_from_slice(&frame);
            link.buffer.commit(frame.len());
            let mut exchange = link.connection.exchange(&mut link.buffer);
            assert!(matches!(
                exchange.next_event(),
                Ok(Some(Event::Ping | Event::Pong))
            ));
            assert_eq!(exchange.control_payload(), b"payload");
            while exchange.ping(b"").is_ok() {}
            assert_eq!(exchange.close(GOING_AWAY, &"x".repeat(123)), Ok(()));
            assert_eq!(exchange.control_payload(), b"");
            while link.connection.awaits_room() {
                link.transmit();
            }
            let exchange = link.connection.exchange(&mut link.buffer);
            assert_eq!(exchange.control_payload(), b"");
        }
    }

    #[test]
    fn the_rest_of_a_frame_is_ignored_and_the_peers_close_found_after_it() {
        for (first, payload) in [
            (TEXT, "h\u{e9}llo"),
            (BINARY, "hello"),
            (TEXT, &"\u{20ac}".repeat(50)),
            (TEXT_BEGINS, "hello"),
            (PING, "hello"),
            (PONG, "hello"),
        ] {
            let frame = masked(first, payload);
            for come in 0..=frame.len() {
                for mut link in Link::many() {
                    link.receive(&frame[..come]);
                    let before = link.frames();
                    let how = format!("{first:#x}, {come} bytes came, {:?}", link.buffer);
                    assert_eq!(link.close(GOING_AWAY, "bye"), Ok(()), "{how}");
                    link.receive(&frame[come..]);
                    link.receive(&masked_close(1001, ""));
                    assert_eq!((link.close, link.error), (Some(Some(1001)), None));
                    let mut expected = [before, vec![our_close()]].concat();
                    if first == PING && come < frame.len() {
                        expected.push(Frame::new(PONG, payload));
                    }
                    assert_eq!(link.frames(), expected, "{first:#x}, {come} bytes came");
                }
            }
        }
    }

    #[test]
    fn a_held_chunk_is_not_sent_after_our_close() {
        let mut link = Link::new(200, usize::MAX);
        let frame = masked(TEXT, "hello");
        link.buffer.spare_mut()[..frame.len()].copy_from_slice(&frame);
        link.buffer.commit(frame.len());
        let mut exchange = link.connection.exchange(&mut link.buffer);
        let Ok(Some(Event::Data(chunk))) = exchange.next_event() else {
            panic!("no data");
        };
        assert_eq!(exchange.close(GOING_AWAY, "bye"), Ok(()));
        exchange.echo(chunk);
        assert_eq!(link.frames(), [our_close()]);
    }

    #[test]
    fn our_close_is_sent_before_the_answer_to_a_close_already_received() {
        for cut in [usize::MAX, 1] {
            let mut link = Link::new(200, cut);
            let frame = masked_close(1000, "");
            link.buffer.spare_mut()[..frame.len()].copy_from_slice(&frame);
            link.buffer.commit(frame.len());
            assert_eq!(link.close(GOING_AWAY, "bye"), Ok(()));
            link.exchange();
            assert_eq!(link.frames(), [our_close()]);
            assert_eq!(link.close, Some(Some(1000)));
            assert!(link.connection.is_done());
        }
    }

    #[test]
    fn an_error_of_the_peer_after_our_close_causes_no_second_close() {
        for (bad, error) in [
            (&b"\x81\x05hello"[..], ProtocolError::Unmasked),
            (b"\xC1", ProtocolError::ReservedBits(0x40)),
            (&masked(CLOSE, [3]), ProtocolError::CloseCodeCut),
            (
                &masked_close(1005, ""),
                ProtocolError::InvalidCloseCode(1005),
            ),
        ] {
            for mut link in Link::many() {
                assert_eq!(link.close(GOING_AWAY, "bye"), Ok(()));
                link.receive(bad);
                assert_eq!((link.close, link.error), (None, Some(error)));
                assert!(link.connection.is_done());
                assert_eq!(link.frames(), [our_close()]);
            }
        }
    }

    #[test]
    fn anything_after_our_close_is_refused() {
        for mut link in Link::many() {
            assert_eq!(link.close(GOING_AWAY, "bye"), Ok(()));
            link.assert_all_refused(SendError::Closed);
            assert_eq!(link.frames(), [our_close()]);
            link.assert_all_refused(SendError::Closed);
        }
    }

    #[test]
    fn reasons_of_up_to_123_bytes_are_sent_through_any_buffer() {
        for len in 0..=123 {
            for mut link in Link::many() {
                let reason = "x".repeat(len);
                assert_eq!(link.close(CloseCode::NORMAL, &reason), Ok(()));
                let payload = [b"\x03\xE8", reason.as_bytes()].concat();
                assert_eq!(link.frames(), [Frame::new(CLOSE, payload)]);
            }
        }
    }
}

mod our_close_waits {
    use super::*;

    const LONGEST: &str = match str::from_utf8(&[b'r'; 123]) {
        Ok(reason) => reason,
        Err(_) => "",
    };

    fn our_close(reason: &str) -> Frame {
        Frame::new(CLOSE, [b"\x03\xEB", reason.as_bytes()].concat())
    }

    // > Control frames [...] MAY be injected in the middle of a fragmented message. (section 5.4)
    #[test]
    fn for_room_when_a_long_frame_is_received_in_pieces() {
        let text = "h\u{e9}llo \u{20ac}".repeat(450);
        for first in [TEXT, TEXT_BEGINS, BINARY] {
            for (pieces, reason) in [(0, ""), (0, "no"), (0, LONGEST), (1, "no"), (3, LONGEST)] {
                for mut link in Link::many() {
                    link.will_close = Some((pieces, reason));
                    link.receive(&masked(first, &text));
                    let (capacity, cut) = (link.buffer.capacity(), link.cut);
                    let how = format!("{first:#x}, {pieces} pieces, {capacity}, {cut}");
                    assert!(link.has_closed && link.connection.is_closing(), "{how}");
                    link.receive(&masked(PING, "still there?"));
                    link.receive(&masked_close(1001, "yes"));
                    assert_eq!((link.close, link.error), (Some(Some(1001)), None));
                    assert_eq!(link.connection.close_reason(), "yes");

                    let mut frames = link.frames();
                    let end = frames.split_off(frames.len() - 2);
                    let pong = Frame::new(PONG, "still there?");
                    assert_eq!(end, [our_close(reason), pong], "{how}");
                    assert_eq!(frames.len(), pieces, "{how}");
                    let echoed: Vec<u8> = frames.into_iter().flat_map(|it| it.payload).collect();
                    assert!(text.as_bytes().starts_with(&echoed), "{how}");
                }
            }
        }
    }

    /// Fills the buffer with Pings.
    fn fill(link: &mut Link) -> Vec<Frame> {
        let mut pings = Vec::new();
        while link.ping(b"ping") == Ok(()) {
            pings.push(Frame::new(PING, "ping"));
        }
        pings
    }

    #[test]
    fn for_room_after_what_is_ready() {
        for buffer_len in MIN_BUFFER_LEN..200 {
            for reason in ["enough", LONGEST] {
                let mut link = Link::new(buffer_len, 1);
                let mut frames = fill(&mut link);
                let ready = link.buffer.ready().to_vec();
                assert_eq!(link.close(CloseCode::UNSUPPORTED_DATA, reason), Ok(()));
                assert!(link.connection.is_closing() && !link.connection.is_idle());
                assert!(link.connection.awaits_room() || reason != LONGEST);
                link.assert_all_refused(SendError::Closed);
                assert!(link.buffer.ready().starts_with(&ready));
                frames.push(our_close(reason));
                assert_eq!(link.frames(), frames, "buffer of {buffer_len}");
                assert!(!link.connection.awaits_room());
                link.assert_all_refused(SendError::Closed);
            }
        }
    }

    #[test]
    fn for_room_inside_the_header_of_a_frame() {
        let message = masked(BINARY, [7; 300]);
        for come in 0..8 {
            let mut link = Link::new(100, 1);
            link.receive(&message[..come]);
            let mut frames = fill(&mut link);
            assert_eq!(link.close(CloseCode::UNSUPPORTED_DATA, LONGEST), Ok(()));
            link.transmit();
            link.receive(&message[come..]);
            link.receive(&masked_close(1000, ""));
            assert_eq!((link.close, link.error), (Some(Some(1000)), None));
            frames.push(our_close(LONGEST));
            assert_eq!(link.frames(), frames, "{come} bytes came");
        }
    }

    #[test]
    fn and_is_sent_before_the_answer_to_what_was_received_meanwhile() {
        for (input, answer) in [
            (masked(PING, "?"), Some(Frame::new(PONG, "?"))),
            (masked(PONG, "!"), None),
            (masked(TEXT, "late"), None),
            (masked_close(1000, "late"), None),
            (b"\x81\x05hello".to_vec(), None),
        ] {
            for buffer_len in MIN_BUFFER_LEN..200 {
                let mut link = Link::new(buffer_len, usize::MAX);
                let mut frames = fill(&mut link);
                assert_eq!(link.close(CloseCode::UNSUPPORTED_DATA, "enough"), Ok(()));
                let spare = link.buffer.spare_mut();
                if spare.len() < input.len() {
                    continue;
                }
                spare[..input.len()].copy_from_slice(&input);
                link.buffer.commit(input.len());
                link.exchange();
                frames.push(our_close("enough"));
                frames.extend(answer.clone());
                assert_eq!(link.frames(), frames, "buffer of {buffer_len}");
                let is_over = link.close.is_some() || link.error.is_some();
                assert_eq!(link.connection.is_done(), is_over);
                let reason = if link.close.is_some() { "late" } else { "" };
                assert_eq!(link.connection.close_reason(), reason);
            }
        }
    }
}

mod the_application_sends {
    use super::*;

    #[test]
    fn messages_and_pings_between_echoes() {
        for mut link in Link::many() {
            assert_eq!(link.send(Message::Text("")), Ok(()));
            link.receive(&masked(TEXT, "one"));
            assert_eq!(link.ping(b"two"), Ok(()));
            assert_eq!(link.frames().len(), 3);
            assert_eq!(link.send(Message::Binary(b"\xFF\0")), Ok(()));
            link.receive(&masked(BINARY, "three"));
            let expected = [
                Frame::new(TEXT, ""),
                Frame::new(TEXT, "one"),
                Frame::new(PING, "two"),
                Frame::new(BINARY, b"\xFF\0"),
                Frame::new(BINARY, "three"),
            ];
            assert_eq!(link.frames(), expected);
        }
    }

    #[test]
    fn no_message_but_pings_and_close_between_the_fragments_of_an_echo() {
        for mut link in Link::many() {
            link.receive(&masked(TEXT_BEGINS, "Hel"));
            let ready = link.buffer.ready().len();
            assert_eq!(
                link.send(Message::Text("no")),
                Err(SendError::InsideMessage)
            );
            assert_eq!(
                link.send(Message::Binary(b"")),
                Err(SendError::InsideMessage)
            );
            assert_eq!(link.buffer.ready().len(), ready);
            assert_eq!(link.ping(b"now"), Ok(()));
            link.receive(&masked(CONTINUATION, "lo"));
            assert_eq!(link.send(Message::Text("yes")), Ok(()));
            assert_eq!(link.frames().len(), 4);
            link.receive(&masked(TEXT_BEGINS, "cut"));
            assert_eq!(link.close(CloseCode::NORMAL, ""), Ok(()));
            let expected = [
                Frame::new(TEXT_BEGINS, "Hel"),
                Frame::new(PING, "now"),
                Frame::new(CONTINUATION, "lo"),
                Frame::new(TEXT, "yes"),
                Frame::new(TEXT_BEGINS, "cut"),
                Frame::close(1000),
            ];
            assert_eq!(link.frames(), expected);
        }
    }

    // > All control frames MUST have a payload length of 125 bytes or less [...] (section 5.5)
    #[test]
    fn no_control_frame_that_is_too_long() {
        for mut link in Link::many() {
            for _ in 0..2 {
                assert_eq!(link.ping(&[7; 126]), Err(SendError::TooLong));
                let reason = "x".repeat(124);
                let closed = link.close(CloseCode::NORMAL, &reason);
                assert_eq!(closed, Err(SendError::TooLong));
                assert_eq!(link.buffer.ready(), b"");
            }
            link.receive(&masked(TEXT, "on"));
            assert_eq!(link.frames(), [Frame::new(TEXT, "on")]);
        }
    }

    #[test]
    fn nothing_of_a_frame_that_does_not_fit() {
        for buffer_len in MIN_BUFFER_LEN..200 {
            let mut link = Link::new(buffer_len, usize::MAX);
            let text = "x".repeat(buffer_len);
            let full = Err(SendError::Full);
            let too_short = Err(SendError::BufferTooShort);
            assert_eq!(link.send(Message::Text(&text)), too_short);
            assert_eq!(link.send(Message::Binary(text.as_bytes())), too_short);
            assert_eq!(link.buffer.ready(), b"");
            let mut pings = 0;
            while link.ping(b"ping") == Ok(()) {
                pings += 1;
            }
            let ready = link.buffer.ready().to_vec();
            assert_eq!(link.ping(b"ping"), full);
            assert_eq!(link.send(Message::Text("text")), full);
            assert_eq!(link.buffer.ready(), ready);
            assert!(pings >= 2, "{pings} pings in {buffer_len} bytes");
            assert_eq!(link.frames(), vec![Frame::new(PING, "ping"); pings]);
            assert_eq!(link.ping(b"ping"), Ok(()), "there is room again");
        }
    }

    #[test]
    fn an_echo_has_room_whatever_was_sent_before_it() {
        for buffer_len in MIN_BUFFER_LEN..300 {
            for len in [0, 1, 5, 17, 125, 126, 200] {
                let payload = vec![b'x'; len];
                let frame = masked(TEXT, &payload);
                if frame.len() > buffer_len - 17 {
                    continue;
                }
                let mut link = Link::new(buffer_len, usize::MAX);
                link.buffer.spare_mut()[..frame.len()].copy_from_slice(&frame);
                link.buffer.commit(frame.len());
                let mut exchange = link.connection.exchange(&mut link.buffer);
                let Ok(Some(Event::Data(chunk))) = exchange.next_event() else {
                    panic!("no data");
                };
                let mut expected = Vec::new();
                while exchange.ping(b"") == Ok(()) {
                    expected.push(Frame::new(PING, ""));
                }
                exchange.echo(chunk);
                expected.push(Frame::new(TEXT, payload));
                assert_eq!(link.frames(), expected, "buffer of {buffer_len}");
            }
        }
    }

    #[test]
    fn pings_inside_a_partly_received_frame_that_still_comes_back_whole() {
        let payload = "h\u{e9}llo \u{20ac} w\u{f6}rld";
        let frame = masked(TEXT, payload);
        for buffer_len in payload.len() + 17..200 {
            for come in 0..frame.len() {
                let mut link = Link::new(buffer_len.max(MIN_BUFFER_LEN), 1);
                link.receive(&frame[..come]);
                let ping = link.ping(b"ping");
                let message = link.send(Message::Text("me"));
                link.receive(&frame[come..]);
                let mut expected = vec![Frame::new(TEXT, payload)];
                if message == Ok(()) {
                    expected.insert(0, Frame::new(TEXT, "me"));
                }
                if ping == Ok(()) {
                    expected.insert(0, Frame::new(PING, "ping"));
                }
                assert_eq!(link.frames(), expected, "{come} bytes came");
                assert!(ping == Ok(()) || buffer_len < 60, "{ping:?}, {buffer_len}");
            }
        }
    }

    #[test]
    fn nothing_inside_a_pong() {
        for buffer_len in [MIN_BUFFER_LEN, 60, 100] {
            let mut link = Link::new(buffer_len, 1);
            let ping = masked(PING, [b'x'; 125]);
            let mut pong = Vec::new();
            let mut ping_bytes = &ping[..];
            loop {
                let spare = link.buffer.spare_mut();
                let len = spare.len().min(ping_bytes.len());
                spare[..len].copy_from_slice(&ping_bytes[..len]);
                link.buffer.commit(len);
                ping_bytes = &ping_bytes[len..];
                link.exchange();
                pong.extend(link.buffer.ready());
                link.buffer.consume(usize::MAX);
                if pong.len() >= 127 {
                    break;
                }
                if !pong.is_empty() {
                    assert!(link.connection.awaits_room());
                    link.assert_all_refused(SendError::Full);
                }
            }
            assert!(!link.connection.awaits_room());
            assert_eq!(wire::unmasked(&pong).0, [Frame::new(PONG, [b'x'; 125])]);
            assert_eq!(link.ping(b""), Ok(()));
        }
    }

    #[test]
    fn a_ping_after_every_received_byte() {
        let payload = "\u{1f600}".repeat(30);
        let frame = masked(TEXT, &payload);
        for buffer_len in MIN_BUFFER_LEN..300 {
            let mut link = Link::new(buffer_len, 1);
            let mut pings = 0;
            for byte in &frame {
                link.receive(&[*byte]);
                pings += usize::from(link.ping(b"").is_ok());
                link.transmit();
            }
            let frames = link.frames();
            let (sent, data): (Vec<_>, Vec<_>) =
                frames.into_iter().partition(|frame| frame.first == PING);
            assert_eq!(sent.len(), pings);
            assert_eq!(wire::joined(&data), [Frame::new(TEXT, &payload)]);
            assert!(data.len() == 1 || payload.len() > buffer_len - 17);
        }
    }
}
