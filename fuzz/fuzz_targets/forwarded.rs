#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ws_echo_tests::fuzzing::forwarded::run(data));
