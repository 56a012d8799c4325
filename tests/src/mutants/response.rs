//! The client's request, and which responses it accepts (RFC 6455 section 4.1).

use tungstenite::handshake::derive_accept_key;

use super::fault::{Fault, Faults};
use super::head::Head;
use super::negotiation::{self, Agreed, OFFER};

/// The characters of base64, in order.
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A request, and the key in it.
pub(super) struct Request {
    pub(super) text: String,
    key: String,
}

impl Request {
    pub(super) fn new(host: &str, resource: &str, faults: Faults) -> Self {
        let key = match () {
            () if faults.has(Fault::SameKey) => "dGhlIHNhbXBsZSBub25jZQ==".into(),
            () if faults.has(Fault::ShortKey) => "c2hvcnQ=".into(),
            () => random_key(),
        };
        let mut lines = vec![format!("GET {resource} HTTP/1.1")];
        if !faults.has(Fault::RequestWithoutHost) {
            lines.push(format!("Host: {host}"));
        }
        if !faults.has(Fault::RequestWithoutUpgrade) {
            lines.push("Upgrade: websocket".into());
        }
        let version = match faults.has(Fault::OldVersion) {
            true => 8,
            false => 13,
        };
        lines.push("Connection: Upgrade".into());
        lines.push(format!("Sec-WebSocket-Version: {version}"));
        lines.push(format!("Sec-WebSocket-Key: {key}"));
        lines.push(format!("Sec-WebSocket-Extensions: {OFFER}\r\n\r\n"));
        let text = lines.join("\r\n");
        Self { text, key }
    }

    /// What is agreed on by a response. `Err` if it does not open the connection.
    pub(super) fn judge(&self, head: &Head, faults: Faults) -> Result<Option<Agreed>, ()> {
        let first_line = &head.first_line;
        let opens = first_line.starts_with("HTTP/1.1 101 ")
            || first_line == "HTTP/1.1 101"
            || first_line.starts_with("HTTP/1.1 200 ") && faults.has(Fault::TakesStatus200);
        let upgrade = head.list("Upgrade");
        let is_upgraded = matches!(&upgrade[..], [one] if one.eq_ignore_ascii_case("websocket"))
            || upgrade.is_empty() && faults.has(Fault::TakesMissingUpgrade)
            || !upgrade.is_empty() && faults.has(Fault::TakesOtherUpgrade);
        let connection = head.list("Connection");
        let is_upgrade = |it: &String| it.eq_ignore_ascii_case("upgrade");
        let is_connected =
            connection.iter().any(is_upgrade) || faults.has(Fault::TakesMissingConnection);
        let has_subprotocol = !head.values("Sec-WebSocket-Protocol").is_empty()
            && !faults.has(Fault::TakesUnaskedSubprotocol);
        let is_right = opens && is_upgraded && is_connected && !has_subprotocol;
        match is_right && self.is_accepted(head, faults) {
            true => agreed(head, faults),
            false => Err(()),
        }
    }

    fn is_accepted(&self, head: &Head, faults: Faults) -> bool {
        let expected = derive_accept_key(self.key.as_bytes());
        match head.values("Sec-WebSocket-Accept")[..] {
            [] => faults.has(Fault::TakesMissingAccept),
            [accept] if accept == expected => true,
            [accept] if accept.eq_ignore_ascii_case(&expected) => {
                faults.has(Fault::TakesOtherCaseOfAccept) || faults.has(Fault::TakesWrongAccept)
            }
            _ => faults.has(Fault::TakesWrongAccept),
        }
    }
}

fn agreed(head: &Head, faults: Faults) -> Result<Option<Agreed>, ()> {
    let value = head.values("Sec-WebSocket-Extensions").join(", ");
    if value.is_empty() {
        return Ok(None);
    }
    let answer = negotiation::parse(&value).ok_or(())?;
    match negotiation::read_answer(&answer, faults) {
        None if faults.has(Fault::TakesUnaskedExtension) => Ok(None),
        None => Err(()),
        agreed => Ok(agreed),
    }
}

/// 16 random bytes in base64.
fn random_key() -> String {
    let random = fastrand::u128(..);
    let digit = |at: u32| char::from(BASE64[(random >> (122 - 6 * at)) as usize % 64]);
    let mut key: String = (0..21).map(digit).collect();
    key.push(char::from(BASE64[(random << 4) as usize % 64]));
    key + "=="
}
