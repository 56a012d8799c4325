//! `ws-echo check`: that it finds every fault, that it finds none where there is none, and that it
//! ends whatever the peer does.

mod mutants;
mod never_hangs;
