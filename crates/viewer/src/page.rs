//! What every page is: HTML that needs nothing from anywhere else, and may do
//! nothing that it does not need.

use std::io;
use std::path::Path;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");

/// What all pages are allowed: their own style, and pictures from here.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; \
                      base-uri 'none'; frame-ancestors 'none'";

/// A page, and what it is allowed beyond what all are.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) title: String,
    /// Of its head, beyond what all have.
    pub(crate) head: Markup,
    pub(crate) body: Markup,
    /// Directives of its policy; one for forms must be among them.
    pub(crate) allowed: String,
}

impl Page {
    /// One that can only be read.
    pub(crate) fn new(title: impl Into<String>, body: Markup) -> Self {
        Self {
            status: StatusCode::OK,
            title: title.into(),
            head: html! {},
            body,
            allowed: "form-action 'none'".to_owned(),
        }
    }

    /// The same with another status.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    fn written(&self) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · queuelab" }
                    // Without it a browser asks for /favicon.ico.
                    link rel="icon" href="data:,";
                    style { (PreEscaped(STYLE)) }
                    (self.head)
                }
                body { (self.body) }
            }
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let policy = format!("{POLICY}; {}", self.allowed);
        let headers = [(header::CONTENT_SECURITY_POLICY, policy)];
        (self.status, headers, Html(self.written().0)).into_response()
    }
}

/// An answer with what every answer has; a policy of its own stays.
pub(crate) fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; sandbox"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Reads files and makes an answer of them.
pub(crate) async fn answered<A>(make: impl FnOnce() -> A + Send + 'static) -> Response
where
    A: IntoResponse + Send + 'static,
{
    blocking(make).await.into_response()
}

/// Does what may wait for a disk where that stops nobody else.
pub(crate) async fn blocking<A: Send + 'static>(make: impl FnOnce() -> A + Send + 'static) -> A {
    tokio::task::spawn_blocking(make).await.expect("a panic anywhere ends the process")
}

/// Back to the list.
pub(crate) fn all_runs() -> Markup {
    html! { p { a href="/" { "← all runs" } } }
}

/// Where nothing is.
pub(crate) fn not_found() -> Page {
    let body = html! { h1 { "There is no such run." } (all_runs()) };
    Page::new("Not found", body).with_status(StatusCode::NOT_FOUND)
}

/// Where the runs' directory itself fails.
pub(crate) fn unreadable(root: &Path, error: &io::Error) -> Page {
    let body = html! {
        h1 { "The runs cannot be read." }
        p.failed { "failed to read " code { (root.display()) } ": " (error) }
    };
    Page::new("Unreadable", body).with_status(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A name as one segment of a URL's path: whatever is not unreserved there is
/// written as its bytes' numbers.
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
    fn a_name_is_one_segment_of_a_link_whatever_is_in_it() {
        assert_eq!(url_segment("2026-01-02T03-04-05Z"), "2026-01-02T03-04-05Z");
        assert_eq!(url_segment("a b/c?d#é"), "a%20b%2Fc%3Fd%23%C3%A9");
    }
}
