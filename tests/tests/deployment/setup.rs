//! What each proxy is, and what of its file has to be another here.

use std::net::SocketAddr;

use ws_echo_tests::proxies::{NGINX_HTTP, start_envoy, start_haproxy, start_nginx};
use ws_echo_tests::server::Server;

/// How nodes stop: as the files say, but not over so long a time.
const QUICKLY: (&str, &str) = ("--drain-spread 10s", "--drain-spread 1s");
/// For how long they wait before: other tests may keep this machine busy.
const PATIENTLY: (&str, &str) = ("--drain-delay 5s", "--drain-delay 10s");

/// A proxy and its file.
pub(crate) struct Setup {
    pub(crate) name: &'static str,
    /// Its file in `host/deploy`.
    pub(crate) file: &'static str,
    /// Starts it, if it is installed: with a name, a configuration, and the address at which that
    /// listens.
    pub(crate) start: fn(&str, &str, SocketAddr) -> Option<Server>,
    /// What would need root, more files or all networks, or takes long, and what is there instead.
    pub(crate) replacements: &'static [(&'static str, &'static str)],
    /// The lines for TLS, and the same without the marks of a comment.
    pub(crate) tls: &'static [(&'static str, &'static str)],
    /// The files of the certificate and its key.
    pub(crate) certificate: &'static [&'static str],
    /// Its time without traffic, and a short one.
    pub(crate) idle: (&'static str, &'static str),
    /// What a connection to a node begins with.
    pub(crate) prologue: &'static str,
    /// Whether it asks the nodes whether they are well.
    pub(crate) asks_nodes: bool,
    /// Whether it finds the node with the fewest connections by looking at all of them, and not at
    /// some by chance.
    pub(crate) looks_at_all: bool,
}

/// All of them.
pub(crate) static SETUPS: [Setup; 3] = [HAPROXY, NGINX, ENVOY];

const HAPROXY: Setup = Setup {
    name: "haproxy",
    file: "haproxy/haproxy.cfg",
    start: start_haproxy,
    replacements: &[
        ("bind :8080", "bind 127.0.0.1:8080"),
        ("/dev/log local0", "stdout format raw local0"),
        ("    user haproxy\n    group haproxy\n", ""),
        ("maxconn 50000", "maxconn 1000"),
        ("/run/haproxy/admin.sock", "unix@haproxy.sock"),
        ("slowstart 10s", "slowstart 1s"),
        QUICKLY,
        PATIENTLY,
    ],
    tls: &[("#   bind :443 ssl", "bind 127.0.0.1:443 ssl")],
    certificate: &["/etc/haproxy/ws-echo.pem"],
    idle: ("timeout tunnel 75s", "timeout tunnel 3s"),
    prologue: "PROXY UNKNOWN\r\n",
    asks_nodes: true,
    looks_at_all: true,
};

const NGINX: Setup = Setup {
    name: "nginx",
    file: "nginx/nginx.conf",
    start: start_nginx,
    replacements: &[
        ("listen 8080", "listen 127.0.0.1:8080"),
        ("worker_rlimit_nofile 100000", "worker_rlimit_nofile 4000"),
        ("worker_connections 50000", "worker_connections 2000"),
        ("http {", NGINX_HTTP),
        QUICKLY,
    ],
    tls: &[
        ("#   listen 443 ssl", "listen 127.0.0.1:443 ssl"),
        ("#   ssl_", "ssl_"),
    ],
    certificate: &["/etc/nginx/ws-echo.crt", "/etc/nginx/ws-echo.key"],
    idle: ("proxy_read_timeout 75s", "proxy_read_timeout 3s"),
    prologue: "",
    asks_nodes: false,
    looks_at_all: true,
};

const ENVOY: Setup = Setup {
    name: "envoy",
    file: "envoy/envoy.yaml",
    start: start_envoy,
    replacements: &[
        ("address: 0.0.0.0", "address: 127.0.0.1"),
        QUICKLY,
        PATIENTLY,
    ],
    tls: &[],
    certificate: &[],
    idle: ("stream_idle_timeout: 75s", "stream_idle_timeout: 3s"),
    prologue: "",
    asks_nodes: true,
    looks_at_all: false,
};
