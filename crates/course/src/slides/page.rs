//! The file with all slides.

use lesson::Lesson;
use maud::{DOCTYPE, PreEscaped, html};
use run_view::prose::remove_invalid_xml;

use super::slide::Slide;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The page loads nothing: everything is in it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      img-src data:; base-uri 'none'; form-action 'none'";

/// The slides in one page. Without its script they are one below the other.
pub(super) fn page(lesson: &Lesson, slides: &[Slide]) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (lesson.title) " · queuelab" }
                // Without it a browser requests /favicon.ico.
                link rel="icon" href="data:,";
                style { (PreEscaped(charts::STYLE)) (PreEscaped(STYLE)) }
            }
            body {
                main { @for slide in slides { (slide.html()) } }
                footer {
                    span { (lesson.title) }
                    span #position {}
                }
                div #keys { "← →  previous and next · Home and End · P prints" }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    format!("{}\n", remove_invalid_xml(&visible::document(&page.0)))
}
