//! Secrets of the user, which an error must not show: the password in a URL, and the value of a
//! header.

/// How the argument of a server is shown.
pub(super) const URL: &str = "<URL>";
/// How the option of a header is shown.
pub(super) const HEADER: &str = "--header <NAME: VALUE>";
/// The variable of that option.
const HEADER_VARIABLE: &str = "WS_ECHO_CHAT_HEADER";

/// Replaces the secrets in a value of an option or a variable.
pub(super) fn without_secret(option: &str, value: &str) -> String {
    match option {
        HEADER | HEADER_VARIABLE => without_header_value(value),
        URL => without_password(value),
        _ if value.contains("//") => without_password(value),
        _ => value.into(),
    }
}

/// Replaces the password of a URL, or of what is nearly one: all between the first `:` after its
/// scheme and the last `@`. That is too much if there is an `@` in a query.
pub(super) fn without_password(text: &str) -> String {
    let start = text.find("//").map_or(0, |slashes| slashes + 2);
    match (text[start..].find(':'), text.rfind('@')) {
        (Some(colon), Some(at)) if start + colon < at => {
            format!("{}:***{}", &text[..start + colon], &text[at..])
        }
        _ => text.into(),
    }
}

/// Replaces all behind the name of a header, or of what is nearly one.
fn without_header_value(text: &str) -> String {
    match text.find([':', '=', ' ']) {
        Some(end) => format!("{}***", &text[..=end]),
        None => text.into(),
    }
}
