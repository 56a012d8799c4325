//! A tunnel to a server over TLS for clients that do not speak TLS. Bytes sent to a port of this
//! process are forwarded over TLS, and answers come back in the same way.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::{ClientConfig, ClientConnection};

use super::client::{VERSIONS, trusting};

/// Listens for clients of the server that has the certificate in this file. Returns the address.
/// Every other client is forwarded over TLS 1.2.
pub fn start(server: SocketAddr, certificate: &Path) -> SocketAddr {
    let configs = VERSIONS.map(|version| Arc::new(trusting(certificate, version)));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for (client, config) in listener.incoming().zip(configs.iter().cycle()) {
            let (Ok(client), config) = (client, config.clone()) else {
                return;
            };
            // A broken connection has ended, and the client sees that.
            thread::spawn(move || join(client, server, config));
        }
    });
    address
}

/// Joins a client with the server, until both have ended their sides.
fn join(client: TcpStream, server: SocketAddr, config: Arc<ClientConfig>) -> std::io::Result<()> {
    let mut server = TcpStream::connect(server)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let mut tls = ClientConnection::new(config, "localhost".try_into().unwrap()).unwrap();
    tls.set_buffer_limit(None);
    while tls.is_handshaking() {
        tls.complete_io(&mut server)?;
    }
    let tls = Mutex::new(tls);
    thread::scope(|scope| {
        scope.spawn(|| up(&client, &server, &tls));
        let down = down(&client, &server, &tls);
        let _ = client.shutdown(Shutdown::Both);
        down
    })
}

/// From the client to the server.
fn up(
    mut client: &TcpStream,
    mut server: &TcpStream,
    tls: &Mutex<ClientConnection>,
) -> std::io::Result<()> {
    let mut bytes = [0; 16 << 10];
    loop {
        let len = client.read(&mut bytes)?;
        let mut records = Vec::new();
        {
            let mut tls = tls.lock().unwrap();
            match len {
                0 => tls.send_close_notify(),
                _ => tls.writer().write_all(&bytes[..len])?,
            }
            while tls.wants_write() {
                tls.write_tls(&mut records)?;
            }
        }
        // While the server does not read, the other direction continues.
        server.write_all(&records)?;
        if len == 0 {
            return server.shutdown(Shutdown::Write);
        }
    }
}

/// From the server to the client.
fn down(
    mut client: &TcpStream,
    mut server: &TcpStream,
    tls: &Mutex<ClientConnection>,
) -> std::io::Result<()> {
    let mut bytes = [0; 16 << 10];
    loop {
        let len = server.read(&mut bytes)?;
        let mut records = &bytes[..len];
        let mut plain = Vec::new();
        while !records.is_empty() {
            let mut tls = tls.lock().unwrap();
            tls.read_tls(&mut records)?;
            let state = tls.process_new_packets().map_err(std::io::Error::other)?;
            let start = plain.len();
            plain.resize(start + state.plaintext_bytes_to_read(), 0);
            tls.reader().read_exact(&mut plain[start..])?;
        }
        client.write_all(&plain)?;
        if len == 0 {
            return Ok(());
        }
    }
}
