//! What the server does when it gets a signal.

use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use log::info;

use crate::serve::tls::Tls;
use crate::serve::worker::WorkerHandle;
use crate::{logging, platform};

/// Signals that are closer together count as one: `timeout`, for example, sends its own twice.
const ONE_SIGNAL: Duration = Duration::from_millis(20);

/// Makes the first signal stop the workers, and the second end the process.
pub(crate) fn stop_on_signal(stop: Arc<AtomicBool>, workers: Vec<WorkerHandle>) -> io::Result<()> {
    let mut first = None;
    let on_signal = move || {
        let now = Instant::now();
        if now.duration_since(*first.get_or_insert(now)) > ONE_SIGNAL {
            info!("stopped at once by a second signal");
            logging::finish();
            process::exit(0);
        }
        if !stop.swap(true, Ordering::AcqRel) {
            info!("stopping: every client gets Close 1001; a second signal stops at once");
            workers.iter().for_each(WorkerHandle::wake);
        }
    };
    platform::on_stop_signal(on_signal)
}

/// Makes a hang-up load the certificate again; or stop the server, if it is the terminal that is gone
/// which the server was started on.
pub(crate) fn reload_on_hang_up(tls: Option<Tls>) -> io::Result<()> {
    let mut has_terminal = platform::is_terminal_there();
    let on_hang_up = move || {
        // A shell may repeat what the system has said.
        if has_terminal && !platform::is_terminal_there() {
            has_terminal = false;
            info!("the terminal is gone");
            return platform::interrupt();
        }
        match &tls {
            Some(tls) => tls.reload(),
            None => info!("hang-up: nothing to load again: there is no certificate"),
        }
    };
    platform::on_hang_up(on_hang_up)
}
