//! What can be wrong with the head of a server's response (RFC 6455 section 4.2.2, RFC 9112).
//!
//! Each fault is looked at by one case, so that one fault does not fail all.

use std::fmt::{self, Display, Formatter};

use super::http::Head;

const SWITCHING: u16 = 101;

/// What can be wrong with the head of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeadFault {
    /// The status line of a response with status 101.
    StatusLine,
    /// A line that is not a header, or a wrong end of a line.
    Syntax,
    Accept,
    Upgrade,
    Connection,
    /// A header that announces a body behind a response that cannot have one.
    Body,
    /// An extension that was not offered.
    Extension,
    /// Any extension, although what was offered is malformed or does not exist.
    AnyExtension,
    Subprotocol,
    /// Something came before the request was complete.
    Early,
    /// No versions in the answer to a version that the server does not speak.
    Versions,
    /// Status 426 without Upgrade.
    UpgradeOf426,
    /// Status 405 without Allow.
    AllowOf405,
    /// A second response behind one with status 101.
    SecondResponse,
}

/// What a response must have so that the fault is not there, such as `the right
/// Sec-WebSocket-Accept, once`.
impl Display for HeadFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StatusLine => "a status line that begins with \"HTTP/1.1 101 \"",
            Self::Syntax => "nothing but headers in its head, each in a line that ends in CR LF",
            Self::Accept => "the right Sec-WebSocket-Accept, once",
            Self::Upgrade => "\"Upgrade: websocket\", once",
            Self::Connection => "\"Connection: Upgrade\"",
            Self::Body => "neither Content-Length nor Transfer-Encoding",
            Self::Extension => "no extension that was not offered",
            Self::AnyExtension => "no extension",
            Self::Subprotocol => "one of the subprotocols that were offered, or none",
            Self::Early => "nothing before the request was complete",
            Self::Versions => "\"Sec-WebSocket-Version: 13\"",
            Self::UpgradeOf426 => "Upgrade, if the status is 426",
            Self::AllowOf405 => "Allow, if the status is 405",
            Self::SecondResponse => "no second response behind it",
        })
    }
}

/// What a response is compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The value of `Sec-WebSocket-Accept` that answers the key.
    pub accept: String,
    /// The subprotocols that were offered.
    pub subprotocols: Vec<String>,
    /// The extensions that were offered, with their parameters.
    pub extensions: Vec<String>,
}

/// What is wrong with a response in this respect: its head as it was read, and its bytes. `None`
/// if nothing is.
pub fn fault(kind: HeadFault, head: &Head, bytes: &[u8], asked: &Asked) -> Option<String> {
    let is_open = head.status() == Some(SWITCHING);
    match kind {
        HeadFault::StatusLine if is_open => status_line(head),
        HeadFault::Syntax => syntax(bytes),
        HeadFault::Accept if is_open => {
            single(head, "Sec-WebSocket-Accept", |value| value == asked.accept)
                .map(|what| format!("{what}, and the right value is \"{}\"", asked.accept))
        }
        HeadFault::Upgrade if is_open => single(head, "Upgrade", |value| {
            value.eq_ignore_ascii_case("websocket")
        }),
        HeadFault::Connection if is_open => connection(head),
        HeadFault::Body if is_open => body(head),
        HeadFault::Extension if is_open => extension(head, asked),
        HeadFault::AnyExtension if is_open => head
            .value("Sec-WebSocket-Extensions")
            .map(|value| format!("the response agrees on the extension \"{value}\", and must not")),
        HeadFault::Subprotocol if is_open => subprotocol(head, asked),
        HeadFault::Versions if !is_open => versions(head),
        HeadFault::UpgradeOf426 if head.status() == Some(426) => missing(head, "Upgrade"),
        HeadFault::AllowOf405 if head.status() == Some(405) => missing(head, "Allow"),
        _ => None,
    }
}

/// > status-line = HTTP-version SP status-code SP [ reason-phrase ] (RFC 9112 section 4)
fn status_line(head: &Head) -> Option<String> {
    let line = &head.first_line;
    if !line.starts_with("HTTP/1.1 ") {
        return Some(format!(
            "the status line \"{line}\" does not begin with \"HTTP/1.1 \""
        ));
    }
    let has_space = line.as_bytes().get(12) == Some(&b' ');
    (!has_space).then(|| {
        format!("the status line \"{line}\" has no space behind the status, which it needs")
    })
}

fn syntax(bytes: &[u8]) -> Option<String> {
    let Some(head) = bytes.strip_suffix(b"\r\n\r\n") else {
        return Some("the head does not end in CR LF CR LF".into());
    };
    let mut rest = head;
    while let Some(place) = rest.iter().position(|&byte| byte == b'\r' || byte == b'\n') {
        match rest[place..].strip_prefix(b"\r\n") {
            Some(behind) => rest = behind,
            None => return Some("a line of the head does not end in CR LF".into()),
        }
    }
    let mut lines = head.split(|&byte| byte == b'\n').skip(1);
    let is_wrong = |line: &&[u8]| !is_header(line.strip_suffix(b"\r").unwrap_or(line));
    lines.find(is_wrong).map(|line| {
        let line = String::from_utf8_lossy(line);
        format!("the line \"{}\" is not a header", line.trim_end())
    })
}

/// Whether a line is a token, a colon, and a value without control characters.
fn is_header(line: &[u8]) -> bool {
    let Some(colon) = line.iter().position(|&byte| byte == b':') else {
        return false;
    };
    let (name, value) = line.split_at(colon);
    let is_value = |&byte: &u8| byte == b'\t' || !byte.is_ascii_control();
    is_token(name) && value.iter().all(is_value)
}

fn is_token(bytes: &[u8]) -> bool {
    let is_one = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !bytes.is_empty() && bytes.iter().all(is_one)
}

/// What is wrong with a header that must be there once, with a value that is right.
fn single(head: &Head, name: &str, is_right: impl Fn(&str) -> bool) -> Option<String> {
    let mut values = head.values(name);
    match (values.next(), values.next()) {
        (None, _) => Some(format!("the response with status 101 has no {name}")),
        (Some(_), Some(_)) => Some(format!("the response with status 101 has {name} twice")),
        (Some(value), None) if !is_right(value) => Some(format!(
            "the response with status 101 has \"{name}: {value}\""
        )),
        _ => None,
    }
}

fn connection(head: &Head) -> Option<String> {
    let values: Vec<&str> = head.values("Connection").collect();
    let mut elements = values.iter().flat_map(|value| value.split(','));
    if elements.any(|element| element.trim().eq_ignore_ascii_case("upgrade")) {
        return None;
    }
    Some(match values.first() {
        None => "the response with status 101 has no Connection".into(),
        Some(value) => {
            format!("the response with status 101 has \"Connection: {value}\", without \"Upgrade\"")
        }
    })
}

fn body(head: &Head) -> Option<String> {
    let names = ["Content-Length", "Transfer-Encoding"];
    let mut present = names
        .iter()
        .filter_map(|name| Some((name, head.value(name)?)));
    present.next().map(|(name, value)| {
        format!("the response with status 101 has \"{name}: {value}\", and it cannot have a body")
    })
}

fn extension(head: &Head, asked: &Asked) -> Option<String> {
    for value in head.values("Sec-WebSocket-Extensions") {
        if value.is_empty() {
            return Some("the response has an empty Sec-WebSocket-Extensions".into());
        }
        let name = |text: &str| text.split(';').next().unwrap_or_default().trim().to_owned();
        let offered: Vec<String> = asked.extensions.iter().map(|it| name(it)).collect();
        for agreed in value.split(',').map(name) {
            if !offered.contains(&agreed) {
                return Some(format!(
                    "the response agrees on the extension \"{agreed}\", which was not offered"
                ));
            }
        }
    }
    None
}

fn subprotocol(head: &Head, asked: &Asked) -> Option<String> {
    let mut values = head.values("Sec-WebSocket-Protocol");
    let chosen = values.next()?;
    if values.next().is_some() {
        return Some("the response chooses several subprotocols".into());
    }
    if asked.subprotocols.iter().any(|offered| offered == chosen) {
        return None;
    }
    Some(format!(
        "the response chooses the subprotocol \"{chosen}\", which was not offered"
    ))
}

fn versions(head: &Head) -> Option<String> {
    let mut values = head.values("Sec-WebSocket-Version");
    let lists_13 = |value: &str| value.split(',').any(|version| version.trim() == "13");
    (!values.any(lists_13)).then(|| {
        format!(
            "the response \"{}\" has no \"Sec-WebSocket-Version: 13\"",
            head.first_line
        )
    })
}

fn missing(head: &Head, name: &str) -> Option<String> {
    let line = &head.first_line;
    (head.value(name).is_none()).then(|| format!("the response \"{line}\" has no {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\n\
                         Connection: keep-alive, upgrade\r\nSec-WebSocket-Accept: right\r\n\r\n";
    const ALL: [HeadFault; 11] = [
        HeadFault::StatusLine,
        HeadFault::Syntax,
        HeadFault::Accept,
        HeadFault::Upgrade,
        HeadFault::Connection,
        HeadFault::Body,
        HeadFault::Extension,
        HeadFault::Subprotocol,
        HeadFault::Versions,
        HeadFault::UpgradeOf426,
        HeadFault::AllowOf405,
    ];

    fn found(text: &str) -> Vec<HeadFault> {
        let head = Head::read(text.as_bytes()).unwrap();
        let asked = Asked {
            accept: "right".into(),
            subprotocols: vec!["chat".into()],
            extensions: vec!["known; a=1".into()],
        };
        let is_wrong = |kind: &HeadFault| fault(*kind, &head, text.as_bytes(), &asked).is_some();
        ALL.into_iter().filter(is_wrong).collect()
    }

    #[test]
    fn nothing_is_wrong_with_a_right_response() {
        assert_eq!(found(RIGHT), []);
        let chosen = "\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: known\r\n\r\n";
        assert_eq!(found(&RIGHT.replace("\r\n\r\n", chosen)), []);
    }

    /// What is changed in a right response, and the fault that it is then.
    const CHANGES: [(&str, &str, HeadFault); 20] = [
        ("HTTP/1.1", "HTTP/1.0", HeadFault::StatusLine),
        (" Switching Protocols", "", HeadFault::StatusLine),
        (
            "Upgrade: WebSocket",
            "Upgrade: websockets",
            HeadFault::Upgrade,
        ),
        ("Upgrade: WebSocket", "X: y", HeadFault::Upgrade),
        ("upgrade\r", "upgrades\r", HeadFault::Connection),
        ("right", "wrong", HeadFault::Accept),
        ("Sec-WebSocket-Accept", "X", HeadFault::Accept),
        (
            "\r\n\r\n",
            "\r\nSec-WebSocket-Accept: right\r\n\r\n",
            HeadFault::Accept,
        ),
        ("\r\n\r\n", "\r\nContent-Length: 0\r\n\r\n", HeadFault::Body),
        (
            "\r\n\r\n",
            "\r\nTransfer-Encoding: chunked\r\n\r\n",
            HeadFault::Body,
        ),
        (
            "\r\n\r\n",
            "\r\nSec-WebSocket-Extensions: other\r\n\r\n",
            HeadFault::Extension,
        ),
        (
            "\r\n\r\n",
            "\r\nSec-WebSocket-Extensions:\r\n\r\n",
            HeadFault::Extension,
        ),
        (
            "\r\n\r\n",
            "\r\nSec-WebSocket-Protocol: other\r\n\r\n",
            HeadFault::Subprotocol,
        ),
        (
            "\r\n\r\n",
            "\r\nSec-WebSocket-Protocol:\r\n\r\n",
            HeadFault::Subprotocol,
        ),
        ("\r\n\r\n", "\r\nno header\r\n\r\n", HeadFault::Syntax),
        ("\r\n\r\n", "\r\nX : y\r\n\r\n", HeadFault::Syntax),
        ("\r\n\r\n", "\r\n folded\r\n\r\n", HeadFault::Syntax),
        ("\r\n\r\n", "\nX: y\r\n\r\n", HeadFault::Syntax),
        ("\r\n\r\n", "\r\nX: y\0\r\n\r\n", HeadFault::Syntax),
        ("\r\n\r\n", "\n\n", HeadFault::Syntax),
    ];

    #[test]
    fn each_change_of_a_right_response_is_one_fault() {
        for (from, to, kind) in CHANGES {
            let changed = RIGHT.replacen(from, to, 1);
            assert_eq!(found(&changed), [kind], "{changed}");
        }
    }

    #[test]
    fn a_refusal_must_say_what_its_status_promises() {
        let refusal = |line| format!("HTTP/1.1 {line}\r\n\r\n");
        assert_eq!(
            found(&refusal(
                "426 Upgrade Required\r\nSec-WebSocket-Version: 13"
            )),
            [HeadFault::UpgradeOf426]
        );
        assert_eq!(
            found(&refusal("405 No\r\nSec-WebSocket-Version: 8, 13")),
            [HeadFault::AllowOf405]
        );
        assert_eq!(
            found(&refusal("400 Bad Request\r\nSec-WebSocket-Version: 113")),
            [HeadFault::Versions]
        );
    }
}
