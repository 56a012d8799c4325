//! The server by TLS: `wss://` and `https://`. At the other end are OpenSSL, python, Node, Chromium, and rustls'
//! client, which does what a test says.

#![cfg(unix)]

#[path = "tls/certificate.rs"]
mod certificate;
#[path = "tls/client.rs"]
mod client;
#[path = "tls/hostile.rs"]
mod hostile;
#[path = "tls/independent.rs"]
mod independent;
#[path = "tls/serving.rs"]
mod serving;
#[path = "tls/sessions.rs"]
mod sessions;
#[path = "tls/tunnel.rs"]
mod tunnel;
