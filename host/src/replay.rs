//! `ws-echo replay`: plays the client's side of a recording against a server, and says where the
//! server's answers differ.

mod agreement;
mod comparison;
mod events;
mod greeting;
mod inbox;
mod inflation;
mod notes;
mod outcome;
mod outgoing;
mod player;
mod report;
mod request;
mod script;
mod seen;
mod server_connection;

use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufReader, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use ws_echo_core::{Agreed, Deflate, DeflateOffer};

use self::comparison::{Counts, Difference, DifferenceKind};
use self::events::ReplayEvents;
use self::notes::Notes;
use self::outcome::{Ended, Failure, Tally};
use self::player::Player;
use self::report::{Outcome, Report};
use self::request::RecordedRequest;
use self::script::{Form, Handshake, Remarks, Script};
use self::seen::Seen;
use self::server_connection::ServerConnection;
use crate::client::connect::{self, Opened};
use crate::client::destination::Destination;
use crate::client::error::ConnectError;
use crate::client::tls::{INSECURE, TlsConnector};
use crate::escape::Excerpt;
use crate::options::replay::{Output, ReplayOptions};
use crate::options::trust::Trust;
use crate::recording::reader::ReadError;
use crate::{platform, stderr};

/// The status of a response that opens a connection.
const SWITCHING_PROTOCOLS: u16 = 101;

/// The exit status of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum ExitStatus {
    /// The server answered as in the recording.
    Same = 0,
    /// The recording cannot be read or has no answer, no connection was made, or the user has ended
    /// the replay.
    Failed = 1,
    /// The server refused the handshake, which was accepted in the recording.
    Refused = 3,
    /// The server answered otherwise.
    Different = 4,
}

/// What was found on a connection.
#[derive(Debug, Default)]
struct Findings {
    counts: Counts,
    differences: Vec<Difference>,
    tally: Tally,
    /// The messages of the greeting that were left out, recorded and received ones.
    left_out: Option<(u64, u64)>,
    ended: Option<Ended>,
    /// Why the rest of the recording was not played.
    failure: Option<Failure>,
}

/// Why nothing was compared.
type Refusal = (ExitStatus, String);

/// Replays a recording.
pub(crate) fn run(options: &ReplayOptions) -> ExitCode {
    let status = replay(options).unwrap_or_else(|(status, reason)| {
        stderr::print(&reason);
        status
    });
    ExitCode::from(status as u8)
}

fn replay(options: &ReplayOptions) -> Result<ExitStatus, Refusal> {
    let failed = |reason: String| (ExitStatus::Failed, reason);
    let (handshake, mut script) = open(options).map_err(failed)?;
    let connector = TlsConnector::new(destination(options)).map_err(failed)?;
    if options.trust == Trust::Anyone {
        stderr::print(INSECURE);
    }
    let mut events =
        ReplayEvents::new().map_err(|error| failed(format!("cannot start the replay: {error}")))?;
    let request = RecordedRequest::new(&handshake.request, &options.url);
    let mut notes = Notes::default();
    notes.headers(&request.left_out);
    let recorded = agreement::of(&handshake.response);
    let start = Instant::now();
    let connection = request.with(&options.url, recorded.map(DeflateOffer::new), |request| {
        let connector = connector.as_ref();
        let deadline = start + options.timeout;
        connect::open(
            &mut events,
            destination(options),
            request,
            connector,
            deadline,
        )
    });
    let was_open = handshake.response.status == SWITCHING_PROTOCOLS;
    let findings = match connection {
        Ok(opened) if was_open => {
            notes.subprotocol(&handshake.response, opened.facts.subprotocol.as_deref());
            script.set_compression(recorded, form(recorded, opened.agreed));
            play(&mut events, options, opened, &mut script)
        }
        Ok(_) => of_handshake(&handshake, SWITCHING_PROTOCOLS),
        Err(ConnectError::Refused(refusal)) if !was_open => {
            of_handshake(&handshake, refusal.status)
        }
        Err(error) => return Err((status_of(&error), error.to_string())),
    };
    notes.playing(script.remarks, findings.tally, findings.counts);
    notes.end(
        findings.ended,
        findings.tally,
        findings.counts,
        findings.differences.len(),
    );
    let seconds = start.elapsed().as_secs_f64();
    Ok(conclude(options, findings, script.remarks, notes, seconds))
}

/// Opens the recording, and reads its handshake. The error says why that is not possible.
fn open(options: &ReplayOptions) -> Result<(Handshake, Script<BufReader<File>>), String> {
    let file = options.file.display().to_string();
    let unreadable = |error: &dyn Display| format!("{}: {error}", Excerpt::new(&file));
    let input = File::open(&options.file).map_err(|error| {
        let error = platform::file_error(&options.file, error);
        unreadable(&ReadError::Io(error))
    })?;
    Script::open(BufReader::new(input)).map_err(|error| unreadable(&error))
}

fn destination(options: &ReplayOptions) -> Destination<'_> {
    Destination {
        url: &options.url,
        trust: &options.trust,
        timeout: options.timeout,
    }
}

/// How compressed messages are sent: as they were recorded only if the server inflates them with
/// the same window.
fn form(recorded: Option<Deflate>, agreed: Agreed) -> Form {
    let client = |deflate: Deflate| deflate.client;
    if recorded.map(client) == agreed.deflate.map(client) {
        Form::Recorded
    } else {
        Form::Plain
    }
}

fn play(
    events: &mut ReplayEvents,
    options: &ReplayOptions,
    opened: Opened,
    script: &mut Script<BufReader<File>>,
) -> Findings {
    let Opened { stream, agreed, .. } = opened;
    let server = ServerConnection::new(stream, agreed, Instant::now());
    let mut player = Player::new(events, options, server, script);
    let (ended, failure) = match player.run() {
        Ok(ended) => (Some(ended), player.failure.map(Failure::Recording)),
        Err(error) => (None, Some(Failure::System(error))),
    };
    Findings {
        counts: player.comparison.counts,
        left_out: player.greeting.left_out(),
        tally: player.tally,
        differences: player.comparison.differences,
        ended,
        failure,
    }
}

/// Compares the status of a response, in place of a connection.
fn of_handshake(handshake: &Handshake, status: u16) -> Findings {
    const LINE: u64 = 2;
    let (expected, got) = (handshake.response.status, status);
    let mut findings = Findings::default();
    if expected == got {
        findings.counts.same = 1;
        return findings;
    }
    let shown = |status| Some(Seen::Response(status).shown(0));
    findings.counts.changed = 1;
    findings.differences.push(Difference {
        line: LINE,
        kind: DifferenceKind::Changed,
        expected: shown(expected),
        got: shown(got),
        at: None,
    });
    findings
}

/// The exit status of a replay that had no connection.
fn status_of(error: &ConnectError) -> ExitStatus {
    match error {
        ConnectError::Refused(_)
        | ConnectError::InvalidResponse(_)
        | ConnectError::SpeaksTls(_) => ExitStatus::Refused,
        _ => ExitStatus::Failed,
    }
}

/// Prints what was found.
fn conclude(
    options: &ReplayOptions,
    findings: Findings,
    remarks: Remarks,
    notes: Notes,
    seconds: f64,
) -> ExitStatus {
    let is_same = findings.counts.differences() == 0;
    let result = match (is_same, findings.ended) {
        (false, _) => Outcome::Different,
        (true, Some(Ended::Interrupted)) => Outcome::Interrupted,
        // What was sent could not be compared to its end.
        (true, Some(Ended::Stalled)) => Outcome::Different,
        (true, _) if findings.failure.is_some() => Outcome::Interrupted,
        (true, _) if findings.counts.answers() == 0 => Outcome::Nothing,
        (true, _) => Outcome::Same,
    };
    let report = Report {
        file: options.file.display().to_string(),
        url: &options.url.text,
        result,
        seconds,
        sent: findings.tally.sent,
        not_sent: findings.tally.not_sent,
        counts: findings.counts,
        greeting_recorded: findings.left_out.map(|(recorded, _)| recorded),
        greeting_received: findings.left_out.map(|(_, received)| received),
        cut_off: remarks.is_cut_off,
        notes: notes.into_texts(),
        differences: findings.differences,
    };
    let mut status = match result {
        Outcome::Same => ExitStatus::Same,
        Outcome::Different => ExitStatus::Different,
        Outcome::Nothing | Outcome::Interrupted => ExitStatus::Failed,
    };
    if let Err(error) = print(&report, options.output) {
        stderr::print(&format!("cannot print the differences: {error}"));
        status = ExitStatus::Failed;
    }
    if let Some(failure) = findings.failure {
        stderr::print(&failure.to_string());
        status = ExitStatus::Failed;
    }
    status
}

fn print(report: &Report<'_>, output: Output) -> io::Result<()> {
    let text = match output {
        Output::Json => report.json()?,
        Output::Lines => {
            for note in &report.notes {
                stderr::print(note);
            }
            report.to_string()
        }
    };
    let mut stdout = io::stdout();
    writeln!(stdout, "{text}")?;
    stdout.flush()
}
