//! TLS for the server: which certificate it shows, and how a socket becomes a connection by TLS. The
//! protocol is rustls' with ring, in versions 1.2 and 1.3.

mod certificate;
mod pending;
mod scratch;
mod self_signed;
mod session;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use log::{error, info};
use rustls::ServerConfig;
use rustls::crypto::ring::{Ticketer, default_provider};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

pub(crate) use self::certificate::Error;
use self::session::Session;
use crate::escape::OneLine;
use crate::lock::lock;
use crate::options::serve::CertificateSource;
use crate::serve::transport::{Acceptor, Readiness, Socket};

/// What speaks in WebSocket's handshake (RFC 7301): a peer that may choose takes HTTP/2, which has no such
/// upgrade.
pub(crate) const HTTP_1_1: &[u8] = b"http/1.1";

/// The certificate that new connections get.
#[derive(Debug)]
struct Current(Mutex<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(lock(&self.0).clone())
    }
}

/// What a server needs to speak TLS.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    source: CertificateSource,
    current: Arc<Current>,
    config: Arc<ServerConfig>,
}

impl Tls {
    /// Loads the certificate, or makes one for these addresses.
    pub(crate) fn new(source: &CertificateSource, addresses: &[SocketAddr]) -> Result<Self, Error> {
        let certified = match source {
            CertificateSource::Files { certificate, key } => certificate::load(certificate, key)?,
            CertificateSource::SelfSigned { written_to } => {
                self_signed::make(addresses, written_to.as_deref())?
            }
        };
        let current = Arc::new(Current(Mutex::new(Arc::new(certified))));
        Ok(Self {
            source: source.clone(),
            config: Arc::new(config(current.clone()).map_err(Error::Tls)?),
            current,
        })
    }

    /// Loads the certificate again, for new connections. If that fails, they go on to get the old one.
    pub(crate) fn reload(&self) {
        let CertificateSource::Files { certificate, key } = &self.source else {
            info!("hang-up: nothing to load again: the certificate was made at the start");
            return;
        };
        match certificate::load(certificate, key) {
            Ok(certified) => {
                *lock(&self.current.0) = Arc::new(certified);
                let path = certificate.display().to_string();
                info!("certificate loaded again from {}", OneLine(&path));
            }
            Err(reason) => error!("the certificate stays as it was: {reason}"),
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

impl Acceptor for Tls {
    // The box keeps a client small.
    type Transport = Box<Session<Socket>>;

    fn accept(&self, socket: Socket) -> io::Result<Self::Transport> {
        let session = Session::new(socket, self.config.clone()).map_err(io::Error::other)?;
        Ok(Box::new(session))
    }

    /// Room is a reason to read, too: what TLS itself has to say may wait for it, and nobody else knows.
    fn readiness(socket: Readiness) -> Readiness {
        socket.max(Readiness::Data)
    }
}
