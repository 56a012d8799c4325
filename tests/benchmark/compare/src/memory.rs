//! Memory of an idle connection: the growth of a server's resident memory divided by the number of
//! connections, once after they were opened, and again after each has echoed some messages.

use std::fs;

use anyhow::Context;

use crate::client::{self, Client};
use crate::server::{ON_FIRST_CORE, Running, Server};
use crate::table;

/// These are opened first and stay: a server's first connections need more memory than the others.
const FIRST_CONNECTIONS: usize = 10;

/// What is done with a server before and while its memory is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Use {
    connections: usize,
    /// What each connection echoes.
    messages: usize,
    message_len: usize,
    /// The messages, for the head of a table.
    name: &'static str,
}

/// As many connections as a process may hold with a limit of 20,000 files.
pub(crate) const PLAIN: Use = Use {
    connections: 19_000,
    messages: 1,
    message_len: 64 * 1024,
    name: "64 KiB",
};
/// A compressor needs hundreds of kilobytes.
pub(crate) const COMPRESSED: Use = Use {
    connections: 1_000,
    messages: 3,
    message_len: 16 * 1024,
    name: "3 x 16 KiB",
};

/// Compares. Returns `false` if a server did not hold the connections.
pub(crate) fn compare(servers: &[Server], usage: Use) -> bool {
    let mut rows = Vec::new();
    let mut all_echoed = true;
    for server in servers {
        match measure(server, usage).with_context(|| server.name.to_owned()) {
            Ok([idle, again]) => rows.push(vec![
                server.name.to_owned(),
                format!("{idle:.0}"),
                format!("{again:.0}"),
            ]),
            Err(error) => {
                eprintln!("{error:#}");
                all_echoed = false;
            }
        }
    }
    println!(
        "\nResident bytes of each of {} idle connections:\n",
        usage.connections
    );
    let again = format!("after each has echoed {}", usage.name);
    table::print(&table::cells(&["server", "opened", &again]), &rows);
    all_echoed
}

fn measure(server: &Server, usage: Use) -> anyhow::Result<[f64; 2]> {
    let running = server.start(&ON_FIRST_CORE, 1, None)?;
    let text = client::json(usage.message_len);
    let echo = |client: &mut Client| (0..usage.messages).try_for_each(|_| client.echo(&text));
    let mut clients = Vec::with_capacity(usage.connections + FIRST_CONNECTIONS);
    for _ in 0..FIRST_CONNECTIONS {
        let mut client = Client::connect(server, &running)?;
        echo(&mut client)?;
        clients.push(client);
    }
    let before = resident(&running)?;
    for number in 0..usage.connections {
        let client = Client::connect(server, &running);
        clients.push(client.with_context(|| format!("connection {number}"))?);
    }
    let opened = resident(&running)?;
    clients.iter_mut().try_for_each(echo)?;
    let again = resident(&running)?;
    Ok([opened, again].map(|bytes| (bytes - before) / usage.connections as f64))
}

/// The resident memory of a process in bytes. (`/proc/PID/status` is not exact.)
fn resident(running: &Running) -> anyhow::Result<f64> {
    let memory = fs::read_to_string(format!("/proc/{}/smaps_rollup", running.process()))?;
    let line = memory.lines().find_map(|line| line.strip_prefix("Rss:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kibibytes: f64 = kibibytes.context("no Rss")?.trim().parse()?;
    Ok(kibibytes * 1024.0)
}
