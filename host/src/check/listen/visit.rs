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
use crate::check::client_request::ClientRequest;
use crate::check::player::client_opening::WaitingClient;
use crate::check::player::connection::Connection;
use crate::check::player::play_client;
use crate::check::report::CaseResult;
use crate::check::request_part::Circumstances;
use crate::check::timing::Timing;
use crate::check::transcript::Detail;
use crate::client::waiter::SocketPoll;
use crate::lock::lock;

/// How long the result of a case that is being played is waited for.
const RESULT_PATIENCE: Duration = Duration::from_secs(90);
/// How many keys are remembered.
const KEYS_MAX: usize = 100_000;
/// The longest key that is remembered. A right one has 24 bytes; others would fill the memory.
const KEY_LEN_MAX: usize = 64;
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
    let mut poll = SocketPoll::new()?;
    let mut connection = Connection::accepted(&mut poll, stream)?;
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
            None => return Ok(()),
            Some(client) => (connection, received) = (client.connection, client.behind),
        }
    }
}

/// What is done for a client.
enum Task {
    Run { case: usize, agent: String },
    Tell(String),
    Report { agent: String, is_last: bool },
    Stop,
}

/// Why nothing is done for a client.
struct Refusal {
    status: &'static str,
    why: String,
}

impl Refusal {
    fn bad(why: String) -> Self {
        let status = "400 Bad Request";
        Self { status, why }
    }

    /// Refuses the request over HTTP.
    fn send(&self, mut client: WaitingClient<'_>) {
        let refusal = refusal(self.status, &self.why);
        if client.send(refusal.as_bytes()).is_ok() {
            client.connection.end_sending();
            // So that what it has sent besides does not reset the connection before it reads this.
            client.listen(client.timing.quiet());
        }
    }
}

impl Listening {
    /// Whether a key was used before.
    fn has_used(&self, key: Option<&str>) -> bool {
        let mut keys = lock(&self.keys);
        match key {
            Some(key) if key.len() <= KEY_LEN_MAX && keys.len() < KEYS_MAX => {
                !keys.insert(key.to_owned())
            }
            _ => false,
        }
    }

    /// Does what a client asks for. One that sends another request on the same connection is
    /// returned.
    fn answer<'a>(
        &self,
        client: WaitingClient<'a>,
        around: Circumstances,
    ) -> Option<WaitingClient<'a>> {
        match self.task(&client.request) {
            Err(refusal) => refusal.send(client),
            Ok(Task::Run { case, agent }) => return self.run(client, case, &agent, around),
            Ok(Task::Tell(text)) => answer(client, Some(text)),
            Ok(Task::Report { agent, is_last }) => {
                self.report(agent);
                answer(client, None);
                if is_last {
                    self.orders.send(Order::Stop);
                }
            }
            Ok(Task::Stop) => {
                // A client sees the end of its case before the result is there.
                self.agents.wait(|_| true, RESULT_PATIENCE);
                answer(client, None);
                self.orders.send(Order::Stop);
            }
        }
        None
    }

    /// What a request asks for.
    fn task(&self, request: &ClientRequest) -> Result<Task, Refusal> {
        let route = Route::read(request.target()).map_err(|wrong| match wrong {
            WrongRoute::NoSuchPath => Refusal {
                status: "404 Not Found",
                why: wrong.words(),
            },
            WrongRoute::BadQuery(_) => Refusal::bad(wrong.words()),
        })?;
        let is_case = matches!(route, Route::RunCase { .. });
        if !is_case && let Some(why) = not_websocket(request) {
            return Err(Refusal {
                status: "426 Upgrade Required",
                why: why.into(),
            });
        }
        Ok(match route {
            Route::CaseCount => Task::Tell(self.cases.len().to_string()),
            Route::RunCase { case, agent } => Task::Run {
                case: self.find(&case)?,
                agent,
            },
            Route::CaseInfo { case } => Task::Tell(info(&self.cases[self.find(&case)?])),
            Route::CaseStatus { case, agent } => {
                let case = self.find(&case)?;
                let verdict = self.agents.verdict(&agent, case, RESULT_PATIENCE);
                let behavior = behavior(verdict.as_ref());
                Task::Tell(serde_json::json!({ "behavior": behavior }).to_string())
            }
            Route::UpdateReports { agent, is_last } => Task::Report { agent, is_last },
            Route::StopServer => Task::Stop,
        })
    }

    /// Asks for the reports, and waits until they are there.
    fn report(&self, agent: String) {
        self.agents.wait(|it| it == agent, RESULT_PATIENCE);
        let (done, is_done) = mpsc::channel();
        self.orders.send(Order::Report(agent, done));
        // The other end is dropped when all is written.
        let _ = is_done.recv();
    }

    /// The index of a case.
    fn find(&self, name: &CaseName) -> Result<usize, Refusal> {
        let count = self.cases.len();
        let found = match name {
            CaseName::Number(number) => number.checked_sub(1).filter(|index| *index < count),
            CaseName::Id(id) => self
                .cases
                .iter()
                .position(|case| case.id == *id || case.autobahn.as_deref() == Some(id)),
        };
        found.ok_or_else(|| {
            Refusal::bad(match name {
                CaseName::Number(number) => {
                    format!("There is no case {number}: there are {count}, from 1.\n")
                }
                CaseName::Id(id) => format!("There is no case {id}.\n"),
            })
        })
    }

    /// Plays a case against a client. One that sends another request on the same connection is
    /// returned.
    fn run<'a>(
        &self,
        client: WaitingClient<'a>,
        index: usize,
        agent: &str,
        around: Circumstances,
    ) -> Option<WaitingClient<'a>> {
        let product = client.request.head.value("User-Agent");
        if self.agents.begin(agent, product, index).is_err() {
            let why = "Too many agents: use the same name for all cases of a client.\n";
            Refusal::bad(why.into()).send(client);
            return None;
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
        reused
    }
}

/// What a case is, for programs that know Autobahn's numbers.
fn info(case: &Case) -> String {
    let id = case.autobahn.as_ref().unwrap_or(&case.id);
    serde_json::json!({ "id": id, "description": case.claim, "case": case.id }).to_string()
}
