//! The firmware in QEMU, on each of its boards. Its serial port is its log, and its TCP port 3000
//! is forwarded from a port of 127.0.0.1. The guest's clock may run slower than ours.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::log::Log;
use crate::programs::{self, QEMU};
use crate::server::PATIENCE;

/// The folder of the firmware's programs.
const VARIABLE: &str = "WS_ECHO_FIRMWARE";
/// The command that makes them, and prints where they are.
const COMMAND: &str = ".ci/firmware";

/// A board, as QEMU emulates it.
#[derive(Clone, Copy, Debug)]
pub struct Board {
    /// As the firmware's program for it is named.
    pub name: &'static str,
    /// As QEMU names it.
    pub machine: &'static str,
    /// As QEMU names its Ethernet controller.
    pub controller: &'static str,
}

/// A Cortex-M3 with 64 KiB of memory.
pub const LM3S6965: Board = Board {
    name: "lm3s6965",
    machine: "lm3s6965evb",
    controller: "stellaris",
};

/// A Cortex-M3.
pub const MPS2_AN385: Board = Board {
    name: "mps2-an385",
    machine: "mps2-an385",
    controller: "lan9118",
};

/// A Cortex-M7.
pub const MPS2_AN500: Board = Board {
    name: "mps2-an500",
    machine: "mps2-an500",
    controller: "lan9118",
};

/// How the firmware is built.
#[derive(Clone, Copy, Debug)]
pub enum Build {
    /// As it is by default.
    Default,
    /// With the feature `compression`.
    Compression,
}

/// Where the stack is, as each board's `memory.x` says.
const STACK_START: usize = 0x2000_0000;
const STACK_LEN: usize = 8 * 1024;

/// How many machines run. One that waits too long for a processor loses connections.
static RUNNING: Mutex<usize> = Mutex::new(0);
static SWITCHED_OFF: Condvar = Condvar::new();

/// The right to run a machine: there are as many as processors.
#[derive(Debug)]
struct Turn;

impl Turn {
    fn wait() -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = SWITCHED_OFF.wait_while(running, |running| *running >= processors);
        *waited.unwrap_or_else(PoisonError::into_inner) += 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        SWITCHED_OFF.notify_one();
    }
}

/// A machine that serves. It is switched off when dropped.
#[derive(Debug)]
pub struct Firmware {
    machine: Child,
    monitor: Monitor,
    /// The address to connect to.
    pub address: SocketAddr,
    /// The log.
    pub log: Log,
    _turn: Turn,
}

impl Firmware {
    /// Starts a machine, and waits until it listens. Returns `None` if the test has been skipped
    /// because there is no firmware or no QEMU.
    pub fn start(board: Board, build: Build) -> Option<Self> {
        let firmware = elf(board, build)?;
        let turn = Turn::wait();
        let monitor = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let monitored = monitor.local_addr().expect("it has an address");
        let network = "user,id=network,restrict=on,hostfwd=tcp:127.0.0.1:0-10.0.2.15:3000";
        let controller = format!("nic,netdev=network,model={}", board.controller);
        let mut machine = QEMU
            .command()
            .args(["-M", board.machine, "-display", "none"])
            .args(["-serial", "stdio", "-netdev", network])
            .args(["-net", &controller])
            .args(["-qmp", &format!("tcp:{monitored}")])
            .arg("-kernel")
            .arg(firmware)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the machine starts");
        let log = Log::default();
        log.read(machine.stdout.take().expect("stdout is piped"));
        let mut monitor = Monitor::accept(&monitor, &mut machine);
        let firmware = Self {
            address: monitor.forwarded(),
            machine,
            monitor,
            log,
            _turn: turn,
        };
        firmware.log.wait_for("listening");
        Some(firmware)
    }

    /// A URL of the server.
    pub fn url(&self) -> String {
        format!("ws://{}/", self.address)
    }

    /// Plugs in or unplugs the network cable.
    pub fn set_cable(&mut self, is_in: bool) {
        let arguments = format!("{{\"name\":\"network\",\"up\":{is_in}}}");
        self.monitor.execute("set_link", &arguments);
    }

    /// The most bytes of stack used so far. All memory was 0 at the start, so these are the bytes
    /// from the first that is not 0.
    pub fn stack_depth(&mut self) -> usize {
        let command = format!("xp /{STACK_LEN}xb {STACK_START:#x}");
        let dump = self.monitor.execute_line(&command);
        // Lines with an address, a colon and bytes: 0000000020000000: 0x00 0x00 ...
        let bytes = dump.split_whitespace().filter(|it| it.starts_with("0x"));
        let (len, unused) = bytes.fold((0, None), |(len, first), byte| {
            (len + 1, first.or((byte != "0x00").then_some(len)))
        });
        assert_eq!(len, STACK_LEN, "{dump}");
        STACK_LEN - unused.unwrap_or(STACK_LEN)
    }
}

impl Drop for Firmware {
    fn drop(&mut self) {
        let _ = self.machine.kill();
        let _ = self.machine.wait();
    }
}

/// The firmware for a board. Returns `None` if the test has been skipped because there is no
/// firmware or no QEMU.
///
/// # Panics
///
/// If the named folder does not have it.
pub fn elf(board: Board, build: Build) -> Option<PathBuf> {
    // Tests run in their package's folder, but users write paths relative to the workspace.
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = env::var_os(VARIABLE).map(|path| workspace.join(path));
    let Some(folder) = folder else {
        let remedy = format!("{VARIABLE}=PATH, which {COMMAND} prints");
        programs::skip("the firmware", &remedy);
        return None;
    };
    if !QEMU.is_there(&["--version"]) {
        return None;
    }
    let suffix = match build {
        Build::Default => "",
        Build::Compression => "-compression",
    };
    let firmware = folder.join(format!("{}{suffix}", board.name));
    assert!(firmware.exists(), "{} is not there", firmware.display());
    Some(firmware)
}

/// QEMU's monitor: lines of JSON (QMP).
#[derive(Debug)]
struct Monitor {
    stream: BufReader<TcpStream>,
}

impl Monitor {
    fn accept(listener: &TcpListener, machine: &mut Child) -> Self {
        listener
            .set_nonblocking(true)
            .expect("a socket can be set up");
        let start = Instant::now();
        let stream = loop {
            if let Ok((stream, _)) = listener.accept() {
                break stream;
            }
            let ended = machine.try_wait().expect("a child can be waited for");
            assert_eq!(ended, None, "the machine does not start");
            assert!(start.elapsed() < PATIENCE, "the machine does not connect");
            thread::sleep(Duration::from_millis(5));
        };
        stream.set_nonblocking(false).expect("it can");
        stream.set_read_timeout(Some(PATIENCE)).expect("it can");
        let mut monitor = Self {
            stream: BufReader::new(stream),
        };
        monitor.line("\"QMP\"");
        monitor.execute("qmp_capabilities", "{}");
        monitor
    }

    /// Runs a command for humans.
    fn execute_line(&mut self, line: &str) -> String {
        let arguments = format!("{{\"command-line\":\"{line}\"}}");
        self.execute("human-monitor-command", &arguments)
    }

    /// The address that is forwarded to the guest's port.
    fn forwarded(&mut self) -> SocketAddr {
        let network = self.execute_line("info usernet");
        // TCP[HOST_FORWARD], a file, the address and the port here, those of the guest.
        let mut words = network.split_whitespace();
        words.find(|word| word.contains("HOST_FORWARD"));
        let [_, address, port] = [words.next(), words.next(), words.next()];
        let address = address.zip(port).map(|(ip, port)| format!("{ip}:{port}"));
        let address = address.and_then(|address| address.parse().ok());
        address.unwrap_or_else(|| panic!("no port is forwarded: {network}"))
    }

    /// Runs a command, and returns its answer with line ends replaced by white space.
    fn execute(&mut self, command: &str, arguments: &str) -> String {
        let command = format!("{{\"execute\":\"{command}\",\"arguments\":{arguments}}}\n");
        let sent = self.stream.get_mut().write_all(command.as_bytes());
        sent.expect("the machine is there");
        self.line("\"return\"").replace("\\r\\n", " ")
    }

    /// The next line that contains `wanted`; other lines are events.
    fn line(&mut self, wanted: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.stream.read_line(&mut line);
            assert!(read.is_ok_and(|len| len > 0), "the machine is gone");
            assert!(!line.contains("\"error\""), "{line}");
            if line.contains(wanted) {
                return line;
            }
        }
    }
}
