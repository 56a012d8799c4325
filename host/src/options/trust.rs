//! Which certificates a client trusts.

use rustls::pki_types::TrustAnchor;

/// Which certificates are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Those of the authorities that the system trusts.
    System,
    /// Those of these authorities, at least one.
    Only(Vec<TrustAnchor<'static>>),
    /// Any certificate.
    Anyone,
}
