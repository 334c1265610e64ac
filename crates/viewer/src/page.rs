//! The frame of every page: HTML that loads nothing from other origins, with a security
//! policy that allows only what the page needs.

use std::fmt::Display;

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");

/// What every page may load: its own style, and images of this server.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; \
                      base-uri 'none'; frame-ancestors 'none'";

/// A page, and what it may do beyond the common policy.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) title: String,
    /// Elements of its head, beyond the common ones.
    pub(crate) head: Markup,
    pub(crate) body: Markup,
    /// Directives of its policy; they must include `form-action`.
    pub(crate) directives: String,
}

impl Page {
    /// A page without forms and scripts.
    pub(crate) fn new(title: impl Into<String>, body: Markup) -> Self {
        Self {
            status: StatusCode::OK,
            title: title.into(),
            head: html! {},
            body,
            directives: "form-action 'none'".to_owned(),
        }
    }

    /// The same with another status.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    fn render(&self) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · queuelab" }
                    // Without it a browser requests /favicon.ico.
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
        let policy = format!("{POLICY}; {}", self.directives);
        let headers = [(header::CONTENT_SECURITY_POLICY, policy)];
        let page = self.render().0;
        (self.status, headers, Html(visible::document(&page).into_owned())).into_response()
    }
}

/// The link to the list.
pub(crate) fn all_runs() -> Markup {
    html! { p { a href="/" { "← all runs" } } }
}

/// The page of a path that leads to nothing.
pub(crate) fn not_found() -> Page {
    let body = html! { h1 { "There is no such run." } (all_runs()) };
    Page::new("Not found", body).with_status(StatusCode::NOT_FOUND)
}

/// The page of something that cannot be read; the error is a fragment that fits "failed to …".
pub(crate) fn unreadable(error: &impl Display) -> Page {
    let body = html! { h1 { "The runs cannot be read." } p.failed { "failed to " (error) } };
    Page::new("Unreadable", body).with_status(StatusCode::INTERNAL_SERVER_ERROR)
}
