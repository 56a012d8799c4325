//! How long a request may be.

use super::*;

#[test]
fn there_are_64_headers_at_most() {
    let lines: Vec<_> = (0..MAX_HEADERS).map(|i| format!("X-{i}: x")).collect();
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let (most, too_many) = (MAX_HEADERS - 5, MAX_HEADERS - 4);
    assert_eq!(MAX_HEADERS, 64);
    assert_accepted(&with_more(&lines[..most]));
    assert_refused(&with_more(&lines[..too_many]), Refusal::TooManyHeaders);
}

fn request_of(len: usize) -> Vec<u8> {
    let cookie_len = len - with_more(&["Cookie: "]).len();
    let request = with_more(&[&format!("Cookie: {}", "x".repeat(cookie_len))]);
    assert_eq!(request.len(), len);
    request
}

fn assert_head_is_limited_to<const N: usize>() {
    for input in [
        request_of(N),
        [b"\r\n", &request_of(N)[..]].concat(),
        [&request_of(N), &masked(TEXT, "hello")[..]].concat(),
    ] {
        let served = serve_always::<N>(Application::default(), &input);
        assert_eq!((served.refusal, &*served.head), (None, RESPONSE), "{N}");
    }
    let endless = [b"GET / HTTP/1.1\r\nCookie: ", &vec![b'x'; 3 * N][..]].concat();
    let endless_line = vec![b'x'; N + 1];
    for input in [request_of(N + 1), request_of(2 * N), endless, endless_line] {
        let served = serve_always::<N>(Application::default(), &input);
        assert_eq!(served.refusal, Some(Refusal::HeadTooLarge), "{N}");
        assert_is_refusal(&served.head, &served.body, Refusal::HeadTooLarge);
    }
}

#[test]
fn a_head_may_fill_the_room_for_it() {
    assert_head_is_limited_to::<MIN_HEAD_LEN>();
    assert_head_is_limited_to::<1000>();
    assert_head_is_limited_to::<1024>();
}

#[test]
fn a_greeting_may_fill_the_room_that_the_head_leaves() {
    let longest = "x".repeat(1024 - RESPONSE.len() - 4);
    let too_long = "x".repeat(longest.len() + 1);
    let greets = |text| Application {
        greeting: Some(Message::Text(text)),
        ..Application::default()
    };
    let accepted = served(greets(&longest), &request());
    assert_eq!((accepted.refusal, &*accepted.head), (None, RESPONSE));
    let refused = served(greets(&too_long), &request());
    assert_eq!(refused.refusal, Some(Refusal::ResponseTooLarge));
    assert_is_refusal(&refused.head, &refused.body, Refusal::ResponseTooLarge);
}
