//! What the user asked for, as data. The command line makes the options, and the three programs
//! read them; neither imports the other.

pub(crate) mod bench;
pub(crate) mod chat;
pub(crate) mod serve;
pub(crate) mod url;
