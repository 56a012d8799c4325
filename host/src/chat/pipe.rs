//! A chat through pipes: each line of stdin is a message, and each message that is received is a
//! line of stdout.

pub(super) mod lines;
pub(super) mod printer;
