//! The exit status of `ws-echo check`.

/// The exit status of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ExitStatus {
    /// Everything that must hold holds.
    Passed = 0,
    Failed = 1,
    /// Something on the command line cannot be: an unknown case, or a file that cannot be written.
    WrongCommandLine = 2,
    /// There is no connection, or no WebSocket server.
    NoServer = 4,
}
