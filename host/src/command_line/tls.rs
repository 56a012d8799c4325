//! The flags of TLS: the files of a certificate, or a self-signed one.

use std::path::PathBuf;

use clap::Args;

use crate::options::serve::CertificateSource;

#[derive(Args)]
pub(super) struct TlsArguments {
    /// Speak TLS (wss:// and https://) with the certificate or certificate chain of this PEM file;
    /// SIGHUP reloads it
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,

    /// The PEM file with the certificate's private key
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,

    /// Speak TLS with a new certificate for this machine, which clients must be told to trust
    #[arg(long, conflicts_with_all = ["tls_cert", "tls_key"])]
    tls_self_signed: bool,

    /// Where to write the self-signed certificate, for clients to trust
    #[arg(long, value_name = "FILE", conflicts_with_all = ["tls_cert", "tls_key"])]
    tls_write_cert: Option<PathBuf>,
}

impl TlsArguments {
    /// Returns the source of the certificate; `None` for no TLS. The error says which flag is
    /// missing. (The parser cannot check that: it does not know about the variables.)
    pub(super) fn into_source(self) -> Result<Option<CertificateSource>, &'static str> {
        match (self.tls_cert, self.tls_key, self.tls_write_cert) {
            (Some(certificate), Some(key), _) => {
                Ok(Some(CertificateSource::Files { certificate, key }))
            }
            (Some(_), None, _) => Err("--tls-cert needs --tls-key: name the file of the key too"),
            (None, Some(_), _) => {
                Err("--tls-key needs --tls-cert: name the file of the certificate too")
            }
            (None, None, written_to) if self.tls_self_signed => {
                Ok(Some(CertificateSource::SelfSigned { written_to }))
            }
            (None, None, Some(_)) => Err("--tls-write-cert needs --tls-self-signed: write both"),
            (None, None, None) => Ok(None),
        }
    }
}
