//! The request of a client under test (RFC 6455 section 4.1), as it was received.

use super::http::Head;

/// A request, with everything that has to be looked at.
#[derive(Clone, Debug)]
pub struct ClientRequest {
    pub head: Head,
    /// The head as it was received, with the empty line at its end.
    pub bytes: Vec<u8>,
}

impl ClientRequest {
    /// Such as `GET`.
    pub fn method(&self) -> &str {
        self.part(0)
    }

    /// Such as `/chat?a=b`.
    pub fn target(&self) -> &str {
        self.part(1)
    }

    /// Such as `HTTP/1.1`.
    pub fn version(&self) -> &str {
        self.part(2)
    }

    fn part(&self, index: usize) -> &str {
        let mut parts = self.head.first_line.split(' ');
        parts.nth(index).unwrap_or_default()
    }

    /// The value of `Sec-WebSocket-Key`, the first if there are several.
    pub fn key(&self) -> Option<&str> {
        self.head.value("Sec-WebSocket-Key")
    }

    /// The values of a header that is a list, from all its lines.
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.head
            .headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name))
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .collect()
    }

    /// Whether a list has a token, in any case.
    pub fn lists(&self, name: &str, token: &str) -> bool {
        self.list(name)
            .iter()
            .any(|it| it.eq_ignore_ascii_case(token))
    }

    /// Whether an extension is offered with this parameter.
    pub fn offers_parameter(&self, name: &str) -> bool {
        self.list("Sec-WebSocket-Extensions").iter().any(|offer| {
            let mut parameters = offer.split(';').skip(1);
            parameters.any(|it| it.split('=').next().unwrap_or_default().trim() == name)
        })
    }

    /// Whether an extension with this name is offered.
    pub fn offers(&self, extension: &str) -> bool {
        self.list("Sec-WebSocket-Extensions").iter().any(|offer| {
            let name = offer.split(';').next().unwrap_or_default();
            name.trim().eq_ignore_ascii_case(extension)
        })
    }
}
