//! What each proxy does with connections, while the nodes stay.

use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Socket, Type};
use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::sessions::large_message;
use ws_echo_tests::wire::{BINARY, TEXT};

use super::cluster::{Differences, with_each};
use super::member::{Member, own_path};

const MIB: u64 = 1 << 20;

#[test]
fn messages_come_back() {
    with_each("messages", Differences::default(), |cluster| {
        let mut member = cluster.connect();
        for (first, message) in [
            (TEXT, "text, also \u{fc} and \u{1f600}".as_bytes()),
            (TEXT, b""),
            (BINARY, b"\x00\xff\x80"),
            (BINARY, &[7; 60_000]),
        ] {
            assert_eq!(member.echo(first, message), Ok(()));
        }
        large_message(&mut member.client, 16 * MIB);
        member.close();
    });
}

/// The lines for TLS are comments in the files.
#[test]
fn messages_come_back_over_tls() {
    let differences = Differences {
        is_secure: true,
        ..Differences::default()
    };
    with_each("tls", differences, |cluster| {
        let Some(tunnel) = cluster.tunnel else {
            return;
        };
        // TLS 1.2 and 1.3.
        for _ in 0..2 {
            let mut member = Member::connect(tunnel);
            assert_eq!(member.echo(TEXT, b"over TLS"), Ok(()));
            assert_eq!(member.echo(BINARY, &[7; 60_000]), Ok(()));
            let node = &cluster.nodes[cluster.node_of(&member.path)];
            let line = node.line_about(&member.path).expect("it was waited for");
            assert!(line.contains("client connected 127.0.0.1"), "{line}");
            member.close();
        }
        large_message(&mut Member::connect(tunnel).client, 16 * MIB);
    });
}

#[test]
fn pings_keep_a_silent_connection_open_beyond_the_idle_timeout() {
    let differences = Differences {
        options: &["--ping-interval=500ms"],
        is_impatient: true,
        ..Differences::default()
    };
    with_each("pings", differences, |cluster| {
        let mut member = cluster.connect();
        // That takes more than 5 seconds.
        member.answer_pings(12);
        assert_eq!(member.echo(TEXT, b"still here"), Ok(()));
        member.close();
    });
}

/// What the test before this one shows is not due to a timeout that does not act.
#[test]
fn without_pings_a_silent_connection_ends_at_the_idle_timeout() {
    let differences = Differences {
        options: &["--ping-interval=1h"],
        is_impatient: true,
        ..Differences::default()
    };
    with_each("no-pings", differences, |cluster| {
        let mut member = cluster.connect();
        member.client.receive_rest();
    });
}

#[test]
fn connections_are_spread() {
    with_each("spread", Differences::default(), |cluster| {
        let members: Vec<_> = (0..20).map(|_| cluster.connect()).collect();
        let of_first = members.iter().filter(|member| member.node == 0).count();
        let least = if cluster.setup.looks_at_all { 8 } else { 4 };
        assert!((least..=20 - least).contains(&of_first), "{of_first} of 20");
        // Half of them leave one node, and as many new ones find it.
        let (mut left, _stay): (Vec<_>, Vec<_>) = members.into_iter().partition(|it| it.node == 0);
        // Envoy keeps each for a second.
        left.iter_mut().for_each(Member::send_close);
        left.into_iter().for_each(Member::expect_closed);
        // One that does not look at all nodes chooses some of them by chance.
        let (count, least) = match cluster.setup.looks_at_all {
            true => (8, 6),
            false => (40, 8),
        };
        let new: Vec<_> = (0..count).map(|_| cluster.connect()).collect();
        let of_first = new.iter().filter(|member| member.node == 0).count();
        assert!(of_first >= least, "{of_first} of {count}");
    });
}

/// A client at one of the addresses of this machine, which writes in its request that it is
/// another's proxy. `None` if it is refused because there is one from this address already.
fn from(address: [u8; 4], proxy: SocketAddr) -> Option<(String, Client)> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    let own: SocketAddr = (Ipv4Addr::from(address), 0).into();
    socket
        .bind(&own.into())
        .expect("an address of this machine");
    socket.connect(&proxy.into()).expect("the proxy listens");
    let mut client = Client::of(socket.into());
    let path = own_path();
    client.send(request(&path).replace(
        "\r\n\r\n",
        "\r\nForwarded: for=203.0.113.7;host=evil.example\r\n\
         X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Host: evil.example\r\n\r\n",
    ));
    let head = client.receive_head();
    match &head[9..12] {
        "101" => Some((path, client)),
        "429" => None,
        _ => panic!("{head}"),
    }
}

#[test]
fn the_log_and_the_limits_know_the_client_and_not_what_it_writes() {
    let differences = Differences {
        options: &["--max-connections-per-ip=1"],
        ..Differences::default()
    };
    with_each("addresses", differences, |cluster| {
        for last in [7, 8] {
            let mut clients = Vec::new();
            while let Some((path, client)) = from([127, 0, 1, last], cluster.proxy.address) {
                let node = &cluster.nodes[cluster.node_of(&path)];
                let line = node.line_about(&path).expect("it was waited for");
                let named = format!("client connected 127.0.1.{last}");
                let (_, rest) = line.split_once(&named).unwrap_or_else(|| panic!("{line}"));
                assert!(rest.starts_with([':', ' ']), "{line}");
                assert!(!line.contains("203.0.113.7"), "{line}");
                clients.push(client);
            }
            // One for each node, if the proxy has tried both.
            assert!((1..=2).contains(&clients.len()), "{}", clients.len());
        }
    });
}
