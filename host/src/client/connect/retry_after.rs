//! When a server that refuses wants to be asked again (RFC 9110 section 10.2.3).

use std::time::{Duration, SystemTime};

use ws_echo_core::Response;

/// How long the server asks to wait: a number of seconds, or until a date. A date is compared with
/// that of the response, if it has one, because the server's clock may be another.
pub(super) fn retry_after(response: &Response<'_>) -> Option<Duration> {
    let date = |text| httpdate::parse_http_date(text).ok();
    let text = value(response, "retry-after")?;
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Only a number that is too large cannot be read.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = date(text)?;
    let now = value(response, "date").and_then(date);
    let wait = until.duration_since(now.unwrap_or_else(own_date));
    // The date may have passed.
    Some(wait.unwrap_or_default())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the date is only compared with another one"
)]
fn own_date() -> SystemTime {
    SystemTime::now()
}

fn value<'a>(response: &Response<'a>, name: &str) -> Option<&'a str> {
    str::from_utf8(response.headers(name).next()?).ok()
}
