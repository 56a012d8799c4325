//! The host and the port of a URL (RFC 3986 sections 3.2.2 and 3.2.3).

use std::net::Ipv6Addr;

use crate::command_line::host::{self, NOT_ASCII};

/// The longest name of a host (RFC 1035 section 2.3.4).
const NAME_LEN_MAX: usize = 253;
const NO_BRACKETS: &str = "write an IPv6 address in brackets, such as ws://[::1]:3000";
/// Errors show the zone.
const NOT_VISIBLE: &str = "write the zone in visible ASCII, such as ws://[fe80::1%eth0]:3000";

/// A host and a port.
pub(super) struct Authority {
    /// The value of the header `Host`: the host, and the port if one was written.
    pub(super) text: String,
    /// The name, or the address without brackets and with its zone.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Authority {
    /// Reads `host[:port]` or `[IPv6][:port]`; the error says what to write instead.
    pub(super) fn read(text: &str, default_port: u16) -> Result<Self, String> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => rest.split_once(']').ok_or(NO_BRACKETS)?,
            None => text.split_at(text.find(':').unwrap_or(text.len())),
        };
        let (text, host) = if text.starts_with('[') {
            let (address, zone) = address_and_zone(host)?;
            (format!("[{address}]{port}"), format!("{address}{zone}"))
        } else if port.matches(':').count() > 1 {
            return Err(NO_BRACKETS.into());
        } else {
            check_name(host)?;
            (text.into(), host.into())
        };
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => Some(default_port),
            None => None,
            Some(digits) => host::port(digits).filter(|port| *port > 0),
        };
        match port {
            Some(port) => Ok(Self { text, host, port }),
            None => Err("write a port from 1 to 65535, such as ws://127.0.0.1:3000".into()),
        }
    }

    /// Returns the host without the zone, which means something on this machine only.
    pub(super) fn without_zone(&self) -> &str {
        self.host.split('%').next().unwrap_or_default()
    }
}

/// Splits an IPv6 address and its zone with the `%`, if it has one. In a URL the `%` may be written
/// as `%25` (RFC 6874).
fn address_and_zone(text: &str) -> Result<(&str, String), &'static str> {
    let (address, zone) = match text.split_once('%') {
        None => (text, None),
        Some((address, zone)) => (address, Some(zone)),
    };
    if address.parse::<Ipv6Addr>().is_err() || zone == Some("") {
        return Err(NO_BRACKETS);
    }
    if zone.is_some_and(|zone| !zone.bytes().all(|byte| byte.is_ascii_graphic())) {
        return Err(NOT_VISIBLE);
    }
    let zone = zone.map(|zone| match zone.strip_prefix("25") {
        Some(rest) if !rest.is_empty() => format!("%{rest}"),
        _ => format!("%{zone}"),
    });
    Ok((address, zone.unwrap_or_default()))
}

fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("write a host, such as ws://127.0.0.1:3000".into());
    }
    if !name.is_ascii() {
        return Err(NOT_ASCII.into());
    }
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if !name.bytes().all(is_part) || name.len() > NAME_LEN_MAX {
        return Err(format!(
            "write a host of letters, digits, '-', '.' and '_', at most {NAME_LEN_MAX} characters"
        ));
    }
    Ok(())
}
