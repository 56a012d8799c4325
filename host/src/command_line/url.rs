//! The server that a client talks to, as a URL: `ws://[NAME:PASSWORD@]HOST[:PORT]` with
//! `[/PATH[?QUERY]]`, and for `chat` and `replay` also `wss://...` (RFC 6455 section 3).
//!
//! What is nearly a URL is an error that has the URL to write.
//!
//! A host name stays a name: each connection resolves it anew.

mod authority;
mod start;
mod user;

use rustls::pki_types::ServerName;

use self::authority::Authority;
use self::start::Start;
use super::names::{PERCENT_ENCODE, percent_encoded};
use crate::options::url::{Scheme, Url};

/// Reads a URL without TLS.
pub(super) fn ws_url(text: &str) -> Result<Url, String> {
    let start = Start::of(text);
    if start.scheme == Scheme::Wss {
        let plain = format!("{}{}", Scheme::Ws.prefix(), start.rest);
        Parts::read(&plain)?;
        return Err(format!(
            "bench does not speak TLS: write {plain} if the server also listens without it"
        ));
    }
    url(text)
}

/// Reads a URL.
pub(super) fn url(text: &str) -> Result<Url, String> {
    let Parts {
        scheme,
        user,
        authority,
        resource,
    } = Parts::read(text)?;
    let server_name = match scheme {
        Scheme::Ws => None,
        Scheme::Wss => Some(server_name(authority.without_zone())?),
    };
    let root = if resource.starts_with('/') { "" } else { "/" };
    let text = match user {
        None => text.into(),
        Some(_) => format!("{}{}{resource}", scheme.prefix(), authority.text),
    };
    Ok(Url {
        text,
        authority: authority.text,
        authorization: user.map(user::basic).transpose()?,
        resource: format!("{root}{resource}"),
        server_name,
        host: authority.host,
        port: authority.port,
    })
}

/// The parts of a URL.
struct Parts<'a> {
    scheme: Scheme,
    /// A name, and a password behind a colon.
    user: Option<&'a str>,
    authority: Authority,
    /// Empty, or a path with its leading `/`, or a query with its leading `?`, or both.
    resource: &'a str,
}

impl<'a> Parts<'a> {
    /// Splits a URL; the error says what to write instead.
    fn read(text: &'a str) -> Result<Self, String> {
        let Start {
            scheme,
            rest,
            fault,
        } = Start::of(text);
        let prefix = scheme.prefix();
        if let Some(fault) = fault {
            return Err(repaired(fault, &format!("{prefix}{rest}")));
        }
        let (authority, resource) = rest.split_at(end_of_authority(rest));
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        if user.is_none() && user::is_cut(authority, resource) {
            return Err(user::PERCENT_ENCODE_PASSWORD.into());
        }
        if let Some((start, _)) = resource.split_once('#') {
            let url = format!("{prefix}{authority}{start}");
            return Err(repaired("leave out the fragment", &url));
        }
        let (path, query) = resource.split_at(resource.find('?').unwrap_or(resource.len()));
        if path.contains('\\') {
            let path = path.replace('\\', "/");
            let url = format!("{prefix}{authority}{path}{query}");
            return Err(repaired("write / for \\", &url));
        }
        let encoded = user.map(|user| percent_encoded(user) + "@");
        let encoded = encoded.unwrap_or_default() + host + &percent_encoded(resource);
        if encoded != rest {
            return Err(repaired(PERCENT_ENCODE, &format!("{prefix}{encoded}")));
        }
        let authority = Authority::read(host, scheme.default_port())?;
        Ok(Self {
            scheme,
            user: user.filter(|user| !user.is_empty()),
            authority,
            resource,
        })
    }
}

/// Returns where host and port end.
fn end_of_authority(rest: &str) -> usize {
    rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len())
}

/// Says what is wrong, with the URL to write; or what else is wrong with that.
fn repaired(fault: &str, url: &str) -> String {
    match Parts::read(url) {
        Ok(_) => format!("{fault}: {url}"),
        Err(other) => other,
    }
}

/// Returns the name that a certificate for a host must have.
fn server_name(host: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(host.to_owned()).map_err(|_| {
        format!("no certificate is valid for the host '{host}': write a DNS name or an IP address")
    })
}

#[cfg(test)]
mod tests;
