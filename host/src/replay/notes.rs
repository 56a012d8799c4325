//! What the user should know of a replay, besides the differences: one sentence each.

use super::comparison::Counts;
use super::outcome::{Ended, Tally};
use super::script::{Obstacle, Remarks};
use crate::escape::Untrusted;
use crate::quantity::Count;
use crate::recording::Response;

const PROTOCOL: &str = "sec-websocket-protocol";

/// The sentences, escaped.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<String>);

impl Notes {
    pub(super) fn into_texts(self) -> Vec<String> {
        self.0
    }

    /// Names the headers of the recorded request that cannot be sent.
    pub(super) fn headers(&mut self, left_out: &[String]) {
        if !left_out.is_empty() {
            let names = left_out.join(", ");
            let names = Untrusted::excerpt(&names);
            self.add(format!(
                "without headers that the recording does not have in full: {names}"
            ));
        }
    }

    /// Says if the server has chosen another subprotocol.
    pub(super) fn subprotocol(&mut self, recorded: &Response, chosen: Option<&str>) {
        let recorded = recorded.headers.iter().find_map(|(name, value)| {
            let name = str::from_utf8(name.bytes()?).ok()?;
            let value = str::from_utf8(value.bytes()?).ok()?;
            name.eq_ignore_ascii_case(PROTOCOL).then_some(value)
        });
        if recorded != chosen {
            let shown = |name: Option<&str>| match name {
                Some(name) => Untrusted::excerpt(name).to_string(),
                None => "none".into(),
            };
            let (recorded, chosen) = (shown(recorded), shown(chosen));
            self.add(format!(
                "the server has chosen the subprotocol {chosen}, not {recorded}"
            ));
        }
    }

    /// Says what was not played as it was recorded.
    pub(super) fn playing(&mut self, remarks: Remarks, tally: Tally, counts: Counts) {
        let messages = |count| Count(count, "message");
        let (line, next) = (tally.line, tally.line + 1);
        match remarks.obstacle {
            Some(Obstacle::Gap) => self.add(format!(
                "lines are missing in the recording at line {next}: it was played up to there"
            )),
            Some(Obstacle::OfClient) => self.add(format!(
                "line {next} is what no client may send: the recording was played up to there"
            )),
            Some(Obstacle::OfServer) => self.add(format!(
                "line {line} is what no server may send: the recording was played up to there"
            )),
            None if remarks.is_cut_off => {
                self.add("the recording is cut off: it was played up to its end".into());
            }
            None => {}
        }
        if remarks.truncated > 0 {
            let messages = messages(remarks.truncated);
            self.add(format!(
                "{messages} sent only as far as the recording has it"
            ));
        }
        if remarks.plain > 0 {
            let messages = messages(remarks.plain);
            self.add(format!(
                "{messages} sent without compression: the server has not agreed to the recorded one"
            ));
        }
        if tally.not_sent > 0 {
            let messages = messages(tally.not_sent);
            self.add(format!("{messages} not sent"));
        }
        if counts.not_compared > 0 {
            let answers = Count(counts.not_compared, "answer");
            self.add(format!(
                "{answers} not compared: truncated in the recording, or impossible to inflate"
            ));
        }
    }

    /// Says how the replay ended, and how many differences are not listed.
    pub(super) fn end(
        &mut self,
        ended: Option<Ended>,
        tally: Tally,
        counts: Counts,
        listed: usize,
    ) {
        let unlisted = counts.differences().saturating_sub(listed as u64);
        if unlisted > 0 {
            let differences = Count(unlisted, "further difference");
            self.add(format!("{differences} not listed"));
        }
        let line = tally.line;
        match ended {
            Some(Ended::Unanswered) => self.add(format!(
                "given up at line {line}: the server no longer answers"
            )),
            Some(Ended::Stalled) => self.add(format!(
                "given up at line {line}: the server does not take what is sent"
            )),
            Some(Ended::Interrupted) => self.add(format!("interrupted at line {line}")),
            Some(Ended::Whole | Ended::ByServer) | None => {}
        }
    }

    fn add(&mut self, note: String) {
        self.0.push(note);
    }
}
