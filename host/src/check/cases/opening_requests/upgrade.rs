//! `Upgrade` and `Connection` (RFC 6455 section 4.2.1, RFC 9110 sections 7.6.1 and 7.8).

use super::allowed::{EMPTY_ELEMENTS, declined, opened, rather_opened, tolerated};
use crate::check::case::{Case, Rule};
use crate::check::request::request;
use crate::check::request_play::{Response, ask};
use crate::check::response_head::HeadFault;
use crate::check::session::Grade;

const UPGRADE: Rule = Rule::new(
    "4.2.1",
    "An |Upgrade| header field containing the value \"websocket\", treated as an ASCII \
     case-insensitive value.",
);
const CONNECTION: Rule = Rule::new(
    "4.2.1",
    "A |Connection| header field that includes the token \"Upgrade\", treated as an ASCII \
     case-insensitive value.",
);
const NOT_INDICATED: Rule = Rule::of(
    9110,
    "7.8",
    "A server MUST NOT switch to a protocol that was not indicated by the client in the \
     corresponding request's Upgrade header field.",
);
const COMBINED: Rule = Rule::of(
    9110,
    "5.2",
    "When a field name is repeated within a section, its combined field value consists of the list \
     of corresponding field line values within that section, concatenated in order, with each \
     field line value separated by a comma.",
);
const STATUS_426: Rule = Rule::of(
    9110,
    "15.5.22",
    "The server MUST send an Upgrade header field in a 426 response to indicate the required \
     protocol(s) (Section 7.8).",
);

pub(super) fn cases() -> Vec<Case> {
    [
        upgrades(),
        wrong_upgrades(),
        connections(),
        connection_lists(),
        wrong_connections(),
        pages(),
    ]
    .concat()
}

fn upgrades() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, value) in [
        ("in-mixed-letters", "WebSocket"),
        ("in-capitals", "WEBSOCKET"),
    ] {
        cases.push(
            Case::must(
                format!("4.2.1-upgrade-{name}"),
                format!("\"Upgrade: {value}\" is as good as \"Upgrade: websocket\""),
                &UPGRADE,
            )
            .asks(opened(request().with("Upgrade", value))),
        );
    }
    for (name, value) in [
        ("list", "h2c, websocket"),
        ("list-that-goes-on", "websocket, h2c"),
        ("list-without-blanks", "IRC/6.9,websocket,RTA/x11"),
    ] {
        cases.push(
            Case::should(
                format!("4.2.1-upgrade-{name}"),
                format!("\"Upgrade: {value}\" contains \"websocket\", and opens a connection"),
                &UPGRADE,
            )
            .asks(rather_opened(request().with("Upgrade", value))),
        );
    }
    cases.push(
        Case::should(
            "rfc9110-5.2-upgrade-in-two-lines",
            "\"websocket\" may be in the second of two lines with Upgrade",
            &COMBINED,
        )
        .asks(rather_opened(
            request().replaced("Upgrade", "Upgrade: h2c\r\nUpgrade: websocket"),
        )),
    );
    cases.push(
        Case::should(
            "rfc9110-5.6.1.2-upgrade-with-empty-elements",
            "Empty elements in the list of Upgrade are ignored",
            &EMPTY_ELEMENTS,
        )
        .asks(rather_opened(request().with("Upgrade", ",, websocket ,"))),
    );
    cases
}

fn wrong_upgrades() -> Vec<Case> {
    let mut cases = vec![
        Case::must(
            "rfc9110-7.8-no-upgrade",
            "A request without Upgrade does not open a connection",
            &NOT_INDICATED,
        )
        .asks(declined(request().without("Upgrade"))),
    ];
    for (name, value) in [
        ("another-protocol", "h2c"),
        ("a-longer-word", "websockets"),
        ("two-words", "web socket"),
        ("quotes", "\"websocket\""),
        ("no-value", ""),
    ] {
        cases.push(
            Case::must(
                format!("rfc9110-7.8-upgrade-with-{name}"),
                format!("\"Upgrade: {value}\" does not open a connection"),
                &NOT_INDICATED,
            )
            .asks(declined(request().with("Upgrade", value))),
        );
    }
    cases.push(
        Case::robust(
            "rfc9110-7.8-upgrade-with-a-version",
            "\"Upgrade: websocket/13\" names a version that this header does not have, and is \
             refused",
            &NOT_INDICATED,
        )
        .asks(tolerated(request().with("Upgrade", "websocket/13"))),
    );
    cases
}

fn connections() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, value) in [
        ("in-small-letters", "upgrade"),
        ("in-capitals", "UPGRADE"),
        ("of-firefox", "keep-alive, Upgrade"),
        ("that-goes-on", "Upgrade, keep-alive"),
        ("without-blanks", "keep-alive,Upgrade,HTTP2-Settings"),
    ] {
        cases.push(
            Case::must(
                format!("4.2.1-connection-{name}"),
                format!("\"Connection: {value}\" includes \"Upgrade\", and opens a connection"),
                &CONNECTION,
            )
            .asks(opened(request().with("Connection", value))),
        );
    }
    cases
}

fn connection_lists() -> Vec<Case> {
    let lines = "Connection: keep-alive\r\nConnection: Upgrade";
    vec![
        Case::must(
            "rfc9110-5.2-connection-in-two-lines",
            "\"Upgrade\" may be in the second of two lines with Connection",
            &COMBINED,
        )
        .asks(opened(request().replaced("Connection", lines))),
        Case::should(
            "4.2.1-connection-with-tabs",
            "A tab in the list of Connection is as good as a space",
            &CONNECTION,
        )
        .asks(rather_opened(
            request().with("Connection", "keep-alive\t,\tUpgrade"),
        )),
        Case::must(
            "rfc9110-5.6.1.2-connection-with-empty-elements",
            "Empty elements in the list of Connection are ignored",
            &EMPTY_ELEMENTS,
        )
        .asks(opened(request().with("Connection", ",, Upgrade ,"))),
        Case::robust(
            "4.2.1-connection-with-close",
            "\"Connection: close, Upgrade\" gets a response",
            &CONNECTION,
        )
        .asks(
            ask(request().with("Connection", "close, Upgrade"))
                .opens()
                .or(Grade::Passed, Response::Declines),
        ),
    ]
}

fn wrong_connections() -> Vec<Case> {
    let mut cases = vec![
        Case::must(
            "4.2.1-no-connection",
            "A request without Connection does not open a connection",
            &CONNECTION,
        )
        .asks(declined(request().without("Connection"))),
    ];
    for (name, value) in [
        ("with-keep-alive-only", "keep-alive"),
        ("with-a-longer-word", "Upgrades"),
        ("with-a-semicolon", "keep-alive; Upgrade"),
        ("without-value", ""),
    ] {
        cases.push(
            Case::must(
                format!("4.2.1-connection-{name}"),
                format!(
                    "\"Connection: {value}\" does not include \"Upgrade\", and opens no connection"
                ),
                &CONNECTION,
            )
            .asks(declined(request().with("Connection", value))),
        );
    }
    cases
}

fn pages() -> Vec<Case> {
    let page = request()
        .without("Upgrade")
        .without("Connection")
        .without("Sec-WebSocket-Key")
        .without("Sec-WebSocket-Version");
    vec![
        Case::must(
            "rfc9110-7.8-request-for-a-page",
            "A request for a page gets a response, and opens no connection",
            &NOT_INDICATED,
        )
        .asks(declined(page.clone())),
        Case::must(
            "rfc9110-15.5.22-upgrade-of-426",
            "A response with status 426 names the protocol in Upgrade",
            &STATUS_426,
        )
        .asks(declined(page).watches(HeadFault::UpgradeOf426)),
    ]
}
