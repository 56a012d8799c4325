//! The server's settings, chosen by bits of the plan.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use ws_echo::ServeOptions;
use ws_echo_core::{MIN_BUFFER_LEN, Window};

/// The limits that are always the same, each of a different length.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
pub(super) const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
pub(super) const PING_TIMEOUT: Duration = Duration::from_secs(3);

const SAME_ALWAYS: [&str; 4] = [
    "--threads=1",
    "--handshake-timeout=5s",
    "--close-timeout=2s",
    "--ping-timeout=3s",
];
const BUFFER_LENS: [usize; 4] = [4 << 10, 5000, 64 << 10, 1 << 20];
/// A large buffer's length, unless all are longer.
const LARGE_LEN: usize = 512 << 10;
/// The longest is further away than the server's timer wheel reaches.
const PING_INTERVALS: [Option<u64>; 4] = [None, Some(10), Some(1), Some(300)];
const LIMITS: [Option<(&str, usize)>; 4] = [
    None,
    Some(("--max-connections", 1)),
    Some(("--max-connections", 2)),
    Some(("--max-connections-per-ip", 2)),
];

/// The longest is further away than that, too.
const STALL_TIMEOUTS: [Option<u64>; 4] = [Some(60), None, Some(4), Some(600)];
/// The longest holds all answers to a session.
const BACKLOGS: [Option<usize>; 4] = [None, Some(16 << 20), Some(5000), Some(100)];
const MESSAGE_LENS: [Option<usize>; 4] = [None, Some(10), Some(5000), Some(100)];

/// What becomes of compressed messages: the first two are verified.
const DEFLATE: [&str; 4] = ["fresh", "window", "unverified", "off"];
const FRESH: usize = 0;
const UNVERIFIED: usize = 2;
const OFF: usize = 3;
/// The largest window that is agreed on.
const WINDOWS: [u8; 4] = [15, 9, 10, 12];

/// How many settings are remembered.
const REMEMBERED_MAX: usize = 10_000;

/// How the server is set up.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) options: ServeOptions,
    /// The shortest buffer, and the longest.
    pub(super) buffer_len: usize,
    pub(super) longest_buffer: usize,
    pub(super) ping_interval: Option<Duration>,
    pub(super) stall_timeout: Option<Duration>,
    pub(super) max_message_len: usize,
    /// Whether answers that a client does not take are kept.
    pub(super) has_backlogs: bool,
    /// Whether memory can run short. Then echoes are sent in pieces, and a client that does not
    /// take one is dropped.
    pub(super) may_be_short: bool,
    pub(super) has_greeting: bool,
    /// The largest window that is agreed on; `None` for no compression.
    pub(super) window: Option<Window>,
    /// Whether compressed messages are inflated and checked.
    pub(super) verifies: bool,
    /// How many connections are allowed.
    pub(super) limit: usize,
}

impl Settings {
    /// The settings for two bytes and the upper half of a third. A command line takes longer to
    /// parse than a session does.
    pub(super) fn of([choice, limits, deflate]: [u8; 3]) -> Self {
        thread_local! {
            static READ: RefCell<HashMap<[u8; 3], Settings>> = RefCell::default();
        }
        let choices = [choice, limits, deflate >> 4];
        READ.with_borrow_mut(|read| {
            if read.len() == REMEMBERED_MAX {
                read.clear();
            }
            let settings = read.entry(choices).or_insert_with(|| Self::read(choices));
            settings.clone()
        })
    }

    fn read([choice, limits, deflate]: [u8; 3]) -> Self {
        let choose = |shift: u8| usize::from(choice >> shift) % 4;
        let buffer_len = BUFFER_LENS[choose(0)];
        let ping_interval = PING_INTERVALS[choose(2)];
        let limit = LIMITS[choose(6)];
        let choose = |shift: u8| usize::from(limits >> shift) % 4;
        let stall_timeout = STALL_TIMEOUTS[choose(0)];
        let max_message_len = MESSAGE_LENS[choose(2)];
        let mode = usize::from(deflate % 4);
        let window = WINDOWS[usize::from(deflate / 4)];
        let least_memory = BESIDE_A_BUFFER[mode] + buffer_len + MIN_BUFFER_LEN;
        let memory = match choose(4) {
            0 => None,
            1 => Some(least_memory),
            2 => Some(2 * least_memory),
            _ => Some(least_memory + LARGE_LEN + MIN_BUFFER_LEN),
        };
        let backlog = BACKLOGS[choose(6)];
        let has_greeting = choice & 0x10 == 0;
        let mut arguments = SAME_ALWAYS.map(String::from).to_vec();
        arguments.push(format!("--buffer={buffer_len}"));
        arguments.push(format!("--deflate={}", DEFLATE[mode]));
        if mode != OFF {
            arguments.push(format!("--deflate-window={window}"));
        }
        for (flag, time) in [
            ("ping-interval", ping_interval),
            ("stall-timeout", stall_timeout),
        ] {
            let time = time.map_or("off".into(), |seconds| format!("{seconds}s"));
            arguments.push(format!("--{flag}={time}"));
        }
        let max_backlog = backlog.map_or("off".into(), |len| len.to_string());
        arguments.push(format!("--max-backlog={max_backlog}"));
        arguments.extend(max_message_len.map(|len| format!("--max-message-size={len}")));
        arguments.extend(memory.map(|memory| format!("--max-memory={memory}")));
        arguments.extend(limit.map(|(flag, limit)| format!("{flag}={limit}")));
        if !has_greeting {
            arguments.push("--no-welcome".into());
        }
        if choice & 0x20 != 0 {
            arguments.push("--log-messages".into());
        }
        let window = Window::new(window).expect("there is such a window");
        Self {
            options: ServeOptions::parse(arguments).expect("a right command line"),
            buffer_len: buffer_len + MIN_BUFFER_LEN,
            longest_buffer: buffer_len.max(LARGE_LEN) + MIN_BUFFER_LEN,
            ping_interval: ping_interval.map(Duration::from_secs),
            stall_timeout: stall_timeout.map(Duration::from_secs),
            max_message_len: max_message_len.unwrap_or(usize::MAX),
            has_backlogs: backlog.is_some(),
            may_be_short: memory.is_some(),
            has_greeting,
            window: match mode {
                FRESH => Some(window),
                OFF => None,
                _ => Some(window.kept()),
            },
            verifies: mode < UNVERIFIED,
            limit: limit.map_or(usize::MAX, |(_, limit)| limit),
        }
    }
}

/// How much more memory than one buffer the command line requires at least.
static BESIDE_A_BUFFER: LazyLock<[usize; 4]> = LazyLock::new(|| DEFLATE.map(beside_a_buffer));

fn beside_a_buffer(deflate: &str) -> usize {
    let buffer_len = BUFFER_LENS[0];
    let is_taken = |memory: usize| {
        let sizes = [
            format!("--deflate={deflate}"),
            format!("--buffer={buffer_len}"),
            format!("--max-memory={memory}"),
        ];
        ServeOptions::parse(["--threads=1".into()].into_iter().chain(sizes)).is_ok()
    };
    let (mut too_little, mut enough) = (0_usize, 1 << 20);
    while enough - too_little > 1 {
        let between = too_little.midpoint(enough);
        match is_taken(between) {
            true => enough = between,
            false => too_little = between,
        }
    }
    enough - buffer_len - MIN_BUFFER_LEN
}
