//! One of two nodes is restarted while clients of all kinds are there.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::Duration;

use ws_echo_tests::proxies::haproxy_status;
use ws_echo_tests::scripted_client::Client;
use ws_echo_tests::wire::{Frame, TEXT};

use super::cluster::{Cluster, Differences, with_each};
use super::member::{Member, own_path};
use super::wait_until;

/// The node that is restarted.
const LEAVING: usize = 0;
/// The other one.
const STAYING: usize = 1;

/// Stops the threads of a test, also when it fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_restarted_node_loses_no_message_and_no_connection_attempt() {
    with_each("restart", Differences::default(), |cluster| {
        let is_over = AtomicBool::new(false);
        let (proxy, asks_nodes) = (cluster.proxy.address, cluster.setup.asks_nodes);
        thread::scope(|scope| {
            let stop = Stop(&is_over);
            let over = &is_over;
            let members = (0..8).map(|_| cluster.connect());
            let (left, stay): (Vec<_>, Vec<_>) = members.partition(|it| it.node == LEAVING);
            assert!(!left.is_empty() && !stay.is_empty());
            let left = started(scope, left, Member::echo_until_closed);
            let stay = started(scope, stay, |member| member.echo_until(over));
            let pass = started(scope, [proxy; 2], |proxy| pass(proxy, over, asks_nodes));

            stop_node(cluster, left);
            start_node(cluster);

            drop(stop);
            for thread in stay.into_iter().chain(pass) {
                assert_ne!(thread.join().expect("a client that stays or passes"), 0);
            }
        });
    });
}

/// Starts a thread for each of these.
fn started<'scope, C: Send + 'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    clients: impl IntoIterator<Item = C>,
    work: impl Fn(C) -> T + Copy + Send + 'scope,
) -> Vec<ScopedJoinHandle<'scope, T>> {
    // A failure names the thread.
    let name = thread::current().name().unwrap_or_default().to_owned();
    let start = |client| {
        let thread = thread::Builder::new().name(name.clone());
        let thread = thread.spawn_scoped(scope, move || work(client));
        thread.expect("a thread can be started")
    };
    clients.into_iter().map(start).collect()
}

/// Stops the node. Its clients are told by 1001, and new ones do not find it.
fn stop_node(cluster: &mut Cluster, left: Vec<ScopedJoinHandle<'_, (usize, Frame)>>) {
    let node = &cluster.nodes[LEAVING];
    node.ask_to_stop();
    if cluster.setup.asks_nodes {
        // It is known to stop before it does: it gets no more clients, and would still take them.
        let mut others = Vec::new();
        expect_status(cluster, "DOWN");
        wait_until("the proxy leaves the node alone", || {
            let member = cluster.connect();
            if member.node == LEAVING {
                others.clear();
            } else {
                others.push(member);
            }
            others.len() == 6
        });
        let path = own_path();
        let client = node.connect(cluster.setup.prologue, &path);
        let last = Member::greeted(path, client).and_then(|mut it| it.echo(TEXT, b"the last one"));
        assert_eq!(last, Ok(()));
        others.iter_mut().for_each(Member::send_close);
        others.into_iter().for_each(Member::expect_closed);
    }
    for thread in left {
        let (echoes, close) = thread.join().expect("a client that is sent away");
        assert_ne!(echoes, 0);
        assert_eq!(close, Frame::close(1001));
    }
    let status = cluster.nodes[LEAVING].wait();
    assert_eq!(status.code(), Some(0));
    let members: Vec<_> = (0..4).map(|_| cluster.connect()).collect();
    assert!(members.iter().all(|member| member.node == STAYING));
}

/// Starts the node again, and waits until it gets clients.
fn start_node(cluster: &mut Cluster) {
    cluster.nodes[LEAVING].start_again();
    let mut others = Vec::new();
    wait_until("the node gets clients again", || {
        // A proxy that does not ask tries it again after some seconds.
        thread::sleep(Duration::from_millis(50));
        others.push(cluster.connect());
        others.last().is_some_and(|member| member.node == LEAVING)
    });
    expect_status(cluster, "UP");
}

/// Waits until the proxy itself says that the node is in this state, if it can be asked.
fn expect_status(cluster: &Cluster, status: &str) {
    if cluster.setup.name == "haproxy" {
        wait_until("HAProxy knows how the node is", || {
            haproxy_status(&cluster.name, "node1") == status
        });
    }
}

/// Connects, echoes a message and closes, again and again. Returns how often.
fn pass(proxy: SocketAddr, is_over: &AtomicBool, asks_nodes: bool) -> usize {
    let mut times = 0;
    while !is_over.load(Ordering::Relaxed) {
        let path = own_path();
        let client = Client::open_at(proxy, &path);
        let passed = Member::greeted(path, client).and_then(|mut member| {
            member.echo(TEXT, b"in passing")?;
            member.close();
            Ok(())
        });
        if let Err(close) = passed {
            // A proxy that does not ask has chosen the node that was about to stop.
            assert!(!asks_nodes, "{close:?}");
            assert_eq!(close, Frame::close(1001));
        }
        times += 1;
    }
    times
}

#[test]
fn clients_that_come_when_a_node_has_died_reach_the_other_one() {
    with_each("died", Differences::default(), |cluster| {
        let members: Vec<_> = (0..4).map(|_| cluster.connect()).collect();
        cluster.nodes[LEAVING].kill();
        let others: Vec<_> = (0..4).map(|_| cluster.connect()).collect();
        assert!(others.iter().all(|member| member.node == STAYING));
        for mut member in members {
            if member.node == LEAVING {
                assert_eq!(member.client.receive_rest(), b"");
            } else {
                assert_eq!(member.echo(TEXT, b"still here"), Ok(()));
            }
        }
    });
}
