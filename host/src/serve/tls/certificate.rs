//! A certificate and its key from PEM files (RFC 7468), and the errors in them.

use std::fmt::{self, Display};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::{fs, io};

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, Error as TlsError};

use crate::escape::Excerpt;
use crate::platform;

/// The flags that name the files.
const CERTIFICATE: &str = "--tls-cert";
const KEY: &str = "--tls-key";

/// Why the server has no certificate.
#[derive(Debug)]
pub(crate) enum LoadError {
    /// The file that a flag names is wrong.
    File {
        flag: &'static str,
        path: PathBuf,
        reason: String,
    },
    /// TLS cannot be set up, for a reason outside the files.
    Tls(TlsError),
    /// No certificate could be made.
    SelfSigned(rcgen::Error),
}

impl LoadError {
    pub(super) fn file(flag: &'static str, path: &Path, reason: impl Into<String>) -> Self {
        Self::File {
            flag,
            path: path.into(),
            reason: reason.into(),
        }
    }

    pub(super) fn system(flag: &'static str, path: &Path, error: &io::Error) -> Self {
        let reason = match error.kind() {
            ErrorKind::NotFound => "there is no such file".into(),
            ErrorKind::PermissionDenied => "permission denied".into(),
            ErrorKind::IsADirectory => "it is a directory; write a file".into(),
            _ => error.to_string(),
        };
        Self::file(flag, path, reason)
    }
}

impl Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { flag, path, reason } => {
                let path = path.display().to_string();
                write!(f, "{flag} {}: {reason}", Excerpt::new(&path))
            }
            Self::Tls(error) => write!(f, "cannot set up TLS: {error}"),
            Self::SelfSigned(error) => write!(f, "cannot make a certificate: {error}"),
        }
    }
}

impl std::error::Error for LoadError {}

/// Loads a certificate, with its chain if there is one, and its key.
pub(super) fn load(certificate: &Path, key: &Path) -> Result<CertifiedKey, LoadError> {
    let chain = chain(&read(CERTIFICATE, certificate)?)
        .map_err(|reason| LoadError::file(CERTIFICATE, certificate, reason))?;
    let secret =
        private_key(&read(KEY, key)?).map_err(|reason| LoadError::file(KEY, key, reason))?;
    CertifiedKey::from_der(chain, secret, &default_provider()).map_err(|error| match error {
        TlsError::InconsistentKeys(_) => {
            let path = certificate.display().to_string();
            let certificate = Excerpt::new(&path);
            let reason = format!("the key does not belong to the certificate of {certificate}");
            LoadError::file(KEY, key, reason)
        }
        TlsError::InvalidCertificate(CertificateError::BadEncoding) => {
            LoadError::file(CERTIFICATE, certificate, "it is not an X.509 certificate")
        }
        TlsError::InvalidCertificate(_) => {
            LoadError::file(CERTIFICATE, certificate, error.to_string())
        }
        _ => LoadError::file(KEY, key, error.to_string()),
    })
}

fn read(flag: &'static str, path: &Path) -> Result<Vec<u8>, LoadError> {
    fs::read(path)
        .map_err(|error| LoadError::system(flag, path, &platform::file_error(path, error)))
}

fn chain(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        Ok(_) => Err(missing(pem, "certificate (BEGIN CERTIFICATE)")),
        Err(error) => Err(format!("it is not PEM: {error}")),
    }
}

fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| match error {
        pem::Error::NoItemsFound if contains(pem, b"BEGIN ENCRYPTED PRIVATE KEY") => {
            "its key is encrypted; decrypt it: openssl pkey -in FILE -out FILE".into()
        }
        pem::Error::NoItemsFound => missing(pem, "private key (BEGIN PRIVATE KEY)"),
        error => format!("it is not PEM: {error}"),
    })
}

/// The error for a file that does not contain `thing`.
fn missing(pem: &[u8], thing: &str) -> String {
    if contains(pem, b"-----BEGIN ") {
        format!("there is no {thing} in it")
    } else {
        format!("it is not PEM: there is no {thing} in it")
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
