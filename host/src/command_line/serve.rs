//! The options of `ws-echo serve`, which are also those of `ws-echo` alone: what to serve, to whom,
//! and within which limits.

use std::fmt::Display;
use std::num::NonZeroUsize;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, ValueEnum};
use ws_echo_core::Window;

use super::admin::AdminArguments;
use super::drain::DrainArguments;
use super::environment::Environment;
use super::log::LogArguments;
use super::memory;
use super::names;
use super::proxies::ProxyArguments;
use super::quantity::{self, Interval};
use super::record::RecordArguments;
use super::service_manager::service_manager;
use super::sockets::SocketArguments;
use super::tls::TlsArguments;
use crate::options::serve::{DeflateMode, Origins, Secrets, ServeOptions, Welcome};

pub(super) const USAGE: &str = "\
ws-echo [serve] [OPTIONS]
       ws-echo bench [OPTIONS] <URL>
       ws-echo chat [OPTIONS] <URL>
       ws-echo check [OPTIONS] [URL]
       ws-echo healthcheck [OPTIONS] [URL]
       ws-echo replay [OPTIONS] <FILE> <URL>
       ws-echo completions <SHELL>
       ws-echo man [OPTIONS] [COMMAND]";

pub(super) const AFTER_HELP: &str = "\
Every option can also be set by an environment variable: --close-timeout by
WS_ECHO_CLOSE_TIMEOUT, and so on. The command line takes precedence, and an
empty variable counts as unset. The values of a repeated option are separated by
commas (WS_ECHO_LISTEN=127.0.0.1:80,[::1]:80), and a switch is true or false.

A DURATION is a number and a unit: 500ms, 10s, 2m or 1h; seconds without a unit.
A SIZE is a number and a unit: 64KiB or 16MiB; bytes without a unit.
A FILTER is a level (off, error, warn, info, debug or trace), and other levels
for some targets: info,ws_echo::client=debug. RUST_LOG has the same form.

Log targets:
  ws_echo::server                      start, stop, listeners and workers
  ws_echo::client                      connections of clients, from accept to end
  ws_echo::frame                       debug: requests, responses and frames
  ws_echo::wire                        trace: the bytes, in hex
  ws_echo::message                     the messages, with --log-messages
  ws_echo::record                      recordings, with --record
  ws_echo::limits                      clients turned away, and memory shortages
  ws_echo::tls                         certificates
  ws_echo::admin                       the admin listener, with --admin-listen
  ws_echo::log                         the log itself

Examples:
  ws-echo                              serve this machine on port 3000
  ws-echo --port 8080                  serve this machine on port 8080
  ws-echo --listen 0.0.0.0:8080        serve every network on port 8080
  ws-echo --listen 127.0.0.1:0 --no-welcome
                                       only echo, on a free port that is printed
  ws-echo --tls-self-signed --tls-write-cert echo.pem
                                       speak wss, for clients that trust echo.pem
  ws-echo --path /echo --log-messages  serve one path, and log the messages";

#[derive(Clone, Copy, ValueEnum)]
enum Deflate {
    Off,
    Fresh,
    Window,
    Unverified,
}

impl From<Deflate> for DeflateMode {
    fn from(mode: Deflate) -> Self {
        match mode {
            Deflate::Off => Self::Off,
            Deflate::Fresh => Self::Fresh,
            Deflate::Window => Self::Window,
            Deflate::Unverified => Self::Unverified,
        }
    }
}

#[derive(Args)]
pub(super) struct ServeArguments {
    #[command(flatten)]
    sockets: SocketArguments,

    #[command(flatten)]
    tls: TlsArguments,

    /// The text message that greets each client
    #[arg(long, value_name = "TEXT", value_parser = names::welcome)]
    #[arg(conflicts_with_all = ["no_welcome", "welcome_request"])]
    #[arg(default_value = "Welcome to Awesome Chat")]
    welcome: String,

    /// Do not greet clients
    #[arg(long, conflicts_with_all = ["welcome", "welcome_request"])]
    no_welcome: bool,

    /// Greet each client with its request as it arrived, in JSON: see testing-clients.md
    #[arg(long, conflicts_with_all = ["welcome", "no_welcome"])]
    welcome_request: bool,

    /// Show the values of headers that hold secrets, such as Authorization and Cookie, in
    /// recordings, the log and the request's report, and not only their lengths
    #[arg(long)]
    show_secrets: bool,

    /// A path to serve; may be repeated [default: every path]
    #[arg(long = "path", value_name = "PATH", value_parser = names::path)]
    paths: Vec<String>,

    /// Do not serve the chat page to browsers
    #[arg(long)]
    no_page: bool,

    /// The path on which the query of a client's URL says how the server behaves. A browser
    /// that opens it gets a page that explains it; see also testing-clients.md
    #[arg(long, value_name = "PATH", value_parser = names::path, conflicts_with = "no_test")]
    #[arg(default_value = "/test")]
    test_path: String,

    /// Serve no such path
    #[arg(long, conflicts_with = "test_path")]
    no_test: bool,

    /// How many messages a client may have pushed on the test path, and how often each of its
    /// messages repeated
    #[arg(long, value_name = "NUMBER", value_parser = quantity::limit)]
    #[arg(default_value = "10000")]
    max_push: NonZeroUsize,

    /// How long a connection on the test path lasts at most
    #[arg(long, value_name = "DURATION", value_parser = quantity::timeout)]
    #[arg(default_value = "1h")]
    max_test_time: Duration,

    /// A subprotocol to accept from clients, or * for the first one that a client offers; may be
    /// repeated, in order of preference
    #[arg(long = "subprotocol", value_name = "NAME", value_parser = names::subprotocol)]
    subprotocols: Vec<String>,

    /// Another origin from which browsers may connect, or * for any; may be repeated
    /// [default: the server's own]
    #[arg(long = "origin", value_name = "ORIGIN", value_parser = names::origin)]
    origins: Vec<String>,

    /// The maximum number of connections [default: what the limit of open files leaves, and a
    /// container's memory]
    #[arg(long, value_name = "NUMBER", value_parser = quantity::limit)]
    max_connections: Option<NonZeroUsize>,

    /// The maximum number of connections from one IP address [default: no limit]
    #[arg(long, value_name = "NUMBER", value_parser = quantity::limit)]
    max_connections_per_ip: Option<NonZeroUsize>,

    #[command(flatten)]
    proxies: ProxyArguments,

    /// The number of threads that serve clients [default: one per core]
    #[arg(long, value_name = "NUMBER", value_parser = quantity::thread_count)]
    threads: Option<NonZeroUsize>,

    /// The buffer of a busy connection, from 4KiB to 16MiB. Frames up to this size are echoed as a
    /// single frame. A client that keeps filling its buffer is given a 512KiB one until it stops
    #[arg(long = "buffer", value_name = "SIZE", value_parser = quantity::buffer_len)]
    #[arg(default_value = "64KiB")]
    buffer_len: usize,

    /// How long a client may take to send its request, of at most 8KiB and 64 headers
    #[arg(long, value_name = "DURATION", value_parser = quantity::timeout)]
    #[arg(default_value = "10s")]
    handshake_timeout: Duration,

    /// How long a client may take to answer a Close frame
    #[arg(long, value_name = "DURATION", value_parser = quantity::timeout)]
    #[arg(default_value = "5s")]
    close_timeout: Duration,

    /// How long a client may be silent before it is sent a Ping, or off
    #[arg(long, value_name = "DURATION", value_parser = quantity::interval)]
    #[arg(default_value = "25s")]
    ping_interval: Interval,

    /// How long a client may take to answer a Ping
    #[arg(long, value_name = "DURATION", value_parser = quantity::timeout)]
    #[arg(default_value = "20s")]
    ping_timeout: Duration,

    /// How long a client may pause in the middle of a frame, or read nothing while data waits for
    /// it, or off
    #[arg(long, value_name = "DURATION", value_parser = quantity::interval)]
    #[arg(default_value = "60s")]
    stall_timeout: Interval,

    /// Whether clients may compress messages (permessage-deflate): off; fresh, each message for
    /// itself; window, with a window that is kept between messages, for 48KiB of --max-memory each;
    /// or unverified, which keeps it too, and does not check that messages can be inflated
    #[arg(long, value_name = "MODE", value_enum, default_value_t = Deflate::Fresh)]
    deflate: Deflate,

    /// The largest window to agree on, from 9 to 15: a power of two, in bytes. Clients that cannot
    /// be told of a smaller one than 15 are served without compression
    #[arg(long, value_name = "BITS", value_parser = quantity::window)]
    #[arg(default_value = "15")]
    deflate_window: Window,

    /// The longest message that is echoed [default: no limit]
    #[arg(long, value_name = "SIZE", value_parser = quantity::message_len)]
    max_message_size: Option<u64>,

    /// The memory for all buffers, for handshakes and for inflating compressed messages. When it
    /// runs out, messages are echoed in fragments of up to 4KiB, clients too slow to accept a
    /// fragment immediately are disconnected, and new clients get 503
    /// [default: 512MiB, or a quarter of a container's memory if that is less]
    #[arg(long, value_name = "SIZE", value_parser = quantity::memory)]
    max_memory: Option<usize>,

    /// How much of its echoes is kept for each client that reads only after it has sent everything,
    /// or off. It is a part of --max-memory; all clients together may use half of that
    #[arg(long, value_name = "SIZE", value_parser = quantity::backlog)]
    #[arg(default_value = "16MiB")]
    max_backlog: usize,

    #[command(flatten)]
    drain: DrainArguments,

    #[command(flatten)]
    admin: AdminArguments,

    #[command(flatten)]
    log: LogArguments,

    #[command(flatten)]
    record: RecordArguments,
}

impl ServeArguments {
    /// The options, if they go together.
    pub(super) fn into_options(
        self,
        environment: &Environment,
    ) -> Result<ServeOptions, clap::Error> {
        let missing = |advice| wrong(ErrorKind::MissingRequiredArgument, advice);
        let invalid = |advice| wrong(ErrorKind::ValueValidation, advice);
        let (welcome, secrets) = (self.welcome(), self.secrets());
        let has_max_memory = self.max_memory.is_some();
        let mut options = ServeOptions {
            listen: self.sockets.into_options(environment).map_err(invalid)?,
            tls: self.tls.into_source().map_err(missing)?,
            welcome,
            secrets,
            paths: self.paths,
            has_page: !self.no_page,
            test_path: (!self.no_test).then_some(self.test_path),
            max_push: self.max_push.get() as u64,
            max_test_time: self.max_test_time,
            subprotocols: self.subprotocols,
            origins: if self.origins.iter().any(|origin| origin == "*") {
                Origins::Any
            } else {
                Origins::These(self.origins)
            },
            max_connections: self.max_connections,
            max_connections_per_ip: self.max_connections_per_ip,
            proxies: self.proxies.into_options().map_err(missing)?,
            threads: self.threads.unwrap_or_else(quantity::thread_per_core),
            buffer_len: self.buffer_len,
            handshake_timeout: self.handshake_timeout,
            close_timeout: self.close_timeout,
            ping_interval: self.ping_interval.0,
            ping_timeout: self.ping_timeout,
            stall_timeout: self.stall_timeout.0,
            deflate: self.deflate.into(),
            deflate_window: self.deflate_window,
            max_message_len: self.max_message_size.unwrap_or(u64::MAX),
            max_memory: self.max_memory.unwrap_or(memory::DEFAULT),
            container_memory: memory::of_container(environment.memory_limit),
            max_backlog: self.max_backlog,
            service_manager: service_manager(environment),
            drain: self.drain.into_options(),
            admin: self.admin.into_options(),
            log: self.log.into_options(environment),
            record: self.record.into_options().map_err(missing)?,
        };
        if !has_max_memory {
            memory::fit(&mut options);
        }
        memory::check(&options).map_err(|advice| wrong(ErrorKind::ValueValidation, advice))?;
        Ok(options)
    }

    fn welcome(&self) -> Welcome {
        match self {
            Self {
                welcome_request: true,
                ..
            } => Welcome::Request,
            Self {
                no_welcome: true, ..
            } => Welcome::None,
            _ => Welcome::Text(self.welcome.clone()),
        }
    }

    fn secrets(&self) -> Secrets {
        if self.show_secrets {
            Secrets::Shown
        } else {
            Secrets::Hidden
        }
    }
}

/// What is wrong with options that are valid one by one.
fn wrong(kind: ErrorKind, advice: impl Display) -> clap::Error {
    let command = clap::Command::new("ws-echo").override_usage(USAGE);
    ServeArguments::augment_args(command).error(kind, advice)
}
