//! The flags of a client that speaks TLS: which certificates it trusts.

use std::fs;

use clap::Args;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, TrustAnchor};

use crate::escape::Excerpt;
use crate::options::trust::Trust;
use crate::options::url::{Scheme, Url};

#[derive(Args)]
pub(super) struct TrustArguments {
    /// With wss: trust the certificates in this PEM file instead of the system's; may be repeated
    #[arg(long = "ca", value_name = "FILE", value_parser = authorities)]
    authorities: Vec<Authorities>,

    /// With wss: accept any certificate. Anyone on the network path can then read and change
    /// everything
    #[arg(long, conflicts_with = "authorities")]
    insecure: bool,
}

/// The authorities of a file, at least one.
#[derive(Clone)]
struct Authorities(Vec<TrustAnchor<'static>>);

impl TrustArguments {
    /// Which certificates are trusted. The error says that they are for TLS only, if the URL does
    /// not ask for TLS.
    pub(super) fn into_trust(self, url: &Url) -> Result<Trust, String> {
        let authorities: Vec<_> = self
            .authorities
            .into_iter()
            .flat_map(|authorities| authorities.0)
            .collect();
        let trust = if self.insecure {
            Trust::Anyone
        } else if authorities.is_empty() {
            Trust::System
        } else {
            Trust::Only(authorities)
        };
        if url.server_name.is_none() && trust != Trust::System {
            let url = url.with(Scheme::Wss);
            return Err(format!(
                "--ca and --insecure are for TLS only: write {} if the server supports it, or \
                 leave out both flags and their variables",
                Excerpt::new(&url)
            ));
        }
        Ok(trust)
    }
}

/// Reads the certificates of a file.
fn authorities(path: &str) -> Result<Authorities, String> {
    let bytes = fs::read(path).map_err(|error| format!("the file cannot be read: {error}"))?;
    let mut authorities = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        let certificate =
            certificate.map_err(|error| format!("the file is not valid PEM: {error}"))?;
        let authority = webpki::anchor_from_trusted_cert(&certificate).map_err(|error| {
            let number = authorities.len() + 1;
            format!("certificate {number} of the file cannot be read: {error}")
        })?;
        authorities.push(authority.to_owned());
    }
    if authorities.is_empty() {
        return Err(
            "the file has no certificate: name a PEM file, in which each certificate begins with \
             -----BEGIN CERTIFICATE-----"
                .into(),
        );
    }
    Ok(Authorities(authorities))
}
