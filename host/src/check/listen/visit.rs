//! One connection of a client under test, from its request to its end.

use std::collections::HashSet;
use std::io;
use std::net::TcpStream;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mio::Waker;

use super::agents::Agents;
use super::control::{answer, behavior, not_websocket, refusal};
use super::route::{CaseName, Route, WrongRoute};
use crate::check::case::Case;
use crate::check::player::client_opening::WaitingClient;
use crate::check::player::connection::Connection;
use crate::check::player::events::CheckEvents;
use crate::check::player::play_client;
use crate::check::report::CaseResult;
use crate::check::request_part::Circumstances;
use crate::check::timing::Timing;
use crate::check::transcript::Detail;
use crate::lock::lock;

/// How long the result of a case that is being played is waited for.
const RESULT_PATIENCE: Duration = Duration::from_secs(90);
/// How many keys are remembered.
const KEYS_MAX: usize = 100_000;
/// The round trip time to another machine, for waits: it is not measured.
const REMOTE: Timing = Timing {
    round_trip: Duration::from_millis(25),
};

/// What all connections use.
pub(super) struct Listening {
    /// In the order in which clients count them.
    pub(super) cases: Vec<Case>,
    pub(super) agents: Agents,
    pub(super) detail: Detail,
    pub(super) orders: Orders,
    /// The keys of all requests.
    pub(super) keys: Mutex<HashSet<String>>,
}

/// The way to the main thread.
pub(super) struct Orders {
    sender: Sender<Order>,
    waker: Arc<Waker>,
}

impl Orders {
    pub(super) fn new(sender: Sender<Order>, waker: Arc<Waker>) -> Self {
        Self { sender, waker }
    }

    /// Asks for something. When the main thread is ending, nothing happens.
    fn send(&self, order: Order) {
        if self.sender.send(order).is_ok() {
            let _ = self.waker.wake();
        }
    }
}

/// What a client asks the main thread for.
pub(super) enum Order {
    /// The reports with this agent; then the channel is closed.
    Report(String, Sender<()>),
    Stop,
}

/// Serves one connection.
///
/// # Errors
///
/// When the system refuses to poll it.
pub(super) fn serve(listening: &Listening, stream: TcpStream) -> io::Result<()> {
    let is_local = stream.peer_addr()?.ip().to_canonical().is_loopback();
    let timing = if is_local { Timing::LOCAL } else { REMOTE };
    let port = stream.local_addr()?.port();
    let mut events = CheckEvents::new()?;
    let mut connection = Connection::accepted(&mut events, stream)?;
    let mut received = Vec::new();
    loop {
        // Whoever only looks whether the port is open sends nothing.
        let client = WaitingClient::receive(connection, received, timing, listening.detail);
        let Ok(client) = client else {
            return Ok(());
        };
        let around = Circumstances {
            port,
            has_used_key: listening.has_used(client.request.key()),
            early_len: 0,
        };
        match listening.answer(client, around) {
            Ok(None) => return Ok(()),
            Ok(Some(client)) => (connection, received) = (client.connection, client.behind),
            Err((client, status, why)) => {
                refuse(client, status, &why);
                return Ok(());
            }
        }
    }
}

fn refuse(mut client: WaitingClient<'_>, status: &str, why: &str) {
    let refusal = refusal(status, why);
    if client.send(refusal.as_bytes()).is_ok() {
        client.connection.end_sending();
        // So that what it has sent besides does not reset the connection before it reads this.
        client.listen(client.timing.quiet());
    }
}

/// Why a request is refused: the status, and a text.
type Refusal<'a> = (WaitingClient<'a>, &'static str, String);

impl Listening {
    /// Whether a key was used before.
    fn has_used(&self, key: Option<&str>) -> bool {
        let mut keys = lock(&self.keys);
        match key {
            Some(key) if keys.len() < KEYS_MAX => !keys.insert(key.to_owned()),
            _ => false,
        }
    }

    /// Does what a client asks for. One that sends another request on the same connection is
    /// returned.
    fn answer<'a>(
        &self,
        client: WaitingClient<'a>,
        around: Circumstances,
    ) -> Result<Option<WaitingClient<'a>>, Refusal<'a>> {
        let route = match Route::read(client.request.target()) {
            Ok(route) => route,
            Err(wrong @ WrongRoute::NoSuchPath) => {
                return Err((client, "404 Not Found", wrong.words()));
            }
            Err(wrong) => return Err((client, "400 Bad Request", wrong.words())),
        };
        let is_case = matches!(route, Route::RunCase { .. });
        if !is_case && let Some(why) = not_websocket(&client.request) {
            return Err((client, "426 Upgrade Required", why.into()));
        }
        let text = match route {
            Route::RunCase { case, agent } => return self.run(client, &case, &agent, around),
            Route::CaseCount => Some(self.cases.len().to_string()),
            Route::CaseInfo { case } => match self.find(&case) {
                Ok(index) => Some(info(&self.cases[index])),
                Err(why) => return Err((client, "400 Bad Request", why)),
            },
            Route::CaseStatus { case, agent } => match self.find(&case) {
                Ok(index) => {
                    let outcome = self.agents.outcome(&agent, index, RESULT_PATIENCE);
                    let behavior = behavior(outcome);
                    Some(serde_json::json!({ "behavior": behavior }).to_string())
                }
                Err(why) => return Err((client, "400 Bad Request", why)),
            },
            Route::UpdateReports { agent, is_last } => {
                self.report(agent);
                answer(client, None);
                if is_last {
                    self.orders.send(Order::Stop);
                }
                return Ok(None);
            }
            Route::StopServer => {
                answer(client, None);
                self.orders.send(Order::Stop);
                return Ok(None);
            }
        };
        answer(client, text);
        Ok(None)
    }

    /// Asks for the reports, and waits until they are there.
    fn report(&self, agent: String) {
        self.agents.wait(&agent, RESULT_PATIENCE);
        let (done, is_done) = mpsc::channel();
        self.orders.send(Order::Report(agent, done));
        // The other end is dropped when all is written.
        let _ = is_done.recv();
    }

    /// The index of a case.
    fn find(&self, name: &CaseName) -> Result<usize, String> {
        let count = self.cases.len();
        match name {
            CaseName::Number(number) if (1..=count).contains(number) => Ok(number - 1),
            CaseName::Number(number) => Err(format!(
                "There is no case {number}: there are {count}, from 1.\n"
            )),
            CaseName::Id(id) => self
                .cases
                .iter()
                .position(|case| case.id == *id || case.autobahn.as_deref() == Some(id))
                .ok_or_else(|| format!("There is no case {id}.\n")),
        }
    }

    /// Plays a case against a client.
    fn run<'a>(
        &self,
        client: WaitingClient<'a>,
        case: &CaseName,
        agent: &str,
        around: Circumstances,
    ) -> Result<Option<WaitingClient<'a>>, Refusal<'a>> {
        let index = match self.find(case) {
            Ok(index) => index,
            Err(why) => return Err((client, "400 Bad Request", why)),
        };
        let product = client.request.head.value("User-Agent");
        if self.agents.begin(agent, product, index).is_err() {
            let why = "Too many agents: use the same name for all cases of a client.\n";
            return Err((client, "400 Bad Request", why.into()));
        }
        let case = &self.cases[index];
        let start = Instant::now();
        let (verdict, transcript, reused) = play_client(client, case, around);
        let result = CaseResult {
            case: case.clone(),
            verdict,
            transcript,
            time: start.elapsed(),
        };
        self.agents.end(agent, index, result);
        Ok(reused)
    }
}

/// What a case is, for programs that know Autobahn's numbers.
fn info(case: &Case) -> String {
    let id = case.autobahn.as_ref().unwrap_or(&case.id);
    serde_json::json!({ "id": id, "description": case.claim, "case": case.id }).to_string()
}
