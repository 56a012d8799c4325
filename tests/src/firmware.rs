//! The firmware in QEMU: an LM3S6965 whose serial port is its log, and whose TCP port 3000 is a port of
//! 127.0.0.1 here. The guest's clock is not ours: it may run slower.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use crate::log::Log;
use crate::required;

/// Names the firmware, an ELF file.
const VARIABLE: &str = "WS_ECHO_FIRMWARE";

const QEMU: &str = "qemu-system-arm";

/// Where the stack is, as the firmware's `memory.x` says.
const STACK_START: usize = 0x2000_0000;
const STACK_LEN: usize = 8 * 1024;

/// A machine that serves. It is switched off at the end.
#[derive(Debug)]
pub struct Firmware {
    machine: Child,
    monitor: Monitor,
    /// Where it is reached.
    pub address: SocketAddr,
    /// What it logs.
    pub log: Log,
}

impl Firmware {
    /// Starts a machine, and waits until it listens; `None` when `test` has been skipped, because there is
    /// no firmware or no QEMU.
    pub fn start(test: &str) -> Option<Self> {
        let firmware = env::var_os(VARIABLE).unwrap_or_else(|| VARIABLE.into());
        let is_there = required::is_there(test, Command::new("test").arg("-e").arg(&firmware))
            && required::is_there(test, Command::new(QEMU).arg("--version"));
        if !is_there {
            return None;
        }
        let address = free_port();
        let monitor = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let monitored = monitor.local_addr().expect("it has an address");
        let network = format!("user,id=network,restrict=on,hostfwd=tcp:{address}-10.0.2.15:3000");
        let mut machine = Command::new(QEMU)
            .args(["-M", "lm3s6965evb", "-display", "none", "-serial", "stdio"])
            .args([
                "-netdev",
                &network,
                "-net",
                "nic,netdev=network,model=stellaris",
            ])
            .args(["-qmp", &format!("tcp:{monitored}")])
            .arg("-kernel")
            .arg(firmware)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the machine starts");
        let log = Log::default();
        log.read(machine.stdout.take().expect("stdout is piped"));
        let firmware = Self {
            machine,
            monitor: Monitor::accept(&monitor),
            address,
            log,
        };
        firmware.log.wait_for("listening");
        Some(firmware)
    }

    /// A URL of the server.
    pub fn url(&self) -> String {
        format!("ws://{}/", self.address)
    }

    /// Plugs the network cable in, or pulls it out.
    pub fn set_cable(&mut self, is_in: bool) {
        let arguments = format!("{{\"name\":\"network\",\"up\":{is_in}}}");
        self.monitor.execute("set_link", &arguments);
    }

    /// The most bytes of stack that were in use so far: those from the first that is not 0, as all
    /// memory was at the start.
    pub fn stack_depth(&mut self) -> usize {
        let command = format!("xp /{STACK_LEN}xb {STACK_START:#x}");
        let arguments = format!("{{\"command-line\":\"{command}\"}}");
        let dump = self.monitor.execute("human-monitor-command", &arguments);
        // Lines of an address, a colon and bytes: 0000000020000000: 0x00 0x00 ...
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

/// An address that nobody listens on.
fn free_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it has an address")
}

/// QEMU's monitor: lines of JSON (QMP).
#[derive(Debug)]
struct Monitor {
    stream: BufReader<TcpStream>,
}

impl Monitor {
    fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().expect("the machine connects");
        let mut monitor = Self {
            stream: BufReader::new(stream),
        };
        monitor.line("\"QMP\"");
        monitor.execute("qmp_capabilities", "{}");
        monitor
    }

    /// Runs a command, and returns its answer, in which line ends are white space.
    fn execute(&mut self, command: &str, arguments: &str) -> String {
        let command = format!("{{\"execute\":\"{command}\",\"arguments\":{arguments}}}\n");
        let sent = self.stream.get_mut().write_all(command.as_bytes());
        sent.expect("the machine is there");
        self.line("\"return\"").replace("\\r\\n", " ")
    }

    /// The next line with `wanted`; others are events.
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
