//! The flags of a client that say what its request has besides what the handshake needs.

use clap::Args;

use super::names::subprotocol;
use crate::http_token::is_token;
use crate::options::chat::Header;
use crate::options::url::{AUTHORIZATION, Url};

#[derive(Args)]
pub(super) struct RequestArguments {
    /// A subprotocol to offer; may be repeated, in order of preference
    #[arg(long = "subprotocol", value_name = "NAME", value_parser = subprotocol)]
    pub(super) subprotocols: Vec<String>,

    /// A further header of the request; may be repeated
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    pub(super) headers: Vec<Header>,

    /// The Origin header of the request, such as http://localhost
    #[arg(long, value_name = "ORIGIN", value_parser = origin)]
    pub(super) origin: Option<String>,
}

impl RequestArguments {
    /// Checks that they go together with the URL; the error says what to leave out.
    pub(super) fn check(&self, url: &Url) -> Result<(), &'static str> {
        let is_authorization = |header: &Header| header.name.eq_ignore_ascii_case(AUTHORIZATION);
        if url.authorization.is_some() && self.headers.iter().any(is_authorization) {
            return Err(
                "the name and the password of the URL are the header Authorization: leave them \
                 out, or leave out that --header",
            );
        }
        Ok(())
    }
}

/// A header, without characters that could break the lines of the request.
fn header(text: &str) -> Result<Header, String> {
    let Some((name, value)) = text.split_once(':') else {
        return Err("write a name, a colon and a value, such as 'Accept-Language: de'".into());
    };
    if !is_token(name) {
        return Err(
            "write a name of letters, digits and !#$%&'*+-.^_`|~, such as 'Accept-Language: de'"
                .into(),
        );
    }
    let value = value.trim_matches([' ', '\t']);
    if value.contains(|character: char| character.is_control() && character != '\t') {
        return Err("write the value without line breaks or other control characters".into());
    }
    if let Some(advice) = instead_of(name) {
        return Err(format!("the handshake itself sends {name}: {advice}"));
    }
    Ok(Header {
        name: name.into(),
        value: value.into(),
    })
}

/// Returns what to write instead of a header that the handshake sends itself.
fn instead_of(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "origin" => Some("write it as --origin"),
        "sec-websocket-protocol" => Some("write it as --subprotocol"),
        "host" => Some("write the host in the URL"),
        "upgrade" | "connection" => Some("leave it out"),
        "content-length" | "transfer-encoding" => Some("leave it out: there is no content"),
        _ if name.starts_with("sec-websocket-") => Some("leave it out"),
        _ => None,
    }
}

/// The value of `Origin`: visible ASCII.
fn origin(text: &str) -> Result<String, &'static str> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("write visible ASCII only, such as http://localhost:8080 or null");
    }
    Ok(text.into())
}
