//! Connections that are too many, send nothing, come and go, or stay.

use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};
use ws_echo_tests::programs;
use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::{Server, command, in_shell};
use ws_echo_tests::sessions::expect_echo;
use ws_echo_tests::wire::{CLOSE, Frame, PING, TEXT, masked};

use crate::table::Row;
use crate::target::{Cost, OPENING, SMALL_BUFFER, Target, at_once, status};

pub(crate) fn too_many() -> Row {
    const THREADS: usize = 4;
    const CLIENTS: usize = 125;
    let target = Target::start(&["--max-connections", "4"]);
    let mut served: Vec<_> = (0..3).map(|_| Client::open(target.address())).collect();
    let refused: usize = at_once(THREADS, |_| {
        let connect = |_| Client::connect(target.address());
        let clients: Vec<_> = (0..CLIENTS).map(connect).collect();
        let heads = clients.into_iter().filter_map(|mut client| {
            // The server may not read it.
            client.try_send(request("/"));
            client.try_receive_head()
        });
        let is_right = |head: &String| {
            head.starts_with("HTTP/1.1 503 ") && head.contains("\r\nRetry-After: 5\r\n")
        };
        heads
            .inspect(|head| assert!(is_right(head), "{head}"))
            .count()
    })
    .iter()
    .sum();
    assert!(refused > 0);
    served.iter_mut().for_each(expect_echo);
    drop(served);
    let all = THREADS * CLIENTS;
    let cost = Cost {
        memory: all as u64 * OPENING,
        log_lines: 6,
    };
    let done = format!("{all} connections over --max-connections 4");
    let answered = format!(
        "503 with Retry-After to {refused}, the end to {}",
        all - refused
    );
    target.row(cost, done, answered)
}

/// An address with too many connections is refused, and takes no other client's place.
pub(crate) fn too_many_of_one_address() -> Row {
    const THREADS: usize = 4;
    const CLIENTS: usize = 50;
    let limits = ["--max-connections=50", "--max-connections-per-ip=10"];
    let target = Target::start(&limits);
    let attacker = SocketAddr::from(([127, 0, 0, 2], 0));
    let served: Vec<_> = (0..10)
        .map(|_| Client::of(connect_from(attacker, target.address())))
        .map(|mut client| {
            client.send(request("/"));
            assert_eq!(status(&mut client).as_deref(), Some("101"));
            client
        })
        .collect();
    let held: Vec<Vec<Client>> = at_once(THREADS, |_| {
        let connect = |_| Client::of(connect_from(attacker, target.address()));
        (0..CLIENTS).map(connect).collect()
    });
    let mut other = Client::connect(target.address());
    other.send(request("/"));
    let status_of_other = status(&mut other);
    let refused: usize = held
        .into_iter()
        .flatten()
        .filter_map(|mut client| status(&mut client))
        .inspect(|status| assert_eq!(status, "429"))
        .count();
    assert!(refused > 0);
    assert_eq!(status_of_other.as_deref(), Some("101"), "another address");
    drop((served, other));
    let all = THREADS * CLIENTS;
    let cost = Cost {
        memory: all as u64 * OPENING,
        log_lines: 40,
    };
    let done = format!("{all} connections over --max-connections-per-ip 10");
    let answered = format!(
        "429 to {refused}, the end to {}; 101 to another address",
        all - refused
    );
    target.row(cost, done, answered)
}

/// A connection from one of this machine's addresses.
fn connect_from(from: SocketAddr, to: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket
        .bind(&from.into())
        .expect("an address of this machine");
    socket.connect(&to.into()).expect("the server listens");
    socket.into()
}

pub(crate) fn half_open() -> Row {
    const CLIENTS: usize = 200;
    let target = Target::start(&["--handshake-timeout", "500ms"]);
    let request = request("/");
    let mut clients: Vec<_> = (0..CLIENTS)
        .map(|i| {
            let mut client = Client::connect(target.address());
            // Every second one sends nothing at all.
            client.send(&request[..(i % 2) * (i * 7 % request.len())]);
            client
        })
        .collect();
    for client in &mut clients {
        assert_eq!(status(client).as_deref(), Some("408"));
    }
    drop(clients);
    target.logged(CLIENTS, "408 Request Timeout");
    let cost = Cost {
        memory: CLIENTS as u64 * (OPENING + SMALL_BUFFER),
        log_lines: CLIENTS,
    };
    let done = format!("{CLIENTS} that say nothing, or a part of a request");
    target.row(cost, done, "408 to each")
}

pub(crate) fn silent() -> Row {
    const CLIENTS: usize = 200;
    let target = Target::start(&["--ping-interval=500ms", "--ping-timeout=2s"]);
    let open = |_| Client::open(target.address());
    let mut clients: Vec<_> = (0..CLIENTS).map(open).collect();
    let reason = [&1011_u16.to_be_bytes()[..], b"no answer to a ping"].concat();
    for client in &mut clients {
        assert_eq!(client.receive_frame(), Some(Frame::new(PING, "")));
        assert_eq!(client.receive_frame(), Some(Frame::new(CLOSE, &reason)));
        assert_eq!(client.receive_frame(), None);
    }
    target.logged(CLIENTS, "lost: no answer to a ping");
    let cost = Cost {
        memory: CLIENTS as u64 * OPENING,
        log_lines: 2 * CLIENTS,
    };
    let done = format!("{CLIENTS} connected, and answer no Ping");
    target.row(cost, done, "a Ping and Close 1011 to each, dropped")
}

pub(crate) fn come_and_go() -> Row {
    const ROUNDS: usize = 10;
    const CLIENTS: usize = 500;
    let target = Target::start(&[]);
    let address = target.address();
    for _ in 0..ROUNDS {
        let clients: Vec<_> = (0..CLIENTS).map(|_| Client::connect(address)).collect();
        for (i, mut client) in clients.into_iter().enumerate() {
            match i % 5 {
                0 => drop(client),
                1 => client.reset(),
                2 => client.send(request("/")),
                3 => {
                    client.send(request("/"));
                    client.reset();
                }
                _ => {
                    client.send(request("/"));
                    client.receive_head();
                    client.send(&masked(TEXT, "half a frame")[..9]);
                }
            }
        }
    }
    let all = ROUNDS * CLIENTS;
    let cost = Cost {
        memory: CLIENTS as u64 * (OPENING + SMALL_BUFFER),
        log_lines: 2 * all,
    };
    let done = format!("{all} opened and dropped, {CLIENTS} at once");
    target.row(cost, done, "101 to those that have asked")
}

pub(crate) fn idle() -> Row {
    const CLIENTS: usize = IDLE_CLIENTS as usize;
    let mut probe = Command::new("sh");
    probe.args(["-c", &format!("ulimit -n {FILES}")]);
    if !programs::is_there(
        "12,000 open files",
        "a higher hard limit: ulimit -Hn",
        &mut probe,
    ) {
        return Row::skipped();
    }
    let target = Target::start(&[]);
    let before = resident_memory(target.server.id());
    let mut clients: Vec<_> = (0..CLIENTS)
        .map(|_| Client::open(target.address()))
        .collect();
    let after = resident_memory(target.server.id());
    clients.iter_mut().step_by(100).for_each(expect_echo);
    target.one_round();
    let each = before
        .zip(after)
        .map(|(before, after)| after.saturating_sub(before) / CLIENTS as u64);
    drop(clients);
    let cost = Cost {
        memory: CLIENTS as u64 * IDLE_MAX,
        log_lines: 2 * CLIENTS,
    };
    let done = format!("{CLIENTS} held, 100 of them echo");
    let each = each.map_or("not known".into(), |len| format!("{len} bytes"));
    target.row(
        cost,
        done,
        format!("101 and echoes; memory for each: {each}"),
    )
}

/// The most memory that an idle connection may need. (It needs less; see the benchmark for how
/// much.)
const IDLE_MAX: u64 = 256;

const IDLE_CLIENTS: u64 = 10_000;
/// How many files this process needs: for the idle connections and for the attacks beside them.
const FILES: u64 = IDLE_CLIENTS + 2_000;

/// Allows this process and its servers as many files as they need, if the system does.
pub(crate) fn raise_file_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let most = maximum.unwrap_or(u64::MAX);
    let current = current.map(|current| current.max(most.min(FILES)));
    let raised = setrlimit(Resource::Nofile, Rlimit { current, maximum });
    raised.expect("no more than the system allows");
}

/// A process's current memory, if the system reports it.
fn resident_memory(id: u32) -> Option<u64> {
    let pages = std::fs::read_to_string(format!("/proc/{id}/statm")).ok()?;
    let pages: u64 = pages.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// The server never runs out of files: it serves fewer clients. (What it does when the system
/// refuses one is tested by `fault_injection`.)
pub(crate) fn few_files() -> Row {
    const FILES: u32 = 48;
    const CLIENTS: usize = 200;
    const WATCHED: Duration = Duration::from_secs(1);
    let served = command(["--listen", "127.0.0.1:0", "--no-welcome", "--threads=2"]);
    let mut limited = in_shell(&format!(r#"ulimit -n {FILES} && exec "$0" "$@""#), &served);
    let target = Target::of(Server::spawn(limited.stderr(Stdio::piped())));
    let connect = |_| Client::connect(target.address());
    let clients: Vec<_> = (0..CLIENTS).map(connect).collect();
    let before = processor_ticks(target.server.id());
    thread::sleep(WATCHED);
    let after = processor_ticks(target.server.id());
    let (mut served, mut refused) = (0, 0);
    for mut client in clients {
        client.try_send(request("/"));
        match status(&mut client).as_deref() {
            Some("101") => served += 1,
            Some("503") => refused += 1,
            Some(other) => panic!("{other}"),
            None => {}
        }
    }
    assert!(!target.server.log().contains("cannot accept"));
    let ticks = before.zip(after).map(|(before, after)| after - before);
    let processor = ticks.map_or("not known".into(), |ticks| format!("{ticks} of 100 ticks"));
    let cost = Cost {
        memory: u64::from(FILES) * (OPENING + SMALL_BUFFER),
        log_lines: 2 * FILES as usize,
    };
    let done = format!("{CLIENTS} connections, {FILES} file descriptors");
    let answered = format!(
        "101 to {served}, 503 to {refused}, no answer to others; processor in a second: {processor}"
    );
    target.row(cost, done, answered)
}

/// The processor time of a process, in ticks of usually 10 ms, if the system reports it.
fn processor_ticks(id: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The program's name, in brackets, may contain anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks = fields.split(' ').skip(11).take(2);
    ticks.map(|field| field.parse::<u64>().ok()).sum()
}
