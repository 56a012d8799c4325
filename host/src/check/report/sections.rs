//! The titles of the sections of the RFCs, for tables.

use std::cmp::Ordering;

/// The titles, by the section as it is in the id of a case.
const TITLES: &[(&str, &str)] = &[
    ("1", "Introduction"),
    ("4", "Opening Handshake"),
    ("5", "Data Framing"),
    ("6", "Sending and Receiving Data"),
    ("7", "Closing the Connection"),
    ("8", "Error Handling"),
    ("10", "Security Considerations"),
    ("11", "IANA Considerations"),
    ("rfc3629", "UTF-8"),
    ("rfc7692", "Compression Extensions for WebSocket"),
    ("rfc9110", "HTTP Semantics"),
    ("rfc9112", "HTTP/1.1"),
    ("1.4", "Closing Handshake"),
    ("4.1", "Client Requirements"),
    ("4.2", "Server-Side Requirements"),
    ("4.2.1", "Reading the Client's Opening Handshake"),
    ("4.2.2", "Sending the Server's Opening Handshake"),
    (
        "4.3",
        "Collected ABNF for New Header Fields Used in Handshake",
    ),
    ("4.4", "Supporting Multiple Versions of WebSocket Protocol"),
    ("5.1", "Overview"),
    ("5.2", "Base Framing Protocol"),
    ("5.3", "Client-to-Server Masking"),
    ("5.4", "Fragmentation"),
    ("5.5", "Control Frames"),
    ("5.5.1", "Close"),
    ("5.5.2", "Ping"),
    ("5.5.3", "Pong"),
    ("5.6", "Data Frames"),
    ("5.7", "Examples"),
    ("5.8", "Extensibility"),
    ("6.1", "Sending Data"),
    ("6.2", "Receiving Data"),
    ("7.1", "Definitions"),
    ("7.1.1", "Close the WebSocket Connection"),
    ("7.1.2", "Start the WebSocket Closing Handshake"),
    ("7.1.3", "The WebSocket Closing Handshake is Started"),
    ("7.1.4", "The WebSocket Connection is Closed"),
    ("7.1.5", "The WebSocket Connection Close Code"),
    ("7.1.6", "The WebSocket Connection Close Reason"),
    ("7.1.7", "Fail the WebSocket Connection"),
    ("7.2", "Abnormal Closures"),
    ("7.2.1", "Client-Initiated Closure"),
    ("7.2.2", "Server-Initiated Closure"),
    ("7.3", "Normal Closure of Connections"),
    ("7.4", "Status Codes"),
    ("7.4.1", "Defined Status Codes"),
    ("7.4.2", "Reserved Status Code Ranges"),
    ("8.1", "Handling Errors in UTF-8-Encoded Data"),
    ("9", "Extensions"),
    ("9.1", "Negotiating Extensions"),
    ("10.4", "Implementation-Specific Limits"),
    ("10.7", "Handling of Invalid Data"),
    ("11.3.1", "Sec-WebSocket-Key"),
    ("11.3.2", "Sec-WebSocket-Extensions"),
    ("11.3.3", "Sec-WebSocket-Accept"),
    ("11.3.4", "Sec-WebSocket-Protocol"),
    ("11.3.5", "Sec-WebSocket-Version"),
    ("rfc7692-5", "Extension Negotiation"),
    ("rfc7692-5.1", "General Negotiation Flow"),
    ("rfc7692-6", "Framing"),
    ("rfc7692-6.1", "Compression"),
    ("rfc7692-6.2", "Decompression"),
    ("rfc7692-7", "The permessage-deflate Extension"),
    ("rfc7692-7.1", "Extension Parameters"),
    ("rfc7692-7.1.1", "Context Takeover Control"),
    ("rfc7692-7.1.1.1", "server_no_context_takeover"),
    ("rfc7692-7.1.1.2", "client_no_context_takeover"),
    ("rfc7692-7.1.2", "Limiting the LZ77 Sliding Window Size"),
    ("rfc7692-7.1.2.1", "server_max_window_bits"),
    ("rfc7692-7.1.2.2", "client_max_window_bits"),
    ("rfc7692-7.2", "Message Payload Transformation"),
    ("rfc7692-7.2.1", "Compression"),
    ("rfc7692-7.2.2", "Decompression"),
    ("rfc7692-7.2.3", "Examples"),
    ("rfc7692-7.2.3.1", "One Compressed DEFLATE Block"),
    ("rfc7692-7.2.3.2", "Sharing LZ77 Sliding Window"),
    ("rfc7692-7.2.3.3", "DEFLATE Block with No Compression"),
    ("rfc7692-7.2.3.4", "DEFLATE Block with BFINAL Set to 1"),
    ("rfc7692-7.2.3.5", "Two DEFLATE Blocks in One Message"),
    ("rfc7692-7.2.3.6", "Generating an Empty Fragment"),
    ("rfc7692-8", "Security Considerations"),
    ("rfc9110-10.1.1", "Expect"),
    ("rfc9110-15.2", "Informational 1xx"),
    ("rfc9110-15.5.6", "405 Method Not Allowed"),
    ("rfc9110-15.5.22", "426 Upgrade Required"),
    ("rfc9110-15.6.6", "505 HTTP Version Not Supported"),
    ("rfc9110-4.2.3", "http(s) Normalization and Comparison"),
    ("rfc9110-5.1", "Field Names"),
    ("rfc9110-5.2", "Field Lines and Combined Field Value"),
    ("rfc9110-5.3", "Field Order"),
    ("rfc9110-5.4", "Field Limits"),
    ("rfc9110-5.5", "Field Values"),
    ("rfc9110-5.6.1.2", "Recipient Requirements (of lists)"),
    ("rfc9110-6.2", "Control Data"),
    ("rfc9110-7.2", "Host and :authority"),
    ("rfc9110-7.8", "Upgrade"),
    ("rfc9110-8.6", "Content-Length"),
    ("rfc9112-2.2", "Message Parsing"),
    ("rfc9112-2.3", "HTTP Version"),
    ("rfc9112-3", "Request Line"),
    ("rfc9112-3.1", "Method"),
    ("rfc9112-3.2", "Request Target"),
    ("rfc9112-3.2.2", "absolute-form"),
    ("rfc9112-4", "Status Line"),
    ("rfc9112-5", "Field Syntax"),
    ("rfc9112-5.1", "Field Line Parsing"),
    ("rfc9112-5.2", "Obsolete Line Folding"),
    ("rfc9112-6.1", "Transfer-Encoding"),
    ("rfc9112-6.3", "Message Body Length"),
    ("rfc9112-8", "Handling Incomplete Messages"),
    ("rfc9112-9.6", "Tear-down"),
];

/// The title of a section, if it is known.
pub(crate) fn title(section: &str) -> &'static str {
    let found = TITLES.iter().find(|(known, _)| *known == section);
    found.map_or("", |(_, title)| title)
}

/// What a section is a part of: a chapter of RFC 6455, or another RFC.
pub(crate) fn chapter(section: &str) -> &str {
    section.split(['.', '-']).next().unwrap_or_default()
}

/// The order of sections: RFC 6455 first, and by numbers.
pub(crate) fn order(a: &str, b: &str) -> Ordering {
    key(a).cmp(&key(b))
}

fn key(section: &str) -> (&str, Vec<u32>) {
    let (rfc, numbers) = match section.split_once('-') {
        Some((rfc, numbers)) => (rfc, numbers),
        None if section.starts_with("rfc") => (section, ""),
        None => ("", section),
    };
    let numbers = numbers.split('.').filter_map(|it| it.parse().ok());
    (rfc, numbers.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::cases;

    #[test]
    fn each_section_of_a_case_has_a_title() {
        for case in cases::all() {
            let section = case.section();
            assert!(!title(section).is_empty(), "{section}: {}", case.id);
        }
    }

    #[test]
    fn sections_are_in_the_order_of_the_rfcs() {
        let mut sections = [
            "rfc7692-7.2",
            "10.4",
            "rfc7692",
            "5.5.2",
            "5.5",
            "rfc9112-2.2",
            "5.10",
            "5",
        ];
        sections.sort_by(|a, b| order(a, b));
        assert_eq!(
            sections,
            [
                "5",
                "5.5",
                "5.5.2",
                "5.10",
                "10.4",
                "rfc7692",
                "rfc7692-7.2",
                "rfc9112-2.2"
            ]
        );
    }
}
