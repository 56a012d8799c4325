//! A self-signed certificate, for tests on one machine: clients must be configured to trust it. Its
//! key never leaves the process.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, SystemTime};

use log::info;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use ring::digest::{SHA256, digest};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::sign::CertifiedKey;

use crate::logging::event;
use crate::logging::target::TLS;
use crate::serve::tls::certificate::LoadError;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// The longest validity that browsers accept.
const VALID_FOR: Duration = Duration::from_secs(397 * 24 * 60 * 60);

/// Makes a certificate for this machine and for these addresses, logs its fingerprint, and writes
/// it to a file.
pub(super) fn make(
    addresses: impl Iterator<Item = SocketAddr>,
    written_to: Option<&Path>,
) -> Result<CertifiedKey, LoadError> {
    let key = KeyPair::generate().map_err(LoadError::SelfSigned)?;
    let names = names(addresses);
    let made = params(&names).and_then(|params| params.self_signed(&key));
    let made = made.map_err(LoadError::SelfSigned)?;
    if let Some(path) = written_to {
        fs::write(path, made.pem()).map_err(|error| not_written(path, &error))?;
    }
    let fingerprint = fingerprint(made.der());
    info!(
        target: TLS, event = event::CERTIFICATE_MADE, fingerprint:% = fingerprint;
        "certificate made for {}, with the SHA-256 fingerprint {fingerprint}",
        names.join(", "),
    );
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    CertifiedKey::from_der(vec![made.der().clone()], key.into(), &default_provider())
        .map_err(LoadError::Tls)
}

fn not_written(path: &Path, error: &io::Error) -> LoadError {
    let flag = "--tls-write-cert";
    match error.kind() {
        // The file itself would have been made.
        ErrorKind::NotFound => LoadError::file(flag, path, "there is no such folder"),
        _ => LoadError::system(flag, path, error),
    }
}

/// The names that the certificate is for, each once.
fn names(addresses: impl Iterator<Item = SocketAddr>) -> Vec<String> {
    let local = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    let listened = addresses.map(|address| address.ip());
    let mut names = vec!["localhost".into()];
    // 0.0.0.0 and [::] are not addresses of a server.
    let named = |ip: &IpAddr| !ip.is_unspecified();
    for ip in local.into_iter().chain(listened).filter(named) {
        let name = ip.to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn params(names: &[String]) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "ws-echo, self-signed");
    #[expect(
        clippy::disallowed_methods,
        reason = "a certificate is valid between two dates"
    )]
    let now = SystemTime::now();
    // The client's clock may be slow.
    params.not_before = (now - DAY).into();
    params.not_after = (now - DAY + VALID_FOR).into();
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

/// The hash by which people compare certificates: `AA:BB:…`.
fn fingerprint(der: &[u8]) -> String {
    let hash = digest(&SHA256, der);
    let bytes: Vec<_> = hash
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    bytes.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_is_for_this_machine_and_its_listen_addresses() {
        let addresses = [
            "127.0.0.1:1",
            "192.0.2.1:2",
            "192.0.2.1:3",
            "[::]:4",
            "0.0.0.0:5",
        ];
        let addresses = addresses.map(|address| address.parse().unwrap());
        let expected = ["localhost", "127.0.0.1", "::1", "192.0.2.1"];
        assert_eq!(names(addresses.into_iter()), expected);
        assert!(make(addresses.into_iter(), None).is_ok());
    }

    #[test]
    fn a_fingerprint_is_written_as_openssl_does() {
        let empty = fingerprint(b"");
        assert!(empty.starts_with("E3:B0:C4:42:98:FC:"), "{empty}");
        assert_eq!(empty.len(), 32 * 3 - 1);
    }
}
