//! What the server does when it receives a signal.

use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use log::info;

use crate::logging::event;
use crate::logging::target::SERVER;
use crate::options::drain::DrainOptions;
use crate::options::serve::ServeOptions;
use crate::serve::monitor::{Monitor, Stage};
use crate::serve::notify::Notifier;
use crate::serve::tls::TlsAcceptor;
use crate::time::Time;
use crate::{logging, platform};

/// Signals closer together than this count as one. The command `timeout`, for example, sends its
/// signal twice.
const ONE_SIGNAL: Duration = Duration::from_millis(20);

/// Makes the first signal stop the workers, and the second end the process.
pub(crate) fn stop_on_signal(
    options: &ServeOptions,
    stop: Arc<AtomicBool>,
    monitor: Arc<Monitor>,
    notifier: &Notifier,
) -> io::Result<()> {
    let mut first = None;
    let stopping = stopping(&options.drain);
    let notifier = notifier.clone();
    let on_signal = move || {
        let now = Instant::now();
        if now.duration_since(*first.get_or_insert(now)) > ONE_SIGNAL {
            info!(
                target: SERVER, event = event::STOPPED; "stopped at once by a second signal"
            );
            logging::finish();
            process::exit(0);
        }
        if !stop.swap(true, Ordering::AcqRel) {
            monitor.enter(Stage::Draining);
            notifier.stopping(&stopping);
            info!(target: SERVER, event = event::STOPPING; "{stopping}");
            monitor.wake_workers();
        }
    };
    platform::on_stop_signal(on_signal)
}

/// What the first signal does.
fn stopping(drain: &DrainOptions) -> String {
    let code = drain.code;
    let when = match drain.delay {
        Duration::ZERO => String::new(),
        delay => format!(" after {} (--drain-delay)", Time::from(delay)),
    };
    format!("stopping{when}: every client gets Close {code}; a second signal stops at once")
}

/// Makes SIGHUP open the file of the log and load the certificate again, or stop the server if its
/// terminal is gone.
pub(crate) fn reload_on_hang_up(tls: Option<TlsAcceptor>, notifier: &Notifier) -> io::Result<()> {
    let notifier = notifier.clone();
    let mut has_terminal = platform::is_terminal_there();
    let on_hang_up = move || {
        // A shell may repeat the system's signal.
        if has_terminal && !platform::is_terminal_there() {
            has_terminal = false;
            info!(target: SERVER, event = event::TERMINAL_GONE; "the terminal is gone");
            return platform::interrupt();
        }
        notifier.reloading();
        let has_log_file = logging::reopen();
        match &tls {
            Some(tls) => tls.reload(),
            None if has_log_file => {}
            None => info!(
                target: SERVER, event = event::NOTHING_TO_RELOAD;
                "SIGHUP: nothing to load again: there is no certificate"
            ),
        }
        notifier.reloaded();
    };
    platform::on_hang_up(on_hang_up)
}
