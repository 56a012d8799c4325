//! Memory of an idle connection: the growth of a server's resident memory divided by the number of
//! connections, once after they were opened, and again after each has echoed a long message.

use std::fs;

use anyhow::Context;

use crate::client::Client;
use crate::server::{ON_FIRST_CORE, Server};
use crate::table;

/// As many as a process may hold with a limit of 20,000 files.
const CONNECTIONS: usize = 19_000;
/// These are opened first and stay: a server's first connections need more memory than the others.
const FIRST_CONNECTIONS: usize = 10;
const MESSAGE_LEN: usize = 64 * 1024;

/// Compares. Returns `false` if a server did not hold the connections.
///
/// # Errors
///
/// None for now.
pub(crate) fn compare(servers: &[Server]) -> anyhow::Result<bool> {
    let mut rows = Vec::new();
    let mut all_echoed = true;
    for server in servers {
        match measure(server).with_context(|| server.name.to_owned()) {
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
    println!("\nResident bytes of each of {CONNECTIONS} idle connections:\n");
    let head = ["server", "opened", "after each has echoed 64 KiB"];
    table::print(&table::cells(&head), &rows);
    Ok(all_echoed)
}

fn measure(server: &Server) -> anyhow::Result<[f64; 2]> {
    let running = server.start(&ON_FIRST_CORE, 1, None)?;
    let message = vec![0x55; MESSAGE_LEN];
    let mut clients = Vec::with_capacity(CONNECTIONS + FIRST_CONNECTIONS);
    for _ in 0..FIRST_CONNECTIONS {
        let mut client = Client::connect(running.port)?;
        client.echo(&message)?;
        clients.push(client);
    }
    let before = resident(running.process())?;
    for number in 0..CONNECTIONS {
        let client = Client::connect(running.port);
        clients.push(client.with_context(|| format!("connection {number}"))?);
    }
    let opened = resident(running.process())?;
    for client in &mut clients {
        client.echo(&message)?;
    }
    let again = resident(running.process())?;
    Ok([opened, again].map(|bytes| (bytes - before) / CONNECTIONS as f64))
}

/// The resident memory of a process in bytes. (`/proc/PID/status` is not exact.)
fn resident(process: u32) -> anyhow::Result<f64> {
    let memory = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
    let line = memory.lines().find_map(|line| line.strip_prefix("Rss:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kibibytes: f64 = kibibytes.context("no Rss")?.trim().parse()?;
    Ok(kibibytes * 1024.0)
}
