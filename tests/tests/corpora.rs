//! The corpora of the fuzz targets, replayed without a fuzzer.

use std::fs;
use std::path::Path;

use ws_echo_tests::fuzzing;

/// # Panics
///
/// If there is nothing to replay, or a promise is broken.
fn replay(target: &str, body: fn(&[u8])) {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let entries = fs::read_dir(corpora.join(target)).expect("the corpus is there");
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "the corpus of {target} is empty");
    for file in files {
        println!("{}", file.display());
        body(&fs::read(file).unwrap());
    }
}

#[test]
fn the_corpus_of_frames_keeps_every_promise() {
    replay("frames", fuzzing::frames::run);
}

#[test]
fn the_corpus_of_handshake_keeps_every_promise() {
    replay("handshake", fuzzing::handshake::run);
}

#[test]
#[cfg(feature = "std")]
fn the_corpus_of_forwarded_keeps_every_promise() {
    replay("forwarded", fuzzing::forwarded::run);
}

#[test]
#[cfg(feature = "std")]
fn the_corpus_of_proxy_header_keeps_every_promise() {
    replay("proxy_header", fuzzing::proxy_header::run);
}

#[test]
fn the_corpus_of_utf8_keeps_every_promise() {
    replay("utf8", fuzzing::utf8::run);
}

#[test]
fn the_corpus_of_compressed_keeps_every_promise() {
    replay("compressed", fuzzing::compressed::run);
}

#[test]
fn the_corpus_of_differential_keeps_every_promise() {
    replay("differential", fuzzing::differential::run);
}

#[test]
fn the_corpus_of_inflate_keeps_every_promise() {
    replay("inflate", fuzzing::inflate::run);
}

#[test]
fn the_corpus_of_client_keeps_every_promise() {
    replay("client", fuzzing::client::run);
}

#[test]
#[cfg(feature = "std")]
fn the_corpus_of_behaviour_keeps_every_promise() {
    replay("behaviour", fuzzing::behaviour::run);
}

#[test]
#[cfg(feature = "std")]
fn the_corpus_of_session_keeps_every_promise() {
    replay("session", fuzzing::worker::run);
}
