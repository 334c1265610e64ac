//! The head of a page that loads nothing.

use maud::{Markup, PreEscaped, html};

/// The page loads nothing: everything is in it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      img-src data:; base-uri 'none'; form-action 'none'";

/// The head of a page with charts that loads nothing, with its title and its own style sheet.
pub fn page_head(title: &str, style: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(POLICY);
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (title) " · queuelab" }
            // Without it a browser requests /favicon.ico.
            link rel="icon" href="data:,";
            style { (PreEscaped(charts::STYLE)) (PreEscaped(style)) }
        }
    }
}
