//! The echo client, which plays the cases of a server as Autobahn's harnesses do.

use std::io::{self, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::conversation::{Conversation, Role};
use super::fault::{Fault, Faults};
use super::head::Head;
use super::input::Input;
use super::response::Request;

/// How long the server may stay silent.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// A client of a server that tests clients, with at most one fault.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// Such as `127.0.0.1:9001`.
    pub host: &'a str,
    /// What the reports call it.
    pub agent: &'a str,
    /// What it does wrong in the cases.
    pub fault: Option<Fault>,
}

impl Client<'_> {
    /// How many cases there are.
    ///
    /// # Errors
    ///
    /// If the server does not say it.
    pub fn case_count(self) -> io::Result<usize> {
        let count = self.ask("/getCaseCount")?;
        count.parse().map_err(io::Error::other)
    }

    /// Plays a case. Whether that goes well is in the server's reports.
    pub fn run_case(self, case: usize) {
        let resource = format!("/runCase?case={case}&agent={}", self.agent);
        if let Ok(conversation) = self.open(&resource, Faults(self.fault)) {
            conversation.run();
        }
    }

    /// Lets the server write its reports.
    ///
    /// # Errors
    ///
    /// If it does not take the request.
    pub fn update_reports(self) -> io::Result<()> {
        let resource = format!("/updateReports?agent={}", self.agent);
        self.open(&resource, Faults(None))?.run();
        Ok(())
    }

    /// What the server says about a case: its id, and how the client behaved.
    ///
    /// # Errors
    ///
    /// If it does not say it.
    pub fn case_status(self, case: usize) -> io::Result<(String, String)> {
        let info = self.ask(&format!("/getCaseInfo?case={case}"))?;
        let agent = self.agent;
        let status = self.ask(&format!("/getCaseStatus?case={case}&agent={agent}"))?;
        Ok((info, status))
    }

    /// The first message that is received.
    fn ask(self, resource: &str) -> io::Result<String> {
        let mut conversation = self.open(resource, Faults(None))?;
        conversation.kept_messages = Some(Vec::new());
        let messages = conversation.run().unwrap_or_default();
        let first = messages.into_iter().next();
        let first = first.ok_or_else(|| io::Error::other("the server says nothing"))?;
        String::from_utf8(first).map_err(io::Error::other)
    }

    fn open(self, resource: &str, faults: Faults) -> io::Result<Conversation> {
        let mut stream = TcpStream::connect(self.host)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(SILENCE_MAX))?;
        let request = Request::new(self.host, resource, faults);
        stream.write_all(request.text.as_bytes())?;
        let mut input = Input::new(stream.try_clone()?);
        let refused = || io::Error::other("the server does not open the connection");
        let role = Role::Client;
        let mut head = Head::read(&mut input, role, faults).map_err(|_| refused())?;
        while head.is_interim() {
            head = Head::read(&mut input, role, faults).map_err(|_| refused())?;
        }
        let agreed = request.judge(&head, faults).map_err(|()| refused())?;
        if faults.has(Fault::LosesGluedFrames) {
            input.forget();
        }
        Ok(Conversation::new(input, stream, role, agreed, faults))
    }
}
