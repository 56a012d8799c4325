//! The connections that there are, in JSON: for a person who asks who holds them.

use serde::{Serialize, Serializer};
use std::time::Duration;

use crate::serve::traffic::Traffic;

/// The most connections that are listed.
pub(crate) const LISTED_MAX: usize = 1_000;

/// A client, and what its connection has carried.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Listed {
    pub(crate) peer: String,
    /// The target of its request, as the log shows it. Not known of each client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<Box<str>>,
    pub(crate) state: State,
    /// What is known once it is a WebSocket.
    #[serde(flatten)]
    pub(crate) opened: Option<OpenedConnection>,
    /// For how long it has sent nothing at least; not known if clients are not sent Pings.
    #[serde(rename = "idle_seconds_at_least")]
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "seconds_if_any")]
    pub(crate) idle: Option<Duration>,
}

/// What a WebSocket connection has carried.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct OpenedConnection {
    #[serde(rename = "age_seconds", serialize_with = "seconds")]
    pub(crate) age: Duration,
    pub(crate) received: Traffic,
    pub(crate) sent: Traffic,
}

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// Its request, or its TLS handshake, is not complete.
    Handshake,
    /// It is a WebSocket.
    Open,
    /// It is a WebSocket, and does what its address asks for.
    Test,
    /// The server has asked the client to end it.
    Closing,
    /// It is over, or gets an HTTP response, of which the client has not taken all.
    Ending,
}

/// The answer.
#[derive(Debug, Serialize)]
pub(crate) struct List {
    /// How many connections there are.
    pub(crate) connections: usize,
    /// How many workers have not answered in time: what is said of theirs is older, or left out.
    pub(crate) silent_workers: usize,
    /// Some of them, or all: [`LISTED_MAX`] at most.
    pub(crate) listed: Vec<Listed>,
}

impl List {
    /// The list as a line of JSON.
    pub(crate) fn json(&self) -> String {
        // No name and no value is one that JSON does not have.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}

fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    // To a millisecond: the clock of connections knows no more.
    serializer.serialize_f64(time.as_millis() as f64 / 1_000.0)
}

fn seconds_if_any<S: Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    seconds(&time.unwrap_or_default(), to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_left_out_and_what_clients_say_is_escaped() {
        let traffic = |messages, bytes| Traffic { messages, bytes };
        let listed = vec![
            Listed {
                peer: "127.0.0.1:5".into(),
                path: Some("/\"</script>\u{e9}\n".into()),
                state: State::Open,
                opened: Some(OpenedConnection {
                    age: Duration::from_micros(1_234_567),
                    received: traffic(1, 2),
                    sent: traffic(3, 4),
                }),
                idle: Some(Duration::from_secs(2)),
            },
            Listed {
                peer: "unix".into(),
                path: None,
                state: State::Handshake,
                opened: None,
                idle: None,
            },
        ];
        let list = List {
            connections: 3,
            silent_workers: 1,
            listed,
        };
        let expected = r#"{"connections":3,"silent_workers":1,"listed":[{"peer":"127.0.0.1:5",
            "path":"/\"</script>é\n","state":"open","age_seconds":1.234,
            "received":{"messages":1,"bytes":2},"sent":{"messages":3,"bytes":4},
            "idle_seconds_at_least":2.0},{"peer":"unix","state":"handshake"}]}
"#;
        assert_eq!(list.json(), expected.replace("\n            ", ""));
    }
}
