//! Which offers of compression a server accepts, and how it answers them (RFC 7692 sections 5 and
//! 7.1, RFC 6455 section 9.1).

use ws_echo_tests::deflate::{FRESH, OFFER};

use super::*;

fn window(bits: u8) -> Window {
    Window::new(bits).unwrap()
}

/// The answer to the lines of a request by a server that accepts windows up to `limit`, and what
/// was agreed on. Whatever was offered, the connection opens and echoes.
fn answered(lines: &[&str], limit: Window) -> Option<(String, Deflate)> {
    let application = Application {
        deflate: Some(limit),
        ..Application::default()
    };
    let served = served(application, &with_more(lines));
    assert_eq!(served.refusal, None, "{lines:?}");
    let session = served.session.as_ref().unwrap();
    assert_eq!(session.frames, [Frame::new(TEXT, "hello")], "{lines:?}");
    let deflate = served.agreed.unwrap().deflate;
    match (&served.headers("Sec-WebSocket-Extensions")[..], deflate) {
        ([], None) => None,
        (&[answer], Some(deflate)) => Some((answer.to_owned(), deflate)),
        (answers, deflate) => panic!("{lines:?}: {answers:?}, {deflate:?}"),
    }
}

/// The same of one value of the header.
fn answer(offers: &str, limit: Window) -> Option<(String, Deflate)> {
    answered(&[&format!("Sec-WebSocket-Extensions: {offers}")], limit)
}

/// Checks that offers are answered so, and that both ends then have this window.
fn assert_answer(offers: &str, limit: Window, expected: &str, window: Window) {
    let both = Deflate {
        server: window,
        client: window,
    };
    let expected = Some((expected.to_owned(), both));
    assert_eq!(answer(offers, limit), expected, "{offers:?}");
}

/// The answer to one value of the header, and the window of both ends, without serving anything.
fn negotiated(offers: &str, limit: Window) -> Option<(String, Window)> {
    let line = format!("Sec-WebSocket-Extensions: {offers}");
    let (mut handshake, mut buffer) = complete(&with_more(&[&line]));
    assert_eq!(handshake.advance(&mut buffer), Ok(Progress::Request));
    let deflate = handshake.request().deflate(limit);
    let acceptance = Acceptance {
        deflate: deflate.as_ref(),
        ..Acceptance::default()
    };
    assert_eq!(handshake.accept(acceptance), Ok(()));
    let Ok(Progress::Open(agreed)) = handshake.advance(&mut buffer) else {
        panic!("it was accepted");
    };
    let Deflate { server, client } = agreed.deflate?;
    assert_eq!(server, client);
    let head = String::from_utf8(buffer.ready().to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let answer = lines.find_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "));
    let answer = answer.unwrap();
    assert_eq!(deflate.map(|it| it.to_string()).as_deref(), Some(answer));
    Some((answer.to_owned(), server))
}

fn assert_declined(offers: &str) {
    for limit in [Window::MAX, window(15), window(9).kept(), window(9)] {
        assert_eq!(answer(offers, limit), None, "{offers:?}");
    }
}

#[test]
fn a_request_that_offers_no_compression_gets_none() {
    for lines in [
        &[][..],
        &["Sec-WebSocket-Extensions:"],
        &["Sec-WebSocket-Extensions: x-webkit-deflate-frame"],
        &["Sec-WebSocket-Extensions: permessage-bzip2, x; a=b; c=\"d\", y"],
        &["Sec-WebSocket-Extension: permessage-deflate"],
        &["Sec-WebSocket-Protocol: permessage-deflate"],
        &["X: Sec-WebSocket-Extensions: permessage-deflate"],
    ] {
        assert_eq!(answered(lines, Window::MAX), None, "{lines:?}");
    }
}

#[test]
fn a_server_that_accepts_no_compression_gives_none() {
    let request = with_more(&[&format!("Sec-WebSocket-Extensions: {OFFER}")]);
    assert_accepted(&request);
}

#[test]
fn the_largest_window_is_kept_unless_something_else_is_named() {
    for offers in [
        "permessage-deflate",
        OFFER,
        "permessage-deflate; client_max_window_bits=15",
    ] {
        assert_answer(offers, Window::MAX, "permessage-deflate", Window::MAX);
    }
}

// > A server MAY include the "server_no_context_takeover" extension parameter in an extension
// > negotiation response even if the extension negotiation offer being accepted by the extension
// > negotiation response didn't include [it] (section 7.1.1.1)
#[test]
fn a_server_that_keeps_no_window_tells_the_client_to_keep_none() {
    for offers in [
        "permessage-deflate",
        OFFER,
        "permessage-deflate; server_no_context_takeover",
        "permessage-deflate; client_no_context_takeover",
        "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
    ] {
        assert_answer(offers, window(15), FRESH, window(15));
    }
}

// > A server accepts an extension negotiation offer that includes the "server_no_context_takeover"
// > extension parameter by including the "server_no_context_takeover" extension parameter in the
// > corresponding extension negotiation response [...] (section 7.1.1.1)
#[test]
fn if_one_end_may_not_keep_its_window_neither_end_does() {
    for flags in [
        "server_no_context_takeover",
        "client_no_context_takeover",
        "server_no_context_takeover; client_no_context_takeover",
        "client_no_context_takeover; server_no_context_takeover",
    ] {
        let offers = format!("permessage-deflate; {flags}");
        assert_answer(&offers, Window::MAX, FRESH, window(15));
        let offers = format!("permessage-deflate; {flags}; client_max_window_bits=10");
        let expected = format!("{FRESH}; server_max_window_bits=10; client_max_window_bits=10");
        assert_answer(&offers, Window::MAX, &expected, window(10));
    }
}

// > A server accepts an extension negotiation offer with this parameter by including the
// > "server_max_window_bits" extension parameter in the extension negotiation response [...] with
// > the same or smaller value as the offer. (section 7.1.2.1)
#[test]
fn a_limit_of_the_servers_window_needs_that_the_clients_can_be_limited() {
    assert_answer(
        "permessage-deflate; server_max_window_bits=15",
        Window::MAX,
        "permessage-deflate; server_max_window_bits=15",
        Window::MAX,
    );
    for bits in 8..15 {
        assert_declined(&format!(
            "permessage-deflate; server_max_window_bits={bits}"
        ));
    }
    assert_eq!(
        answer("permessage-deflate; server_max_window_bits=15", window(14)),
        None
    );
}

/// In a verbatim echo both directions carry the same compressed bytes.
#[test]
fn both_ends_get_the_smallest_window_that_is_named() {
    for limit in 9..=15 {
        for server in 8..=15 {
            for client in [None, Some(8), Some(9), Some(10), Some(14), Some(15)] {
                let client_bits = client.map_or(String::new(), |bits| format!("={bits}"));
                let least = limit.min(server).min(client.unwrap_or(15));
                let offers = format!(
                    "permessage-deflate; server_max_window_bits={server}; \
                     client_max_window_bits{client_bits}"
                );
                let expected = match least {
                    15 => "permessage-deflate; server_max_window_bits=15".to_owned(),
                    _ => format!(
                        "permessage-deflate; server_max_window_bits={least}; \
                         client_max_window_bits={least}"
                    ),
                };
                let limit = window(limit).kept();
                assert_eq!(
                    negotiated(&offers, limit),
                    Some((expected, window(least).kept())),
                    "{offers}"
                );
            }
        }
    }
}

// > A server MAY include the "server_max_window_bits" extension parameter in an extension
// > negotiation response even if the extension negotiation offer being accepted by the response
// > didn't include the "server_max_window_bits" extension parameter. (section 7.1.2.1)
#[test]
fn a_limit_of_the_clients_window_limits_both() {
    for (offers, limit, bits) in [
        ("permessage-deflate; client_max_window_bits=12", 15, 12),
        ("permessage-deflate; client_max_window_bits=12", 10, 10),
        ("permessage-deflate; client_max_window_bits=14", 14, 14),
        (OFFER, 14, 14),
        (OFFER, 9, 9),
    ] {
        let names = format!("server_max_window_bits={bits}; client_max_window_bits={bits}");
        let expected = format!("permessage-deflate; {names}");
        assert_answer(offers, window(limit).kept(), &expected, window(bits).kept());
        let expected = format!("{FRESH}; {names}");
        assert_answer(offers, window(limit), &expected, window(bits));
    }
}

// > If a received extension negotiation offer doesn't have the "client_max_window_bits" extension
// > parameter, the corresponding extension negotiation response to the offer MUST NOT include the
// > "client_max_window_bits" extension parameter. (section 7.1.2.2)
#[test]
fn a_client_that_cannot_be_limited_is_not() {
    for limit in 8..15 {
        for offers in [
            "permessage-deflate",
            "permessage-deflate; server_no_context_takeover",
            "permessage-deflate; server_max_window_bits=10",
        ] {
            assert_eq!(answer(offers, window(limit)), None);
            assert_eq!(answer(offers, window(limit).kept()), None);
        }
    }
}

/// zlib has no window of 8 bits, so clients that use it cannot be asked for one.
#[test]
fn eight_bits_are_only_for_a_client_that_named_them() {
    let nine = "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9";
    assert_answer(OFFER, window(8).kept(), nine, window(9).kept());
    let eight = "permessage-deflate; server_max_window_bits=8; client_max_window_bits=8";
    for offers in [
        "permessage-deflate; client_max_window_bits=8",
        "permessage-deflate; client_max_window_bits; server_max_window_bits=8",
        "permessage-deflate; client_max_window_bits=8; server_max_window_bits=15",
        "permessage-deflate; client_max_window_bits=15; server_max_window_bits=8",
    ] {
        for limit in [8, 9, 15] {
            assert_answer(offers, window(limit).kept(), eight, window(8).kept());
        }
    }
}

/// Parameters that section 7.1 does not know, has no value or one value for, or that are repeated.
const DECLINED: [&str; 34] = [
    "; unknown",
    "; unknown=1",
    "; client_max_window_bits; unknown",
    "; Server_no_context_takeover",
    "; SERVER_MAX_WINDOW_BITS=10; client_max_window_bits",
    "; server_no_context_takeover=1",
    "; server_no_context_takeover=true",
    "; server_no_context_takeover=15",
    "; client_no_context_takeover=\"\"",
    "; client_no_context_takeover=10",
    "; client_max_window_bits; server_max_window_bits",
    "; client_max_window_bits=",
    "; client_max_window_bits=\"\"",
    "; client_max_window_bits=7",
    "; client_max_window_bits=0",
    "; client_max_window_bits=1",
    "; client_max_window_bits=16",
    "; client_max_window_bits=08",
    "; client_max_window_bits=010",
    "; client_max_window_bits=100",
    "; client_max_window_bits=+9",
    "; client_max_window_bits=-9",
    "; client_max_window_bits=x",
    "; client_max_window_bits=1x",
    "; client_max_window_bits=9.0",
    "; client_max_window_bits=1 0",
    "; client_max_window_bits=265",
    "; client_max_window_bits=266",
    "; client_max_window_bits; server_max_window_bits=010",
    "; client_max_window_bits; server_max_window_bits=16",
    "; client_max_window_bits; client_max_window_bits",
    "; client_max_window_bits=10; client_max_window_bits=10",
    "; server_no_context_takeover; server_no_context_takeover",
    "; server_max_window_bits=9; client_max_window_bits; server_max_window_bits=10",
];

/// Offers that break the grammar of section 9.1 of RFC 6455.
const MALFORMED: [&str; 21] = [
    ";",
    ";;",
    "; ; client_max_window_bits",
    "; client_max_window_bits;",
    "; client_max_window_bits;;server_no_context_takeover",
    "; =10",
    "; =",
    "; client_max_window_bits==10",
    "; client_max_window_bits=10=10",
    "; client_max_window_bits 10",
    "; client_max_window_bits=10 server_no_context_takeover",
    " client_max_window_bits",
    "=10",
    "; client_max_window_bits=10\"",
    "; client_max_window_bits='10'",
    "; client_max_window_bits=1\"0\"",
    "; client_max_window_bits=\"10\"\"\"",
    "; client_max_window_bits=\" 10 \"",
    "; client_max_window_bits=\"1\\\\0\"",
    "; client_max_window_bits=1\\0",
    "; \"client_max_window_bits\"",
];

// > A server MUST decline an extension negotiation offer for this extension if any of the following
// > conditions are met [...] (section 7)
#[test]
fn an_offer_that_cannot_be_accepted_is_declined_alone() {
    for parameters in DECLINED.into_iter().chain(MALFORMED) {
        let offer = format!("permessage-deflate{parameters}");
        assert_declined(&offer);
        let header = format!("Sec-WebSocket-Extensions: {offer}");
        let next = format!("Sec-WebSocket-Extensions: {OFFER}");
        let answer = answered(&[&header, &next], Window::MAX);
        assert_eq!(
            answer.map(|(answer, _)| answer),
            Some("permessage-deflate".into())
        );
        if offer.matches('"').count() % 2 == 0 {
            let offers = format!("{offer}, {OFFER}");
            assert_answer(&offers, Window::MAX, "permessage-deflate", Window::MAX);
        }
    }
}

#[test]
fn the_name_of_the_extension_is_matched_exactly() {
    for name in [
        "Permessage-Deflate",
        "PERMESSAGE-DEFLATE",
        "permessage-deflat",
        "permessage-deflate2",
        "x-permessage-deflate",
        "\"permessage-deflate\"",
        "permessage deflate",
    ] {
        assert_declined(name);
        assert_declined(&format!("{name}; client_max_window_bits"));
    }
}

// > The order of elements is important as it specifies the client's preference. (section 5)
#[test]
fn the_first_offer_that_can_be_accepted_is() {
    let ten = "permessage-deflate; server_max_window_bits=10; client_max_window_bits=10";
    let kept = window(10).kept();
    for offers in [
        "permessage-deflate; client_max_window_bits=10, permessage-deflate",
        // As sent by python websockets with two factories.
        "permessage-deflate; server_max_window_bits=10, permessage-deflate; \
         client_max_window_bits=10",
        "permessage-deflate; unknown, permessage-deflate; client_max_window_bits=10",
        "foo, bar; baz=1, permessage-deflate; client_max_window_bits=10",
        ", ,permessage-deflate;client_max_window_bits=10,",
        "permessage-deflate\t;\tclient_max_window_bits\t=\t10\t,\tpermessage-deflate",
        "x; y=\", permessage-deflate; client_max_window_bits=9, \", permessage-deflate; \
         client_max_window_bits=10",
        "x; y=\"\\\", permessage-deflate, \", permessage-deflate; client_max_window_bits=10",
        "x; y=\"\\\\\", permessage-deflate; client_max_window_bits=10, \"",
    ] {
        assert_answer(offers, Window::MAX, ten, kept);
    }
    let both = Some((
        ten.to_owned(),
        Deflate {
            server: kept,
            client: kept,
        },
    ));
    for lines in [
        &["sec-websocket-extensions: permessage-deflate; client_max_window_bits=10"][..],
        &[
            "Sec-WebSocket-Extensions: foo",
            "X: y",
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10",
        ],
        &[
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10",
            "Sec-WebSocket-Extensions: permessage-deflate",
        ],
        &[
            "Sec-WebSocket-Extensions: permessage-deflate; unknown",
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10",
        ],
        &[
            "Sec-WebSocket-Extensions: x; y=\"open",
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10",
        ],
    ] {
        assert_eq!(answered(lines, Window::MAX), both, "{lines:?}");
    }
}

/// What follows an open quote is in it.
#[test]
fn an_offer_in_a_quoted_string_is_none() {
    for offers in [
        "x; y=\"a, permessage-deflate, b\"",
        "x; y=\"a, permessage-deflate",
        "x; y=\"\\\", permessage-deflate\"",
        "\", permessage-deflate",
        "permessage-deflate; client_max_window_bits=\"10",
        "permessage-deflate; client_max_window_bits=\"10, permessage-deflate",
        "permessage-deflate; client_max_window_bits=\"10\\\", permessage-deflate",
    ] {
        assert_declined(offers);
    }
}

// > When using the quoted-string syntax variant, the value after quoted-string unescaping MUST
// > conform to the 'token' ABNF. (RFC 6455 section 9.1)
#[test]
fn a_value_may_be_quoted() {
    let ten = "permessage-deflate; server_max_window_bits=10; client_max_window_bits=10";
    for value in ["\"10\"", "\"1\\0\"", "\"\\10\"", "\"\\1\\0\"", " \"10\" "] {
        for offers in [
            format!("permessage-deflate; client_max_window_bits={value}"),
            format!("permessage-deflate; client_max_window_bits; server_max_window_bits={value}"),
        ] {
            assert_answer(&offers, Window::MAX, ten, window(10).kept());
        }
    }
}

/// The offers of real clients.
#[test]
fn the_offers_of_real_clients() {
    // Chromium, undici, Bun, ws, websockets and aiohttp.
    assert_answer(OFFER, Window::MAX, "permessage-deflate", Window::MAX);
    // aiohttp.
    assert_answer(
        "permessage-deflate; client_max_window_bits; server_max_window_bits=12",
        Window::MAX,
        "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12",
        window(12).kept(),
    );
    // ws and websockets with all options.
    assert_answer(
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
         server_max_window_bits=11; client_max_window_bits=13",
        Window::MAX,
        &format!("{FRESH}; server_max_window_bits=11; client_max_window_bits=11"),
        window(11),
    );
}

#[test]
fn the_longest_answer_fits_the_smallest_room() {
    let line = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits";
    let application = Application {
        deflate: Window::new(10),
        ..Application::default()
    };
    let served = serve_always::<MIN_HEAD_LEN>(application, &with_more(&[line]));
    let expected = format!("{FRESH}; server_max_window_bits=10; client_max_window_bits=10");
    assert_eq!(served.headers("Sec-WebSocket-Extensions"), [expected]);
    assert_eq!(served.head.len(), RESPONSE.len() + 156);
}

#[test]
fn compression_comes_with_a_subprotocol_and_a_greeting() {
    let application = Application {
        greeting: Some(Message::Text("hi")),
        subprotocols: &["chat"],
        deflate: Some(Window::MAX),
        ..Application::default()
    };
    let lines = [
        "Sec-WebSocket-Protocol: chat",
        "Sec-WebSocket-Extensions: permessage-deflate",
    ];
    let served = served(application, &with_more(&lines));
    let expected = RESPONSE.replace(
        "\r\n\r\n",
        "\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
    );
    assert_eq!(served.head, expected);
    let frames = [Frame::new(TEXT, "hi"), Frame::new(TEXT, "hello")];
    assert_eq!(served.session.unwrap().frames, frames);
}

#[test]
fn a_request_that_is_not_complete_or_is_answered_offers_nothing() {
    let line = "Sec-WebSocket-Extensions: permessage-deflate";
    let (mut handshake, mut buffer) = complete(&with_more(&[line]));
    assert_eq!(handshake.request().deflate(Window::MAX), None);
    assert_eq!(handshake.advance(&mut buffer), Ok(Progress::Request));
    let deflate = handshake.request().deflate(Window::MAX);
    let agreed = deflate.map(|answer| answer.agreed());
    let acceptance = Acceptance {
        deflate: deflate.as_ref(),
        ..Acceptance::default()
    };
    assert_eq!(handshake.accept(acceptance), Ok(()));
    assert_eq!(handshake.request().deflate(Window::MAX), None);
    let Ok(Progress::Open(opened)) = handshake.advance(&mut buffer) else {
        panic!("it was accepted");
    };
    let both = Deflate {
        server: Window::MAX,
        client: Window::MAX,
    };
    assert_eq!((agreed, opened.deflate), (Some(both), Some(both)));
}
