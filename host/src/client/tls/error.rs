//! Why a TLS handshake failed: as text, with advice where there is some.

use std::io;

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

use crate::client::error::ConnectError;
use crate::escape::Untrusted;
use crate::options::url::{Scheme, Url};
use crate::time::DAY;

/// The reason for the end of a connection to `url` if its TLS handshake failed with `error`.
pub(super) fn connect_error(error: &io::Error, url: &Url) -> ConnectError {
    let reason = error.get_ref().and_then(|inner| inner.downcast_ref());
    let plain = url.with(Scheme::Ws);
    match reason {
        Some(error) => ConnectError::Tls(text(error, &plain)),
        None => ConnectError::NotConnected(format!(
            "the connection ended during the TLS handshake: {error}; if the server does not speak \
             TLS, use {plain}"
        )),
    }
}

fn text(error: &Error, plain: &str) -> String {
    match error {
        Error::InvalidCertificate(error) => certificate(error),
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        ) => format!("the server does not speak TLS: use {plain}"),
        Error::AlertReceived(
            alert @ (AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure),
        ) => format!(
            "the server accepts neither TLS 1.2 nor 1.3, or none of the cipher suites offered \
             ({alert:?}); if it does not speak TLS, use {plain}"
        ),
        Error::AlertReceived(alert) => {
            format!("the server rejected the TLS handshake: {alert:?}")
        }
        other => format!(
            "the TLS handshake failed: {}",
            Untrusted::excerpt(&other.to_string())
        ),
    }
}

/// What is wrong with a certificate.
fn certificate(error: &CertificateError) -> String {
    let reason = match error {
        CertificateError::UnknownIssuer => {
            "was issued by an authority that is not trusted: pass its certificate with --ca".into()
        }
        CertificateError::BadSignature => {
            "was issued by an authority with the name of a trusted one, but another key: pass its \
             certificate with --ca"
                .into()
        }
        CertificateError::ExpiredContext { time, not_after } => {
            format!("expired {} ago", days(*not_after, *time))
        }
        CertificateError::NotValidYetContext { time, not_before } => {
            let days = days(*time, *not_before);
            format!("becomes valid in {days}: check this machine's clock")
        }
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => {
            let names: Vec<_> = presented.iter().map(|name| bare(name)).collect();
            let names = if names.is_empty() {
                "no name".into()
            } else {
                names.join(", ")
            };
            let (names, expected) = (Untrusted::excerpt(&names), expected.to_str());
            format!("is for {names}, not for {expected}")
        }
        CertificateError::Other(other) if is_ca_certificate(other) => {
            "is a CA certificate, which a server must not use: create one with \
             basicConstraints=CA:FALSE"
                .into()
        }
        other => format!("cannot be used: {}", Untrusted::excerpt(&other.to_string())),
    };
    format!("the server's certificate {reason}; --insecure accepts any certificate")
}

fn is_ca_certificate(error: &rustls::OtherError) -> bool {
    let error = error.0.downcast_ref();
    error == Some(&webpki::Error::CaUsedAsEndEntity)
}

/// The name itself in one that rustls reports, such as `DnsName("localhost")`.
fn bare(presented: &str) -> &str {
    let name = presented
        .split_once('(')
        .map_or(presented, |(_, name)| name);
    name.trim_end_matches(')').trim_matches('"')
}

/// The time between two points in time, in whole days.
fn days(from: UnixTime, to: UnixTime) -> String {
    match to.as_secs().saturating_sub(from.as_secs()) / DAY.as_secs() {
        0 => "less than a day".into(),
        1 => "1 day".into(),
        days => format!("{days} days"),
    }
}
