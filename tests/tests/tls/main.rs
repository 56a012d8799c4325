//! The server over TLS: `wss://` and `https://`. The other ends are OpenSSL, Python, Node,
//! Chromium, and rustls' client, which does what a test says.

#![cfg(unix)]

mod configuration;
mod hostile_clients;
mod independent_clients;
mod sessions;
