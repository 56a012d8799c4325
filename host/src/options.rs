//! What the user asked for, as data. The command line makes these, and the programs read them; neither
//! knows the other.

pub(crate) mod bench;
pub(crate) mod chat;
pub(crate) mod serve;
pub(crate) mod url;
