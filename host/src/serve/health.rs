//! What health checks are answered: whether the server lives, and whether it can get clients.

use std::sync::Arc;
use std::time::Instant;

use log::debug;

use crate::logging::target::ADMIN;
use crate::serve::monitor::Monitor;
use crate::serve::response::Answer;

const OK: &str = "200 OK";
const UNAVAILABLE: &str = "503 Service Unavailable";

/// Whether every worker turns. Who restarts programs asks this.
pub(crate) fn livez(monitor: &Monitor) -> Answer {
    match monitor.liveness(Instant::now()) {
        Ok(()) => text(OK, "ok\n".into()),
        Err(stuck) => text(UNAVAILABLE, format!("{stuck}\n")),
    }
}

/// Whether the server can get new clients. Who spreads clients over servers asks this.
pub(crate) fn readyz(monitor: &Monitor) -> Answer {
    match monitor.readiness(Instant::now()) {
        Ok(()) => text(OK, "ok\n".into()),
        Err(unready) => {
            debug!(target: ADMIN, "not ready: {unready}");
            text(UNAVAILABLE, format!("{unready}\n"))
        }
    }
}

fn text(status: &'static str, text: String) -> Answer {
    Answer::of_now(status, "text/plain; charset=utf-8", text.into_bytes())
}

/// The paths at which clients' own address answers health checks.
#[derive(Clone, Debug)]
pub(crate) struct HealthPaths {
    /// The path without a `/` at its end.
    folder: String,
    monitor: Arc<Monitor>,
}

impl HealthPaths {
    /// The paths below this one, and itself unless it is `/`.
    pub(crate) fn new(path: &str, monitor: Arc<Monitor>) -> Self {
        let folder = path.strip_suffix('/').unwrap_or(path).to_owned();
        Self { folder, monitor }
    }

    /// The answer at a path; `None` if it is another one.
    pub(crate) fn answer(&self, path: &str) -> Option<Answer> {
        match path.strip_prefix(&self.folder)? {
            "/livez" => Some(livez(&self.monitor)),
            "/readyz" => Some(readyz(&self.monitor)),
            "" | "/" if !self.folder.is_empty() => Some(readyz(&self.monitor)),
            _ => None,
        }
    }
}
