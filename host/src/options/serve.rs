//! How to run the server.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use ws_echo_core::Window;

use crate::options::admin::AdminOptions;
use crate::options::drain::DrainOptions;
use crate::options::listen::ListenOptions;
use crate::options::log::LogOptions;
use crate::options::proxies::ProxyOptions;
use crate::options::service_manager::ServiceManager;

/// The options of the server. Every value is within its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServeOptions {
    /// Where to listen.
    pub(crate) listen: ListenOptions,
    /// The source of the server's certificate; `None` for no TLS.
    pub(crate) tls: Option<CertificateSource>,
    /// The message that greets each client.
    pub(crate) welcome: Welcome,
    /// Whether the values of headers that hold secrets are shown where requests are: in reports,
    /// the log and recordings.
    pub(crate) secrets: Secrets,
    /// The paths that are served, each with its leading `/`; empty for every path.
    pub(crate) paths: Vec<String>,
    /// Whether the chat page is served to browsers.
    pub(crate) has_page: bool,
    /// The path on which the query of the request says how the server behaves, with its leading
    /// `/`; `None` for no such path.
    pub(crate) test_path: Option<String>,
    /// How many messages a client of the test path may have pushed, and how often each of its
    /// messages repeated.
    pub(crate) max_push: u64,
    /// How long a connection on the test path lasts at most, from a millisecond to a day.
    pub(crate) max_test_time: Duration,
    /// The subprotocols to choose from, HTTP tokens, the preferred one first; may be empty. One may
    /// be [`FIRST_OFFERED`].
    pub(crate) subprotocols: Vec<String>,
    /// The origins from which browsers may connect.
    pub(crate) origins: Origins,
    /// The maximum number of connections; `None` for as many as the limit of open files leaves.
    pub(crate) max_connections: Option<NonZeroUsize>,
    /// The maximum number of connections from one address; `None` for no limit.
    pub(crate) max_connections_per_ip: Option<NonZeroUsize>,
    /// The proxies in front of the server.
    pub(crate) proxies: ProxyOptions,
    /// How many workers to run, at most 1,024.
    pub(crate) threads: NonZeroUsize,
    /// The length of a connection's buffer in bytes, from 4 KiB to 16 MiB.
    pub(crate) buffer_len: usize,
    /// The time a client has for its request, from a millisecond to a day.
    pub(crate) handshake_timeout: Duration,
    /// The time a client has to answer a Close frame, from a millisecond to a day.
    pub(crate) close_timeout: Duration,
    /// The time after which a silent client is sent a Ping, from a millisecond to a day; `None` for
    /// no Pings.
    pub(crate) ping_interval: Option<Duration>,
    /// The time a client has to answer a Ping, from a millisecond to a day.
    pub(crate) ping_timeout: Duration,
    /// The time after which a client is disconnected that neither continues its frame nor reads the
    /// data waiting for it, from a millisecond to a day; `None` for never.
    pub(crate) stall_timeout: Option<Duration>,
    /// What becomes of compressed messages.
    pub(crate) deflate: DeflateMode,
    /// The largest window that is agreed on, at least 512 bytes.
    pub(crate) deflate_window: Window,
    /// The length of the longest message that is echoed, in bytes.
    pub(crate) max_message_len: u64,
    /// The maximum memory of all buffers and handshakes, in bytes.
    pub(crate) max_memory: usize,
    /// The memory of the container that the server is in, in bytes; `None` if that is much, or if
    /// there is no container.
    pub(crate) container_memory: Option<u64>,
    /// How many bytes are kept for a client that does not read yet, at most; 0 for none.
    pub(crate) max_backlog: usize,
    /// Who wants to know how far the server is; `None` for nobody.
    pub(crate) service_manager: Option<ServiceManager>,
    /// How the server stops, and how long connections last.
    pub(crate) drain: DrainOptions,
    /// How other programs watch the server.
    pub(crate) admin: AdminOptions,
    /// What is logged, and where.
    pub(crate) log: LogOptions,
    /// How connections are recorded; `None` for not at all.
    pub(crate) record: Option<RecordOptions>,
}

/// How connections are recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordOptions {
    /// The folder of the files. It is made if it is missing.
    pub(crate) folder: PathBuf,
    /// The length at which a file ends, in bytes, at least [`RECORDING_LEN_MIN`].
    pub(crate) max_len: u64,
    /// How many files are made at most.
    pub(crate) max_files: NonZeroUsize,
}

/// What a recording may have at least, in bytes: the longest request fits.
pub(crate) const RECORDING_LEN_MIN: u64 = 256 << 10;

/// The source of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CertificateSource {
    /// These files, in PEM. The first may hold a chain.
    Files { certificate: PathBuf, key: PathBuf },
    /// Made when the server starts, and written to this file for clients to trust.
    SelfSigned { written_to: Option<PathBuf> },
}

/// The message that greets each client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Welcome {
    None,
    /// At most 1,000 bytes.
    Text(String),
    /// The client's request as it arrived, in JSON.
    Request,
}

impl Welcome {
    /// The text, if it is the same for all clients.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::None | Self::Request => None,
        }
    }
}

/// What is shown of the values of headers that hold secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secrets {
    /// Their length.
    Hidden,
    Shown,
}

/// Whether clients may compress messages (permessage-deflate), and what is looked at before such a
/// message is echoed as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeflateMode {
    /// They may not.
    Off,
    /// Each message is compressed for itself, and inflated and checked.
    Fresh,
    /// The same, but a message may refer to those before it.
    Window,
    /// It may as well, and nothing is looked at.
    Unverified,
}

impl DeflateMode {
    /// Whether compressed messages are inflated and checked.
    pub(crate) fn verifies(self) -> bool {
        matches!(self, Self::Fresh | Self::Window)
    }
}

/// In place of a subprotocol: the first one that the client offers.
pub(crate) const FIRST_OFFERED: &str = "*";
/// The most characters of a subprotocol.
pub(crate) const SUBPROTOCOL_LEN_MAX: usize = 100;

/// The origins that may connect, besides the server's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origins {
    Any,
    /// Each is [normalized](super::origin::normalized).
    These(Vec<String>),
}
