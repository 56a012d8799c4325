//! The echo server over smoltcp, as on a microcontroller.
//!
//! ```sh
//! cargo run --example smoltcp -p ws-echo-core             # with a client in the same program
//! cargo run --example smoltcp -p ws-echo-core -- tap0     # on a TAP interface of Linux
//! ```
//!
//! The server itself is in `smoltcp/server.rs`, and a client in `smoltcp/client.rs`: files to copy.

#[path = "smoltcp/client.rs"]
mod client;
#[path = "smoltcp/server.rs"]
mod server;
#[path = "smoltcp/stack.rs"]
mod stack;
#[path = "smoltcp/talk.rs"]
mod talk;

use std::env;
use std::error::Error;
use std::io::{self, Write as _};
use std::thread;

use smoltcp::iface::SocketSet;
use smoltcp::phy::{Loopback, Medium};
use smoltcp::time::Instant;

use server::{PORT, Server};
use stack::{ADDRESS, BUFFER_LEN, Stack, socket};
use talk::{TEXTS, Talk};

/// How many clients can be connected at a time.
const SERVERS: usize = 8;

/// The longest head of a request, in bytes. Browsers send 500 and their cookies.
const HEAD_LEN: usize = 1024;

/// Whether clients may compress their messages.
const COMPRESSION: bool = true;

fn main() -> Result<(), Box<dyn Error>> {
    match env::args_os().nth(1) {
        Some(name) => serve_tap(&name.to_string_lossy()),
        None => talk_over_loopback(),
    }
}

fn serve_tap(name: &str) -> Result<(), Box<dyn Error>> {
    let mut stack = stack::on_tap(name)?;
    let mut servers = Servers::new(&mut stack.sockets);
    println!("listening on ws://{}:{PORT}", ADDRESS.address());
    loop {
        let now = stack.poll();
        servers.serve(&mut stack.sockets, now);
        stack.wait(now, servers.poll_at())?;
    }
}

fn talk_over_loopback() -> Result<(), Box<dyn Error>> {
    let mut stack = Stack::new(Loopback::new(Medium::Ethernet), |_, _| {
        thread::yield_now();
        Ok(())
    });
    let mut servers = Servers::new(&mut stack.sockets);
    let mut buffer = [0; BUFFER_LEN];
    let server = (ADDRESS.address(), PORT);
    let texts = TEXTS.map(str::to_owned);
    let mut talk = Talk::new(&mut stack, &mut buffer, server, "192.168.69.1:3000", &texts)?;
    loop {
        let now = stack.poll();
        servers.serve(&mut stack.sockets, now);
        if let Some(outcome) = talk.turn(&mut stack.sockets, now) {
            return Ok(outcome?);
        }
        stack.wait(now, servers.poll_at().chain(talk.poll_at()))?;
    }
}

/// The servers, one for each client.
struct Servers {
    servers: Vec<Server<HEAD_LEN, COMPRESSION>>,
    /// The buffer that all of them use in turn.
    storage: [u8; BUFFER_LEN],
}

impl Servers {
    fn new(sockets: &mut SocketSet<'static>) -> Self {
        let servers = (0..SERVERS).map(|_| Server::new(sockets, socket()));
        Self {
            servers: servers.collect(),
            storage: [0; BUFFER_LEN],
        }
    }

    fn serve(&mut self, sockets: &mut SocketSet<'_>, now: Instant) {
        for (number, server) in self.servers.iter_mut().enumerate() {
            server.serve(sockets, &mut self.storage, now, |change| {
                // If nobody reads the log any more, the server continues.
                let _ = writeln!(io::stdout(), "client {number}: {change}");
            });
        }
    }

    /// When a server has something to do even if nothing arrives.
    fn poll_at(&self) -> impl Iterator<Item = Instant> {
        self.servers.iter().filter_map(Server::poll_at)
    }
}
