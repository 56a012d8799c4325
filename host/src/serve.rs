//! The echo server: everything that only it needs.

pub(crate) mod acceptor;
pub(crate) mod alarms;
pub(crate) mod backlog;
pub(crate) mod behaviour;
pub(crate) mod client;
pub(crate) mod client_buffer;
pub(crate) mod clients;
mod container;
pub(crate) mod deadline;
pub(crate) mod driver;
pub(crate) mod journal;
mod lifetime;
pub(crate) mod limits;
pub(crate) mod listeners;
pub(crate) mod memory;
#[allow(dead_code, reason = "nobody asks it yet")]
pub(crate) mod monitor;
mod notify;
pub(crate) mod origin;
pub(crate) mod page;
pub(crate) mod peer;
pub(crate) mod poller;
pub(crate) mod pool;
pub(crate) mod rate_limited_counter;
pub(crate) mod request_report;
pub(crate) mod response;
pub(crate) mod server;
pub(crate) mod service;
mod session;
pub(crate) mod signals;
mod tap;
pub(crate) mod timer_wheel;
pub(crate) mod tls;
pub(crate) mod traffic;
pub(crate) mod transport;
#[cfg(unix)]
pub(crate) mod unix_socket;
pub(crate) mod unsent;
mod verifier;
pub(crate) mod worker;
