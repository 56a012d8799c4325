//! Which subprotocols a client offers, and which one is chosen (RFC 6455 section 4.2.2).

use super::*;

/// The subprotocol that an application with these subprotocols chooses from the offers in the
/// lines.
fn chosen(spoken: &[&str], lines: &[&str]) -> Vec<String> {
    let application = Application {
        subprotocols: spoken,
        ..Application::default()
    };
    let served = served(application, &with_more(lines));
    assert_eq!(served.refusal, None);
    let session = served.session.as_ref().unwrap();
    assert_eq!(session.frames, [Frame::new(TEXT, "hello")]);
    let values = served.headers("Sec-WebSocket-Protocol");
    values.into_iter().map(str::to_owned).collect()
}

// > (meaning that if the server does not wish to agree to one of the suggested subprotocols, it
// > MUST NOT send back a |Sec-WebSocket-Protocol| header field in its response) (section 4.2.2)
#[test]
fn none_is_chosen_that_is_not_offered_and_supported() {
    let offer = &["Sec-WebSocket-Protocol: chat, superchat"];
    let none: [&str; 0] = [];
    assert_eq!(chosen(&[], offer), none);
    assert_eq!(chosen(&["echo"], offer), none);
    assert_eq!(chosen(&["Chat"], offer), none);
    assert_eq!(chosen(&["cha", "chatt"], offer), none);
    assert_eq!(chosen(&["chat"], &[]), none);
    assert_eq!(chosen(&["chat"], &["Sec-WebSocket-Protocol:"]), none);
    assert_eq!(chosen(&["chat"], &["Sec-WebSocket-Protocols: chat"]), none);
}

// > The value chosen MUST be derived from the client's handshake, specifically by selecting one
// > of the values from the |Sec-WebSocket-Protocol| field [...] (section 4.2.2)
#[test]
fn one_that_is_offered_and_supported_is_chosen() {
    for lines in [
        &["Sec-WebSocket-Protocol: chat"][..],
        &["sec-websocket-protocol: chat, superchat"],
        &["Sec-WebSocket-Protocol: superchat,chat"],
        &["Sec-WebSocket-Protocol: superchat , ,\tchat,"],
        &[
            "Sec-WebSocket-Protocol: superchat",
            "Sec-WebSocket-Protocol: chat",
        ],
        &[
            "Sec-WebSocket-Protocol: chat",
            "Sec-WebSocket-Protocol: a, b",
        ],
    ] {
        assert_eq!(chosen(&["chat"], lines), ["chat"]);
        assert_eq!(chosen(&["echo", "chat"], lines), ["chat"]);
    }
}

// > The elements that comprise this value MUST be non-empty strings with characters in the
// > range U+0021 to U+007E not including separator characters [...] (section 4.1)
#[test]
fn an_offer_that_is_not_a_token_is_ignored() {
    let offer = &["Sec-WebSocket-Protocol: a b, \"c\", \u{e9}, chat"];
    for spoken in ["a b", "\"c\"", "\u{e9}"] {
        assert_eq!(chosen(&[spoken, "chat"], offer), ["chat"]);
    }
}

#[test]
fn offers_keep_their_order() {
    let request = with_more(&[
        "Sec-WebSocket-Protocol: one,, two ,",
        "X-Other: three",
        "Sec-WebSocket-Protocol: four",
    ]);
    let (mut handshake, mut buffer) = complete(&request);
    assert_eq!(handshake.advance(&mut buffer), Ok(Progress::Request));
    let offers: Vec<_> = handshake.request().subprotocols().collect();
    assert_eq!(offers, ["one", "two", "four"]);
    // The application is wrong: no client offered that.
    assert_eq!(handshake.accept(with_subprotocol("three")), Ok(()));
    assert_eq!(
        handshake.advance(&mut buffer),
        Ok(Progress::Open(Agreed::NOTHING))
    );
    assert_eq!(buffer.ready(), RESPONSE.as_bytes());
}
