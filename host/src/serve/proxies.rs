//! Proxies in front of the server: whom they name as the client, and who may name one.

pub(crate) mod arrival_end;
pub(crate) mod forwarded;
pub(crate) mod proxy_header;
pub(crate) mod trust;
