//! The file with all slides.

use lesson::Lesson;
use maud::{DOCTYPE, PreEscaped, html};
use report::page_head;
use run_view::prose::remove_invalid_xml;

use super::slide::Slide;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The slides in one page. Without its script they are one below the other.
pub(super) fn page(lesson: &Lesson, slides: &[Slide]) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (page_head(&lesson.title, STYLE))
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
