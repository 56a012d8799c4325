//! Certificates of servers, valid and invalid ones, made for a test and deleted after it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
    date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A server's certificate and its key, with the authority that signed it.
#[derive(Debug)]
pub(crate) struct Certificate(PathBuf);

impl Certificate {
    /// A certificate for `localhost` and 127.0.0.1, signed by an authority of its own.
    pub(crate) fn trusted() -> Self {
        Self::of_authority(params(&["localhost", "127.0.0.1"]))
    }

    /// A certificate for other names.
    pub(crate) fn of_others(names: &[&str]) -> Self {
        Self::of_authority(params(names))
    }

    /// A certificate that expired long ago.
    pub(crate) fn expired() -> Self {
        let mut params = params(&["127.0.0.1"]);
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 1, 1);
        Self::of_authority(params)
    }

    /// A certificate that is not valid yet.
    pub(crate) fn of_the_future() -> Self {
        let mut params = params(&["127.0.0.1"]);
        params.not_before = date_time_ymd(4000, 1, 1);
        Self::of_authority(params)
    }

    /// A self-signed certificate.
    pub(crate) fn self_signed() -> Self {
        Self::signed_by_itself(params(&["localhost", "127.0.0.1"]))
    }

    /// A self-signed certificate that may sign others, as `openssl req -x509` makes it.
    pub(crate) fn of_an_authority_itself() -> Self {
        let mut params = params(&["127.0.0.1"]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "itself");
        Self::signed_by_itself(params)
    }

    fn signed_by_itself(params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        Self::write(&certificate, &certificate, &key)
    }

    fn of_authority(params: CertificateParams) -> Self {
        let mut authority = self::params(&[]);
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap());
        let authority = authority.unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        Self::write(&authority.pem(), &certificate.pem(), &key)
    }

    fn write(authority: &str, chain: &str, key: &KeyPair) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("certificate-{}-{number}", process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("authority.pem"), authority).unwrap();
        fs::write(folder.join("chain.pem"), chain).unwrap();
        fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
        Self(folder)
    }

    /// The file of the authority that a client must trust.
    pub(crate) fn authority_file(&self) -> String {
        self.file("authority.pem")
    }

    /// The file of the chain that the server presents.
    pub(crate) fn chain_file(&self) -> String {
        self.file("chain.pem")
    }

    /// The file of the server's key.
    pub(crate) fn key_file(&self) -> String {
        self.file("key.pem")
    }

    /// The chain that the server presents.
    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        let certificates = CertificateDer::pem_file_iter(self.chain_file()).unwrap();
        certificates.map(Result::unwrap).collect()
    }

    /// The server's key.
    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_file(self.key_file()).unwrap()
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).into_os_string().into_string().unwrap()
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    CertificateParams::new(names).unwrap()
}
