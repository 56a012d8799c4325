//! The server by TLS: `wss://` and `https://`. At the other end are OpenSSL, python, Node, Chromium, and rustls'
//! client, which does what a test says.

#![cfg(unix)]

mod configuration;
mod hostile_clients;
mod independent_clients;
mod sessions;
