//! Names in URLs.

/// A name as one segment of a URL's path: everything but unreserved characters is
/// percent-encoded.
pub(crate) fn url_segment(name: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    name.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::url_segment;

    #[test]
    fn a_name_with_any_characters_is_one_segment() {
        assert_eq!(url_segment("2026-01-02T03-04-05Z"), "2026-01-02T03-04-05Z");
        assert_eq!(url_segment("a b/c?d#é"), "a%20b%2Fc%3Fd%23%C3%A9");
    }
}
