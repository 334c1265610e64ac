//! Markdown as HTML, in parts for slides.

use std::ops::Range;

use maud::{Markup, PreEscaped};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

/// How much a slide holds: about this many letters of text.
const ROOM: usize = 430;
/// What a line of code or a table takes, in letters.
const LINE: usize = 70;

/// Markdown as HTML. Its own HTML is shown as text, and links and pictures as their text: a slide
/// loads nothing and leads nowhere.
pub(crate) fn markdown_html(markdown: &str) -> Markup {
    let parser = Parser::new_ext(markdown, Options::ENABLE_TABLES);
    let events = parser.filter_map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::HtmlBlock)
        | Event::End(TagEnd::Link | TagEnd::Image | TagEnd::HtmlBlock) => None,
        event => Some(event),
    });
    let mut page = String::new();
    html::push_html(&mut page, events);
    PreEscaped(page)
}

/// Splits a text into parts that each fit a slide: between paragraphs, and between the items of a
/// list.
pub(crate) fn parts(markdown: &str) -> Vec<String> {
    let mut parts: Vec<(String, usize)> = Vec::new();
    let mut follows_colon = false;
    for block in blocks(markdown) {
        let text = markdown[block.clone()].trim_end();
        // An indented block would lose its first indentation.
        let start = markdown[..block.start].rfind('\n').map_or(0, |at| at + 1);
        let indent = &markdown[start..block.start];
        let text = match indent.trim().is_empty() {
            true => format!("{indent}{text}"),
            false => text.to_owned(),
        };
        let weight = weight(&text);
        let ends_with_colon = text.ends_with(':');
        match parts.last_mut() {
            // What a sentence announces stays with it.
            Some((last, room)) if follows_colon || *room + weight <= ROOM => {
                *last += "\n\n";
                *last += &text;
                *room += weight;
            }
            _ => parts.push((text, weight)),
        }
        follows_colon = ends_with_colon;
    }
    // A last sentence has no slide of its own.
    if let [.., (_, before), (_, last)] = parts[..]
        && before + last <= ROOM + ROOM / 4
    {
        let (last, _) = parts.pop().expect("there are two");
        let (text, _) = parts.last_mut().expect("there are two");
        *text += "\n\n";
        *text += &last;
    }
    parts.into_iter().map(|(text, _)| text).collect()
}

/// The paragraphs, tables, blocks of code and items of a text.
fn blocks(markdown: &str) -> Vec<Range<usize>> {
    let mut blocks = Vec::new();
    let mut depth = 0_usize;
    let mut in_list = false;
    for (event, range) in Parser::new_ext(markdown, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(tag) => {
                let is_item = depth == 1 && in_list && matches!(tag, Tag::Item);
                if depth == 0 {
                    in_list = matches!(tag, Tag::List(_));
                }
                if is_item || (depth == 0 && !in_list) {
                    blocks.push(range);
                }
                depth += 1;
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    blocks
}

fn weight(text: &str) -> usize {
    let is_drawn = text.starts_with("    ") || text.starts_with("```") || text.starts_with('|');
    let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
    if is_drawn { lines * LINE } else { text.chars().count() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_split_between_its_blocks() {
        let long = "word ".repeat(60);
        let text = format!("{long}\n\nIt is:\n\n    code\n    more\n\n- {long}\n- b\n");
        let parts = parts(&text);
        assert_eq!(parts.len(), 2, "{parts:?}");
        assert!(parts[0].ends_with("It is:\n\n    code\n    more"), "{parts:?}");
        assert!(parts[1].starts_with("- word") && parts[1].ends_with("- b"), "{parts:?}");
    }

    #[test]
    fn no_markup_of_its_own_and_no_address_is_left() {
        let text = "<img src=https://a.example/x> [a](https://b.example) ![c](https://c.example)\n\n<script>x</script>";
        let html = markdown_html(text).0;
        assert!(!html.contains("<img") && !html.contains("<script"), "{html}");
        assert!(!html.contains("href") && !html.contains("b.example"), "{html}");
    }
}
