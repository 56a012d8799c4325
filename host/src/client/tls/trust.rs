//! Which certificates are trusted.
//!
//! The system's authorities are those that rustls-native-certs finds, which also respects
//! `SSL_CERT_FILE` and `SSL_CERT_DIR`. On every system rustls itself checks the certificates, so
//! the errors are the same everywhere.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

use crate::alpn::HTTP_1_1;
use crate::any_certificate::AnyCertificate;
use crate::options::trust::Trust;

/// The TLS configuration that trusts these certificates.
///
/// # Errors
///
/// Why the system has no authorities.
pub(super) fn config(trust: &Trust) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    let builder = match trust {
        Trust::System => builder.with_root_certificates(system_authorities()?),
        Trust::Only(roots) => builder.with_root_certificates(RootCertStore {
            roots: roots.clone(),
        }),
        Trust::Anyone => {
            let verifier = Arc::new(AnyCertificate(provider));
            let builder = builder.dangerous();
            builder.with_custom_certificate_verifier(verifier)
        }
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![HTTP_1_1.into()];
    Ok(config)
}

fn system_authorities() -> Result<RootCertStore, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut authorities = RootCertStore::empty();
    // Some systems have old certificates that cannot be read; most users need none of them.
    authorities.add_parsable_certificates(found.certs);
    if !authorities.is_empty() {
        return Ok(authorities);
    }
    let reason = match found.errors.first() {
        Some(error) => format!(": {error}"),
        None => String::new(),
    };
    Err(format!(
        "this system has no trusted certificate authorities{reason}; install ca-certificates, or \
         pass a file with --ca"
    ))
}
