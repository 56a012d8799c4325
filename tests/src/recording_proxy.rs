//! A proxy that keeps what a client and a server send each other.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// A proxy in front of a server.
#[derive(Debug)]
pub struct RecordingProxy {
    /// The address it listens at.
    pub address: SocketAddr,
    connections: Arc<Mutex<Vec<JoinHandle<Recording>>>>,
}

/// What was sent on one connection.
#[derive(Debug)]
pub struct Recording {
    /// By the client.
    pub from_client: Vec<u8>,
    /// By the server.
    pub from_server: Vec<u8>,
}

impl RecordingProxy {
    /// Starts a proxy in front of a server.
    ///
    /// # Panics
    ///
    /// If no port is free.
    pub fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let connections = Arc::new(Mutex::new(Vec::new()));
        let begun = Arc::clone(&connections);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let mut begun = begun.lock().expect("no thread panics with it");
                begun.push(thread::spawn(move || record(&client, server)));
            }
        });
        Self {
            address,
            connections,
        }
    }

    /// What was sent, one connection after the other. Waits for the ends of those that are open.
    ///
    /// # Panics
    ///
    /// If the server refuses a connection.
    pub fn recordings(&self) -> Vec<Recording> {
        let mut begun = self.connections.lock().expect("no thread panics with it");
        let ended = begun.drain(..).map(JoinHandle::join);
        ended.map(|it| it.expect("the server listens")).collect()
    }
}

fn record(client: &TcpStream, server: SocketAddr) -> Recording {
    let server = &TcpStream::connect(server).expect("the server listens");
    thread::scope(|scope| {
        let from_client = scope.spawn(|| pass_on(client, server));
        let from_server = pass_on(server, client);
        Recording {
            from_client: from_client.join().expect("it does not panic"),
            from_server,
        }
    })
}

/// Passes on what arrives, up to the end, and returns it.
fn pass_on(mut from: &TcpStream, mut to: &TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    let mut bytes = vec![0; 64 << 10];
    while let Ok(len @ 1..) = from.read(&mut bytes) {
        all.extend(&bytes[..len]);
        if to.write_all(&bytes[..len]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
    all
}
