//! rustls' client over a socket that is written byte by byte, record by record, or not at all.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use crate::scripted_client::{WELCOME, request};
use crate::server::PATIENCE;
use crate::wire::{self, Frame, TEXT};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, SupportedProtocolVersion};

/// The versions of TLS that the server supports.
pub const VERSIONS: [&SupportedProtocolVersion; 2] =
    [&rustls::version::TLS12, &rustls::version::TLS13];

/// A client's configuration that trusts only the certificate in this file.
pub fn trusting(certificate: &Path, version: &'static SupportedProtocolVersion) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(certificate).unwrap();
    roots.add(certificate).unwrap();
    let provider = rustls::crypto::ring::default_provider();
    ClientConfig::builder_with_provider(provider.into())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// A connection to a server.
pub struct TlsClient {
    /// The state of TLS.
    pub tls: ClientConnection,
    /// The socket below it.
    pub stream: TcpStream,
    received: Vec<u8>,
}

impl TlsClient {
    /// A TCP connection; no handshake yet.
    pub fn connect(server: SocketAddr, config: ClientConfig) -> Self {
        let stream = TcpStream::connect(server).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let mut tls =
            ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
        tls.set_buffer_limit(None);
        Self {
            tls,
            stream,
            received: Vec::new(),
        }
    }

    /// An open WebSocket connection, greeted.
    pub fn greeted(server: SocketAddr, config: ClientConfig) -> Self {
        let mut client = Self::connect(server, config);
        client.send(request("/"));
        client.expect_greeting();
        client
    }

    /// Expects the response that accepts the request, and the greeting.
    pub fn expect_greeting(&mut self) {
        self.expect_head();
        assert_eq!(self.receive_frame(), Some(Frame::new(TEXT, WELCOME)));
    }

    /// Expects the response that accepts the request.
    pub fn expect_head(&mut self) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.byte());
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "));
    }

    fn byte(&mut self) -> u8 {
        while self.received.is_empty() {
            assert!(self.receive(), "the connection ended in the head");
        }
        self.received.remove(0)
    }

    /// The records of these bytes, after those that TLS has to send first.
    pub fn records(&mut self, bytes: impl AsRef<[u8]>) -> Vec<u8> {
        self.tls.writer().write_all(bytes.as_ref()).unwrap();
        let mut records = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut records).unwrap();
        }
        records
    }

    /// Completes the handshake, and sends bytes.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        if self.tls.is_handshaking() {
            self.tls.complete_io(&mut self.stream).unwrap();
        }
        let records = self.records(bytes);
        self.stream.write_all(&records).unwrap();
    }

    /// Receives the next frame. Returns `None` after the server's close_notify.
    pub fn receive_frame(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, rest)) = wire::split_frame(&self.received) {
                let len = self.received.len() - rest.len();
                self.received.drain(..len);
                return Some(frame);
            }
            if !self.receive() {
                assert!(self.received.is_empty(), "a frame was cut");
                return None;
            }
        }
    }

    /// Receives some bytes. Returns `false` after the server's close_notify.
    pub fn receive(&mut self) -> bool {
        let state = self.tls.process_new_packets().unwrap();
        let len = state.plaintext_bytes_to_read();
        let is_closed = state.peer_has_closed();
        if len > 0 {
            let mut bytes = vec![0; len];
            self.tls.reader().read_exact(&mut bytes).unwrap();
            self.received.extend(bytes);
            return true;
        }
        if is_closed {
            return false;
        }
        let len = self.tls.read_tls(&mut self.stream).unwrap();
        assert!(len > 0, "the connection ended without close_notify");
        true
    }

    /// Ends this side of the socket, without close_notify.
    pub fn shut(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }
}
