//! The list of connections, in JSON: for a person who asks who holds them.

use serde::Serialize;

use super::listed::{LISTED_MAX, Listed};
use crate::serve::monitor::{Answers, Monitor, Question};
use crate::serve::response::Answer;

/// What is answered.
#[derive(Debug, Serialize)]
struct List {
    /// How many connections there are.
    connections: usize,
    /// How many workers have not answered in time: what is said of theirs is older, or left out.
    silent_workers: usize,
    /// Some of them, or all: [`LISTED_MAX`] at most.
    listed: Vec<Listed>,
}

/// The answer to a request for the connections.
pub(crate) fn respond(monitor: &Monitor) -> Answer {
    let answers = monitor.ask(Question::Connections(LISTED_MAX), super::ANSWER_TIME);
    Answer::report(List::of(&answers).json())
}

impl List {
    fn of(answers: &Answers) -> Self {
        let reports = &answers.reports;
        let listed = reports.iter().flat_map(|report| report.listed.clone());
        Self {
            connections: reports.iter().map(|report| report.clients).sum(),
            silent_workers: answers.late,
            listed: listed.take(LISTED_MAX).collect(),
        }
    }

    /// The list as a line of JSON.
    fn json(&self) -> String {
        // No name and no value is one that JSON does not have.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::serve::metrics::listed::{OpenedConnection, State};
    use crate::serve::monitor::Report;
    use crate::serve::peer::Peer;
    use crate::serve::traffic::Traffic;

    fn listed() -> [Listed; 2] {
        let traffic = |messages, bytes| Traffic { messages, bytes };
        let address: std::net::SocketAddr = ([127, 0, 0, 1], 5).into();
        let open = Listed {
            peer: address.into(),
            path: Some("/\"</script>\u{e9}\n".into()),
            state: State::Open,
            opened: Some(OpenedConnection {
                age: Duration::from_micros(1_234_567),
                received: traffic(1, 2),
                sent: traffic(3, 4),
            }),
            idle: Some(Duration::from_secs(2)),
        };
        let begun = Listed {
            peer: Peer::UNIX,
            path: None,
            state: State::Handshake,
            opened: None,
            idle: None,
        };
        [open, begun]
    }

    #[test]
    fn what_is_not_known_is_left_out_and_what_clients_say_is_escaped() {
        let report = Report {
            clients: 3,
            listed: listed().into(),
            ..Report::default()
        };
        let answers = Answers {
            reports: vec![Arc::new(report)],
            late: 1,
        };
        let expected = r#"{"connections":3,"silent_workers":1,"listed":[{"peer":"127.0.0.1:5",
            "path":"/\"</script>é\n","state":"open","age_seconds":1.234,
            "received":{"messages":1,"bytes":2},"sent":{"messages":3,"bytes":4},
            "idle_seconds_at_least":2.0},{"peer":"unix","state":"handshake"}]}
"#;
        assert_eq!(
            List::of(&answers).json(),
            expected.replace("\n            ", "")
        );
    }

    #[test]
    fn no_more_are_listed_than_a_person_reads() {
        let [one, _] = listed();
        let report = Arc::new(Report {
            clients: 5_000,
            listed: vec![one; LISTED_MAX - 1],
            ..Report::default()
        });
        let list = List::of(&Answers {
            reports: vec![report; 2],
            late: 0,
        });
        assert_eq!((list.connections, list.listed.len()), (10_000, LISTED_MAX));
    }
}
