//! Why requests get no connection, in few words: each is a label of a metric, so there are not many,
//! and none contains what a client has sent.

use ws_echo_core::Refusal;

/// Why a client that was admitted has no WebSocket connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    MalformedRequest,
    HeadTooLarge,
    HttpVersion,
    Method,
    Path,
    Origin,
    Query,
    NoWebSocket,
    UpgradeHeaders,
    WebSocketVersion,
    Key,
    ResponseTooLarge,
    Memory,
    AsAsked,
    Timeout,
    Left,
    WrongProtocol,
    Proxy,
    Tls,
    TlsTimeout,
}

impl Failure {
    /// How many there are.
    pub(crate) const COUNT: usize = Self::LABELS.len();

    /// All of them in their order, and the labels by which people know them.
    pub(crate) const LABELS: [(Self, &'static str); 20] = [
        (Self::MalformedRequest, "malformed_request"),
        (Self::HeadTooLarge, "head_too_large"),
        (Self::HttpVersion, "http_version"),
        (Self::Method, "method"),
        (Self::Path, "path"),
        (Self::Origin, "origin"),
        (Self::Query, "query"),
        (Self::NoWebSocket, "no_websocket"),
        (Self::UpgradeHeaders, "upgrade_headers"),
        (Self::WebSocketVersion, "websocket_version"),
        (Self::Key, "key"),
        (Self::ResponseTooLarge, "response_too_large"),
        (Self::Memory, "memory"),
        (Self::AsAsked, "as_asked"),
        (Self::Timeout, "timeout"),
        (Self::Left, "left"),
        (Self::WrongProtocol, "wrong_protocol"),
        (Self::Proxy, "proxy"),
        (Self::Tls, "tls"),
        (Self::TlsTimeout, "tls_timeout"),
    ];
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::HeadTooLarge | Refusal::TooManyHeaders => Self::HeadTooLarge,
            Refusal::UnsupportedHttpVersion | Refusal::UpgradeByHttp10 => Self::HttpVersion,
            Refusal::MethodNotAllowed => Self::Method,
            Refusal::NotFound => Self::Path,
            Refusal::Timeout => Self::Timeout,
            Refusal::UpgradeRequired => Self::NoWebSocket,
            Refusal::MissingConnectionUpgrade | Refusal::MissingUpgrade => Self::UpgradeHeaders,
            Refusal::MissingVersion | Refusal::RepeatedVersion | Refusal::UnsupportedVersion => {
                Self::WebSocketVersion
            }
            Refusal::MissingKey | Refusal::RepeatedKey | Refusal::MalformedKey => Self::Key,
            Refusal::ResponseTooLarge => Self::ResponseTooLarge,
            // The form of the head, its Host, or a body.
            _ => Self::MalformedRequest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_is_in_its_place_and_has_a_label_of_its_own() {
        for (place, (failure, label)) in Failure::LABELS.iter().enumerate() {
            assert_eq!(*failure as usize, place, "{label}");
            let same = Failure::LABELS.iter().filter(|(_, it)| it == label);
            assert_eq!(same.count(), 1, "{label}");
        }
    }
}
