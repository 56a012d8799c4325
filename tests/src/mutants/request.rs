//! Which requests the server accepts, and what it answers (RFC 6455 section 4.2).

use tungstenite::handshake::derive_accept_key;

use super::fault::{Fault, Faults};
use super::head::Head;
use super::negotiation::{self, Agreed, Extension};

const VERSION: &str = "13";
/// What the name of a host has besides letters and digits.
const HOST_MARKS: &[u8] = b"-._~!$&'()*+,;=";
/// A key is 16 bytes in base64.
const KEY_LEN: usize = 24;

/// The methods of RFC 9110 section 9.3 that open no WebSocket connection.
const OTHER_METHODS: [&str; 7] = [
    "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE",
];

/// A response that opens the connection.
pub(super) struct Accepted {
    pub(super) response: String,
    pub(super) agreed: Option<Agreed>,
}

/// The response, if the request is accepted; otherwise the one that refuses it.
pub(super) fn judge(head: &Head, faults: Faults) -> Result<Accepted, String> {
    check_first_line(&head.first_line, faults)?;
    check_http(head, faults)?;
    check_upgrade(head, faults)?;
    let key = check_key(head, faults)?;
    let mut lines = vec![String::from("HTTP/1.1 101 Switching Protocols")];
    if faults.has(Fault::AnswersWithStatus200) {
        lines = vec![String::from("HTTP/1.1 200 OK")];
    }
    if !faults.has(Fault::AnswersWithoutUpgrade) {
        lines.push("Upgrade: websocket".into());
    }
    if !faults.has(Fault::AnswersWithoutConnection) {
        lines.push("Connection: Upgrade".into());
    }
    let key = match faults.has(Fault::WrongAccept) {
        true => key.to_lowercase(),
        false => key,
    };
    let accept = derive_accept_key(key.as_bytes());
    lines.push(format!("Sec-WebSocket-Accept: {accept}"));
    let offered = head.values("Sec-WebSocket-Protocol").join(", ");
    if faults.has(Fault::UnaskedSubprotocol) {
        lines.push("Sec-WebSocket-Protocol: unasked".into());
    } else if faults.has(Fault::AllSubprotocols) && !offered.is_empty() {
        lines.push(format!("Sec-WebSocket-Protocol: {offered}"));
    }
    let agreed = extensions(head, faults)?.map(|(value, agreed)| {
        lines.push(format!("Sec-WebSocket-Extensions: {value}"));
        agreed
    });
    lines.push("\r\n".into());
    Ok(Accepted {
        response: lines.join("\r\n"),
        agreed: agreed.flatten(),
    })
}

/// A response that refuses.
pub(super) fn refusal(status: &str, headers: &str) -> String {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n{headers}\r\n")
}

fn bad() -> String {
    refusal("400 Bad Request", "")
}

fn check_first_line(line: &str, faults: Faults) -> Result<(), String> {
    let parts: Vec<&str> = line.split(' ').collect();
    let [method, target, version] = parts[..] else {
        return Err(bad());
    };
    let minor = version.strip_prefix("HTTP/1.");
    let is_digit = |minor: &str| minor.len() == 1 && minor.as_bytes()[0].is_ascii_digit();
    match minor {
        Some("0") if !faults.has(Fault::AcceptsHttp10) => return Err(bad()),
        Some(minor) if is_digit(minor) => {}
        _ if version.starts_with("HTTP/") => {
            return Err(refusal("505 HTTP Version Not Supported", ""));
        }
        _ => return Err(bad()),
    }
    let is_known = OTHER_METHODS.contains(&method);
    match method {
        "GET" => {}
        "POST" if faults.has(Fault::AcceptsPost) => {}
        _ if is_known => return Err(refusal("405 Method Not Allowed", "Allow: GET\r\n")),
        _ => return Err(refusal("501 Not Implemented", "")),
    }
    let scheme = target
        .split_once("://")
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    let is_absolute = matches!(scheme.as_deref(), Some("http" | "ws"));
    let is_right =
        target.starts_with('/') || is_absolute && !faults.has(Fault::RefusesAbsoluteForm);
    let is_visible = target.bytes().all(|byte| byte.is_ascii_graphic());
    match is_right && is_visible && !target.contains('#') {
        true => Ok(()),
        false => Err(bad()),
    }
}

/// Whether it is a host, and a port if there is a colon (RFC 3986 section 3.2).
fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, ""),
    };
    let is_address = |inner: &str| {
        inner.contains(':')
            && inner
                .bytes()
                .all(|it| it.is_ascii_hexdigit() || b":.".contains(&it))
    };
    let is_name = match name.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(is_address),
        None => is_registered_name(name),
    };
    is_name && port.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_registered_name(name: &str) -> bool {
    let mut parts = name.split('%');
    let is_part = |part: &str| {
        part.bytes()
            .all(|it| it.is_ascii_alphanumeric() || HOST_MARKS.contains(&it))
    };
    let is_escaped = |part: &str| {
        let digits = part.as_bytes().first_chunk::<2>();
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) && is_part(part)
    };
    !name.is_empty() && parts.next().is_some_and(is_part) && parts.all(is_escaped)
}

fn check_http(head: &Head, faults: Faults) -> Result<(), String> {
    let hosts = head.values("Host");
    match hosts[..] {
        [] if faults.has(Fault::AcceptsWithoutHost) => {}
        [host] if is_host(host) => {}
        [_, _, ..] if faults.has(Fault::AcceptsTwoHosts) => {}
        _ => return Err(bad()),
    }
    let has_body = !head.values("Transfer-Encoding").is_empty()
        || head.values("Content-Length").iter().any(|len| *len != "0");
    match has_body && !faults.has(Fault::AcceptsBody) {
        true => Err(bad()),
        false => Ok(()),
    }
}

fn check_upgrade(head: &Head, faults: Faults) -> Result<(), String> {
    let list = |name: &str, fault: Fault| match faults.has(fault) {
        true => vec![head.values(name).join(", ")],
        false => head.list(name),
    };
    let is_upgrade = |it: &String| match faults.has(Fault::CaseSensitiveConnection) {
        true => it == "Upgrade",
        false => it.eq_ignore_ascii_case("upgrade"),
    };
    let connection = list("Connection", Fault::ConnectionIsNoList);
    if !connection.iter().any(is_upgrade) && !faults.has(Fault::AcceptsWithoutConnection) {
        return Err(bad());
    }
    let is_websocket = |it: &String| match faults.has(Fault::CaseSensitiveUpgrade) {
        true => it == "websocket",
        false => it.eq_ignore_ascii_case("websocket"),
    };
    let upgrade = list("Upgrade", Fault::UpgradeIsNoList);
    let is_missing = upgrade.iter().all(String::is_empty);
    let is_accepted = upgrade.iter().any(is_websocket)
        || is_missing && faults.has(Fault::AcceptsWithoutUpgrade)
        || !is_missing && faults.has(Fault::AcceptsOtherUpgrade);
    if !is_accepted {
        let headers = "Upgrade: websocket\r\n";
        return Err(refusal("426 Upgrade Required", headers));
    }
    let versions = head.values("Sec-WebSocket-Version");
    match versions[..] {
        [VERSION] => Ok(()),
        [] if faults.has(Fault::AcceptsWithoutVersion) => Ok(()),
        [] => Err(bad()),
        _ if faults.has(Fault::AcceptsOtherVersion) => Ok(()),
        _ if faults.has(Fault::SaysNoVersion) => Err(bad()),
        _ => {
            let headers = format!("Upgrade: websocket\r\nSec-WebSocket-Version: {VERSION}\r\n");
            Err(refusal("426 Upgrade Required", &headers))
        }
    }
}

fn check_key(head: &Head, faults: Faults) -> Result<String, String> {
    let Some(key) = head.single("Sec-WebSocket-Key") else {
        return match faults.has(Fault::AcceptsWithoutKey) {
            true => Ok(String::new()),
            false => Err(bad()),
        };
    };
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
    let is_key = key.len() == KEY_LEN
        && key
            .strip_suffix("==")
            .is_some_and(|key| key.bytes().all(is_base64));
    if !is_key && !faults.has(Fault::AcceptsShortKey) {
        return Err(bad());
    }
    Ok(match faults.has(Fault::KeyNotTrimmed) {
        true => format!("{key} "),
        false => key.to_owned(),
    })
}

/// What is answered to the offered extensions.
fn extensions(head: &Head, faults: Faults) -> Result<Option<(String, Option<Agreed>)>, String> {
    let value = head.values("Sec-WebSocket-Extensions").join(", ");
    let offers = match negotiation::parse(&value) {
        _ if value.is_empty() => Vec::new(),
        Some(offers) => offers,
        None if faults.has(Fault::AgreesToMalformedExtensions) => vec![Extension::plain()],
        None => return Err(bad()),
    };
    if faults.has(Fault::UnknownExtension) && !value.is_empty() {
        return Ok(Some((value, None)));
    }
    let answer = negotiation::agree(&offers, faults);
    let answer = answer.map(|(answer, agreed)| (answer, Some(agreed)));
    Ok(
        match faults.has(Fault::UnaskedExtension) && value.is_empty() {
            true => Some(("permessage-deflate".into(), None)),
            false => answer,
        },
    )
}
