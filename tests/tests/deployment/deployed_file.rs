//! A file of `host/deploy`, with the addresses of this test in place of its own.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use regex_lite::{Captures, Regex};

/// The addresses that the nodes have here.
pub(crate) const NODES: [IpAddr; 2] = [local(11), local(12)];

/// An address of this machine.
const fn local(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, last))
}

/// The ports of the files, by what they are for.
#[derive(Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) clients: u16,
    pub(crate) admin: u16,
    pub(crate) proxy: u16,
    /// Where the proxy speaks TLS.
    pub(crate) secure: u16,
}

impl Ports {
    /// Ports that are free at each of these addresses.
    pub(crate) fn free() -> Self {
        let [clients, admin, proxy, secure] = [free(), free(), free(), free()];
        Self {
            clients,
            admin,
            proxy,
            secure,
        }
    }

    /// Where the proxy listens.
    pub(crate) fn of_proxy(self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.proxy).into()
    }

    /// Where it listens for TLS, if its file says so.
    pub(crate) fn of_secure_proxy(self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.secure).into()
    }
}

/// A port that is free at each of these addresses.
fn free() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a free port");
    listener.local_addr().expect("it listens").port()
}

/// The path of a file of `host/deploy`.
pub(crate) fn path(name: &str) -> PathBuf {
    let deploy = concat!(env!("CARGO_MANIFEST_DIR"), "/../host/deploy");
    Path::new(deploy).join(name)
}

/// A file of `host/deploy`.
pub(crate) struct DeployedFile {
    name: &'static str,
    text: String,
}

impl DeployedFile {
    pub(crate) fn read(name: &'static str) -> Self {
        let text = fs::read_to_string(path(name)).expect("a file of host/deploy");
        Self { name, text }
    }

    /// The same with other texts in place of some. Each is there.
    pub(crate) fn with(mut self, replacements: &[(&str, &str)]) -> Self {
        for (old, new) in replacements {
            assert!(self.text.contains(old), "{}: {old:?}", self.name);
            self.text = self.text.replace(old, new);
        }
        self
    }

    /// The same with these ports, and with the addresses of this machine.
    pub(crate) fn at(mut self, ports: Ports) -> Self {
        let own =
            Regex::new(r"\b(?:10\.0\.0\.(?:11|12|5)|3000|9090|8080|443)\b").expect("a pattern");
        let here = |found: &Captures<'_>| match &found[0] {
            "3000" => ports.clients.to_string(),
            "9090" => ports.admin.to_string(),
            "8080" => ports.proxy.to_string(),
            "443" => ports.secure.to_string(),
            "10.0.0.11" => NODES[0].to_string(),
            "10.0.0.12" => NODES[1].to_string(),
            _ => Ipv4Addr::LOCALHOST.to_string(),
        };
        self.text = own.replace_all(&self.text, here).into_owned();
        self
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The arguments of the first node: in the comment that begins with the program's name, and in
    /// the lines after it that are indented like it.
    pub(crate) fn arguments_of_node(&self) -> Vec<String> {
        let lines = self.text.lines();
        let mut lines = lines.skip_while(|line| !line.starts_with("#   ws-echo "));
        let first = lines.next().expect("the command of a node");
        let more = lines.take_while(|line| line.starts_with("#    "));
        let words = [first].into_iter().chain(more);
        let words = words.flat_map(|line| line.trim_start_matches('#').split_whitespace());
        words.skip(1).map(str::to_owned).collect()
    }
}
