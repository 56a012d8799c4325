//! The options of `ws-echo healthcheck`: which server, and how long it may take.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use clap::Args;
use clap::error::ErrorKind;

use super::environment::Environment;
use super::quantity;
use super::trust::TrustArguments;
use super::url;
use crate::options::healthcheck::{Check, HealthcheckOptions};
use crate::options::url::Url;

pub(super) const AFTER_HELP: &str = "\
With ws:// or wss://, a WebSocket is opened, and a text must be echoed; other
messages, such as a greeting, do not matter. With http:// or https://, GET must
be answered with status 200.

Without a URL, the server is the one that the same variables would start, on
this machine: those for --listen, --port and --path, or else PORT, or else
ws://127.0.0.1:3000.

Every option can also be set by an environment variable: --timeout by
WS_ECHO_HEALTHCHECK_TIMEOUT, and so on. The command line takes precedence, and
an empty variable counts as unset.

A DURATION is a number and a unit: 500ms, 10s, 2m or 1h; seconds without a unit.

Examples:
  ws-echo healthcheck                  check the server on this machine
  ws-echo healthcheck wss://echo.example.com
                                       check another one, over TLS
  ws-echo healthcheck http://127.0.0.1:9090/livez
                                       ask what --admin-listen serves

Exit status: 0 if the server did what it must; 1 if not, with a line on stderr
that says why; 2 for a wrong command line.";

#[derive(Args)]
pub(super) struct HealthcheckArguments {
    // Not a doc comment, in which the brackets would be links.
    #[arg(value_name = "URL", value_parser = target)]
    #[arg(
        help = "The server: ws://HOST[:PORT][/PATH], or wss://..., http://... or https://... \
                [default: the server on this machine]"
    )]
    target: Option<Target>,

    #[command(flatten)]
    trust: TrustArguments,

    /// How long everything may take, from finding the host to the end
    #[arg(long, value_name = "DURATION", value_parser = quantity::timeout)]
    #[arg(default_value = "5s")]
    timeout: Duration,
}

/// A server, and what it must do.
#[derive(Clone, Debug, PartialEq)]
struct Target(Check, Url);

impl HealthcheckArguments {
    /// The options, if they go together.
    pub(super) fn into_options(
        self,
        environment: &Environment,
    ) -> Result<HealthcheckOptions, clap::Error> {
        let wrong = |advice| {
            let command = clap::Command::new("ws-echo healthcheck");
            let mut command = HealthcheckArguments::augment_args(command);
            command.error(ErrorKind::ArgumentConflict, advice)
        };
        let default = || target(&own_url(environment)).map_err(wrong);
        let Target(check, url) = self.target.map_or_else(default, Ok)?;
        let trust = self.trust.into_trust(&url).map_err(wrong)?;
        Ok(HealthcheckOptions {
            url,
            check,
            trust,
            timeout: self.timeout,
        })
    }
}

/// Reads a URL; the error says what to write instead.
fn target(text: &str) -> Result<Target, String> {
    let other = [("http://", "ws://"), ("https://", "wss://")];
    for (http, ws) in other {
        if let Some(rest) = text.strip_prefix(http) {
            let mut url =
                url::url(&format!("{ws}{rest}")).map_err(|advice| advice.replace(ws, http))?;
            url.text = url.text.replacen(ws, http, 1);
            return Ok(Target(Check::Status, url));
        }
    }
    url::url(text).map(|url| Target(Check::Echo, url))
}

/// The URL of the server that these variables would start. What is wrong with one, the server says.
fn own_url(environment: &Environment) -> String {
    let get = |name: &str| Some(environment.get(name)?.to_string_lossy().into_owned());
    let first = |list: String| list.split(',').next().unwrap_or_default().trim().to_owned();
    let authority = get("WS_ECHO_LISTEN").map(first).map(reachable);
    let port = get("WS_ECHO_PORT").or_else(|| get("PORT"));
    let authority = authority.unwrap_or_else(|| {
        let port = port.unwrap_or_else(|| "3000".into());
        format!("127.0.0.1:{port}")
    });
    let path = get("WS_ECHO_PATH").map(first).unwrap_or_default();
    format!("ws://{authority}{path}")
}

/// An address at which this machine reaches a listener: that of every network is none.
fn reachable(listen: String) -> String {
    let Ok(mut address) = listen.parse::<SocketAddr>() else {
        return listen;
    };
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(variables: &[(&str, &str)]) -> String {
        own_url(&variables.iter().copied().collect())
    }

    #[test]
    fn without_a_url_the_server_is_the_one_that_the_variables_would_start() {
        assert_eq!(own(&[]), "ws://127.0.0.1:3000");
        assert_eq!(own(&[("PORT", "8080")]), "ws://127.0.0.1:8080");
        let port = [("PORT", "8080"), ("WS_ECHO_PORT", "81")];
        assert_eq!(own(&port), "ws://127.0.0.1:81");
        for (listen, expected) in [
            ("0.0.0.0:3000", "ws://127.0.0.1:3000"),
            ("[::]:80,127.0.0.1:81", "ws://[::1]:80"),
            ("192.0.2.1:3000", "ws://192.0.2.1:3000"),
            ("localhost:3000", "ws://localhost:3000"),
        ] {
            let variables = [("WS_ECHO_LISTEN", listen), ("PORT", "8080")];
            assert_eq!(own(&variables), expected);
        }
        assert_eq!(own(&[("WS_ECHO_PATH", "/a,/b")]), "ws://127.0.0.1:3000/a");
    }

    #[test]
    fn the_scheme_says_what_is_checked() {
        for (text, check, server_name) in [
            ("ws://localhost:3000/a?b", Check::Echo, false),
            ("wss://localhost:3000/a?b", Check::Echo, true),
            ("http://localhost:3000/a?b", Check::Status, false),
            ("https://localhost:3000/a?b", Check::Status, true),
        ] {
            let target = target(text).expect(text);
            let Target(checked, url) = &target;
            assert_eq!((*checked, &*url.text), (check, text));
            assert_eq!(url.server_name.is_some(), server_name, "{text}");
            assert_eq!(url.resource, "/a?b");
        }
        assert_eq!(target("https://a").map(|it| it.1.port), Ok(443));
        let error = target("http://a/#b").expect_err("a fragment");
        assert_eq!(error, "leave out the fragment: http://a/");
    }
}
