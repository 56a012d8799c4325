//! TLS for the server: its certificate, and how a socket becomes a TLS stream. The protocol is
//! rustls' with ring, in versions 1.2 and 1.3.

mod certificate;
mod facts;
mod handshakes;
mod pending;
mod scratch;
mod self_signed;
mod stream;

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use log::{error, info};
use rustls::ServerConfig;
use rustls::crypto::ring::{Ticketer, default_provider};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

pub(crate) use self::certificate::LoadError;
pub(crate) use self::handshakes::handshakes;
use self::stream::{RUSTLS_MEMORY, TlsStream};
use crate::alpn::HTTP_1_1;
use crate::escape::OneLine;
use crate::lock::lock;
use crate::logging::event;
use crate::logging::target::TLS;
use crate::options::serve::CertificateSource;
use crate::serve::acceptor::Acceptor;
use crate::serve::memory;
use crate::serve::peer::Peer;
use crate::serve::poller::Socket;
use crate::serve::transport::Readiness;

/// The certificate for new connections.
#[derive(Debug)]
struct Current(Mutex<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, client: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        facts::note_server_name(client.server_name());
        Some(lock(&self.0).clone())
    }
}

/// Makes TLS streams of sockets.
#[derive(Clone, Debug)]
pub(crate) struct TlsAcceptor {
    source: CertificateSource,
    current: Arc<Current>,
    config: Arc<ServerConfig>,
}

impl TlsAcceptor {
    /// Loads the certificate, or makes one for these addresses.
    pub(crate) fn new(
        source: &CertificateSource,
        addresses: impl Iterator<Item = SocketAddr>,
    ) -> Result<Self, LoadError> {
        let certified = match source {
            CertificateSource::Files { certificate, key } => certificate::load(certificate, key)?,
            CertificateSource::SelfSigned { written_to } => {
                self_signed::make(addresses, written_to.as_deref())?
            }
        };
        let current = Arc::new(Current(Mutex::new(Arc::new(certified))));
        Ok(Self {
            source: source.clone(),
            config: Arc::new(config(current.clone()).map_err(LoadError::Tls)?),
            current,
        })
    }

    /// Loads the certificate again, for new connections. If that fails, the old one stays.
    pub(crate) fn reload(&self) {
        let CertificateSource::Files { certificate, key } = &self.source else {
            info!(
                target: TLS, event = event::NOTHING_TO_RELOAD;
                "SIGHUP: nothing to load again: the certificate was made at the start"
            );
            return;
        };
        match certificate::load(certificate, key) {
            Ok(certified) => {
                *lock(&self.current.0) = Arc::new(certified);
                let path = certificate.display().to_string();
                let file = OneLine(&path);
                info!(
                    target: TLS, event = event::CERTIFICATE_LOADED, file:% = file;
                    "certificate loaded again from {file}"
                );
            }
            Err(reason) => error!(
                target: TLS, event = event::CERTIFICATE_UNCHANGED, reason:% = reason;
                "the certificate is unchanged: {reason}"
            ),
        }
    }
}

fn config(certificate: Arc<dyn ResolvesServerCert>) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    config.alpn_protocols = vec![HTTP_1_1.into()];
    config.ticketer = Ticketer::new()?;
    Ok(config)
}

impl Acceptor for TlsAcceptor {
    // The box keeps a client small.
    type Transport = Box<TlsStream<Socket>>;

    fn accept(&self, socket: Socket, _: Peer) -> io::Result<Self::Transport> {
        // It is allocated by rustls, a part of it later.
        let _granted = memory::ask(RUSTLS_MEMORY).ok_or(ErrorKind::OutOfMemory)?;
        let stream = TlsStream::new(socket, self.config.clone()).map_err(io::Error::other)?;
        Ok(Box::new(stream))
    }

    /// Room is a reason to read, too: only the stream knows whether TLS's own messages wait for it.
    fn readiness(socket: Readiness) -> Readiness {
        socket.max(Readiness::Data)
    }
}
