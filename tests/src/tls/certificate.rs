//! Certificates in files, each test's own.

use std::path::PathBuf;
use std::{env, fs};

use crate::server::Server;
use rcgen::{CertificateParams, DnType, KeyPair};

/// The path of a file that a test writes, in Cargo's folder for such files.
pub fn file(name: &str) -> PathBuf {
    let test = env::current_exe().expect("a test knows its own path");
    let target = test.ancestors().nth(3).expect("target/PROFILE/deps/TEST");
    target.join("tmp").join(name)
}

/// A self-signed certificate, and its key.
pub struct CertificateFiles {
    /// The file of the certificate.
    pub certificate: PathBuf,
    /// The file of its private key.
    pub key: PathBuf,
}

impl CertificateFiles {
    /// Makes a certificate for this machine, in files of this name.
    pub fn make(name: &str) -> Self {
        let files = Self {
            certificate: file(&format!("{name}.crt")),
            key: file(&format!("{name}.key")),
        };
        files.renew();
        files
    }

    /// Replaces the certificate and the key by new ones. Returns the certificate.
    pub fn renew(&self) -> Vec<u8> {
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

    /// The flags that name these files.
    pub fn flags(&self) -> [&str; 4] {
        let [certificate, key] = [&self.certificate, &self.key].map(|path| path.to_str().unwrap());
        ["--tls-cert", certificate, "--tls-key", key]
    }
}

/// A server with a self-signed certificate, and the file of that certificate.
pub fn self_signed(name: &str, arguments: &[&str]) -> (Server, PathBuf) {
    let path = file(&format!("{name}.pem"));
    let flags = [
        "--tls-self-signed",
        "--tls-write-cert",
        path.to_str().unwrap(),
    ];
    (Server::start(&[&flags, arguments].concat()), path)
}
