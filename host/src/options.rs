//! The user's options as data: the command line makes them, the programs read them, and neither
//! knows the other.

pub(crate) mod admin;
pub(crate) mod bench;
pub(crate) mod chat;
pub(crate) mod check;
pub(crate) mod document;
pub(crate) mod drain;
pub(crate) mod healthcheck;
pub(crate) mod listen;
pub(crate) mod log;
pub(crate) mod origin;
pub(crate) mod proxies;
pub(crate) mod replay;
pub(crate) mod serve;
pub(crate) mod service_manager;
pub(crate) mod trust;
pub(crate) mod url;
