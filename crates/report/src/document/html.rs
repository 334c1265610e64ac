//! A document as one HTML page that loads nothing, and that is at most 1 MB long.

mod blocks;
mod ids;
mod page_head;
mod room;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use run_view::prose::remove_invalid_xml;

use self::blocks::Blocks;
pub(crate) use self::ids::ids_in;
pub use self::page_head::page_head;
use self::room::Room;
use super::{Document, Level, Section};

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

pub(crate) fn render_html(document: &Document) -> String {
    let room = Room::new(document, |room| page(document, room).len());
    let page = page(document, &room);
    // Of what there was no room for, or is not listed, no link is left.
    let ids = ids_in(&page);
    charts::relink(&page, |id| ids.contains(id).then(|| format!("#{id}")))
}

/// The page with what there is room for.
fn page(document: &Document, room: &Room) -> String {
    let (brief, others): (Vec<_>, Vec<_>) =
        document.sections.iter().partition(|section| section.is_brief);
    let others: Vec<_> = others.into_iter().filter(|section| !section.blocks.is_empty()).collect();
    let blocks = Blocks { document, room };
    let content = |section: &Section| {
        html! { @for block in section.up_to(Level::Page) { (blocks.html(block)) } }
    };
    let lead = document.lead();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (page_head(&document.name, STYLE))
            body {
                nav aria-label="contents" {
                    a href="#answer" { "Answer" }
                    @for section in &others { a href=(format!("#{}", section.id)) { (section.heading) } }
                }
                header #answer {
                    p.quiet { "queuelab · " (document.name) (document.byline) }
                    h1 { (document.question) }
                    @for section in brief { (content(section)) }
                }
                main {
                    div #answer-charts { (blocks.lead(&lead)) }
                    @for section in others { (folded(section, &content(section))) }
                }
                dialog #panel aria-label="exact values" {
                    button #close { "close" }
                    div #shown {}
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    format!("{}\n", remove_invalid_xml(&visible::document(&page.0)))
}

fn folded(section: &Section, content: &Markup) -> Markup {
    html! {
        details.part id=(section.id) open[section.is_open] {
            summary { h2 { (section.heading) } }
            (content)
        }
    }
}
