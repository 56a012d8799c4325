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
        scope.spawn(|| forward(&client, &server, |bytes| encrypted(&tls, bytes)));
        let down = forward(&server, &client, |records| decrypted(&tls, records));
        let _ = client.shutdown(Shutdown::Both);
        down
    })
}

/// Forwards what is read, changed by `change`, up to the end and including it. While one direction
/// waits for its receiver, the other one continues.
fn forward(
    mut from: &TcpStream,
    mut to: &TcpStream,
    change: impl Fn(&[u8]) -> std::io::Result<Vec<u8>>,
) -> std::io::Result<()> {
    let mut bytes = [0; 16 << 10];
    loop {
        let len = from.read(&mut bytes)?;
        to.write_all(&change(&bytes[..len])?)?;
        if len == 0 {
            return to.shutdown(Shutdown::Write);
        }
    }
}

/// The records of bytes from the client; no bytes are its end.
fn encrypted(tls: &Mutex<ClientConnection>, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut tls = tls.lock().unwrap();
    if bytes.is_empty() {
        tls.send_close_notify();
    }
    tls.writer().write_all(bytes)?;
    let mut records = Vec::new();
    while tls.wants_write() {
        tls.write_tls(&mut records)?;
    }
    Ok(records)
}

/// The bytes in records from the server.
fn decrypted(tls: &Mutex<ClientConnection>, mut records: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut tls = tls.lock().unwrap();
    let mut bytes = Vec::new();
    while !records.is_empty() {
        tls.read_tls(&mut records)?;
        let state = tls.process_new_packets().map_err(std::io::Error::other)?;
        let start = bytes.len();
        bytes.resize(start + state.plaintext_bytes_to_read(), 0);
        tls.reader().read_exact(&mut bytes[start..])?;
    }
    Ok(bytes)
}
