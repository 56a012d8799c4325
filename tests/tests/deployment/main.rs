//! The files of `host/deploy` for more than one server: HAProxy, nginx and Envoy run them in front
//! of two nodes, which are started as the files say, and manifests for Kubernetes are checked.

#![cfg(target_os = "linux")]

mod cluster;
mod deployed_file;
mod kubernetes;
mod member;
mod node;
mod proxies;
mod restart;
mod setup;

use std::thread;
use std::time::{Duration, Instant};

use ws_echo_tests::server::PATIENCE;

/// Waits until something is so.
///
/// # Panics
///
/// If it is not in time.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
