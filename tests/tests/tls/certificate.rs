//! Certificates in files, each test's own.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, DnType, KeyPair};
use ws_echo_tests::server::Server;

/// A file of its own for what a test writes.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// A certificate that vouches for itself, and its key.
pub(crate) struct Files {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Files {
    /// Makes one for this machine, in files of this name.
    pub(crate) fn make(name: &str) -> Self {
        let files = Self {
            certificate: file(&format!("{name}.crt")),
            key: file(&format!("{name}.key")),
        };
        files.renew();
        files
    }

    /// Puts another certificate and another key in their place; returns the certificate.
    pub(crate) fn renew(&self) -> Vec<u8> {
        let key = KeyPair::generate().unwrap();
        let names = ["localhost".into(), "127.0.0.1".into()];
        let mut params = CertificateParams::new(names).unwrap();
        let name = self.certificate.display().to_string();
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.self_signed(&key).unwrap();
        fs::write(&self.certificate, certificate.pem()).unwrap();
        fs::write(&self.key, key.serialize_pem()).unwrap();
        certificate.der().to_vec()
    }

    /// The flags that name them.
    pub(crate) fn flags(&self) -> [&str; 4] {
        let [certificate, key] = [&self.certificate, &self.key].map(|path| path.to_str().unwrap());
        ["--tls-cert", certificate, "--tls-key", key]
    }
}

/// A server with a certificate that it has made, and the file that this is in.
pub(crate) fn self_signed(name: &str, arguments: &[&str]) -> (Server, PathBuf) {
    let path = file(&format!("{name}.pem"));
    let flags = [
        "--tls-self-signed",
        "--tls-write-cert",
        path.to_str().unwrap(),
    ];
    (Server::start(&[&flags, arguments].concat()), path)
}
