//! A proxy in front of two nodes, as its file says.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread;

use ws_echo_tests::server::Server;
use ws_echo_tests::tls::certificate::CertificateFiles;
use ws_echo_tests::tls::tunnel;

use super::deployed_file::{DeployedFile, NODES, Ports};
use super::member::Member;
use super::node::Node;
use super::setup::{SETUPS, Setup};
use super::wait_until;

/// A proxy and its nodes. They are killed when dropped.
pub(crate) struct Cluster {
    pub(crate) setup: &'static Setup,
    pub(crate) proxy: Server,
    pub(crate) nodes: [Node; 2],
    /// The proxy's name.
    pub(crate) name: String,
    /// Where clients that do not speak TLS reach the proxy by TLS, if it should speak it and its
    /// file has lines for that.
    pub(crate) tunnel: Option<SocketAddr>,
}

/// What differs from the file.
#[derive(Clone, Copy, Default)]
pub(crate) struct Differences<'a> {
    /// More options of the nodes.
    pub(crate) options: &'a [&'a str],
    /// Whether the proxy ends connections without traffic after 3 seconds.
    pub(crate) is_impatient: bool,
    /// Whether the lines for TLS count.
    pub(crate) is_secure: bool,
}

impl Cluster {
    /// Starts the nodes and the proxy; `None` if that is not installed.
    fn start(setup: &'static Setup, test: &str, differences: Differences<'_>) -> Option<Self> {
        let ports = Ports::free();
        let mut file = DeployedFile::read(setup.file).with(setup.replacements);
        if differences.is_impatient {
            file = file.with(&[setup.idle]);
        }
        let is_secure = differences.is_secure && !setup.tls.is_empty();
        if is_secure {
            file = file.with(setup.tls);
        }
        let name = format!("deployment-{test}");
        let mut file = file.at(ports);
        let certificate = is_secure.then(|| certificate(&format!("{name}-{}", setup.name)));
        if let Some(path) = &certificate {
            let path = path.to_str().expect("it is text");
            file = file.with(
                &setup
                    .certificate
                    .iter()
                    .map(|&it| (it, path))
                    .collect::<Vec<_>>(),
            );
        }
        let mut arguments = file.arguments_of_node();
        arguments.extend(differences.options.iter().map(|&it| it.into()));
        let nodes = NODES.map(|it| Node::start(Node::arguments_at(NODES[0], it, &arguments)));
        let proxy = (setup.start)(&name, file.text(), ports.of_proxy())?;
        Some(Self {
            setup,
            proxy,
            nodes,
            name,
            tunnel: certificate.map(|path| tunnel::start(ports.of_secure_proxy(), &path)),
        })
    }

    /// A client that has connected through the proxy, and the node that it has reached.
    pub(crate) fn connect(&self) -> Member {
        let mut member = Member::connect(self.proxy.address);
        member.node = self.node_of(&member.path);
        member
    }

    /// The node that a client with this path has reached.
    pub(crate) fn node_of(&self, path: &str) -> usize {
        let mut found = None;
        wait_until("a node logs the client", || {
            let is_there = |node: &Node| node.line_about(path).is_some();
            found = self.nodes.iter().position(is_there);
            found.is_some()
        });
        found.expect("it was waited for")
    }
}

/// A certificate and its key, in one file.
fn certificate(name: &str) -> PathBuf {
    let files = CertificateFiles::make(name);
    let parts = [&files.certificate, &files.key].map(|it| fs::read(it).expect("a file"));
    fs::write(&files.certificate, parts.concat()).expect("a file can be written");
    files.certificate
}

/// Tries something with each proxy that is installed, side by side.
pub(crate) fn with_each(
    test: &str,
    differences: Differences<'_>,
    tried: impl Fn(&mut Cluster) + Sync,
) {
    let clusters = SETUPS.iter();
    let clusters = clusters.filter_map(|setup| Cluster::start(setup, test, differences));
    let clusters: Vec<_> = clusters.collect();
    thread::scope(|scope| {
        for mut cluster in clusters {
            let tried = &tried;
            // A failure names the thread.
            let name = cluster.setup.name.to_owned();
            let started = thread::Builder::new()
                .name(name)
                .spawn_scoped(scope, move || {
                    tried(&mut cluster);
                });
            started.expect("a thread can be started");
        }
    });
}
