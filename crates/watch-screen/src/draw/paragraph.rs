//! Texts in several lines.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::text;

/// A text in lines of at most `width` columns; those after the first are indented.
pub(crate) fn wrapped(text: &str, width: usize, indent: usize, style: Style) -> Vec<Line<'static>> {
    prefixed(Span::raw(""), text, width, indent, style)
}

/// As [`wrapped`], with something in another style before it that is `indent` wide.
pub(crate) fn prefixed(
    prefix: Span<'static>,
    text: &str,
    width: usize,
    indent: usize,
    style: Style,
) -> Vec<Line<'static>> {
    let taken = prefix.width();
    let first = " ".repeat(taken);
    let indent = " ".repeat(indent);
    let options =
        textwrap::Options::new(width.max(8)).initial_indent(&first).subsequent_indent(&indent);
    let mut lines: Vec<Line<'static>> = textwrap::wrap(text, options)
        .into_iter()
        .map(|line| Line::styled(line.into_owned(), style))
        .collect();
    if let (Some(line), true) = (lines.first_mut(), taken > 0) {
        let rest =
            line.spans.first().map(|span| span.content[taken.min(span.content.len())..].to_owned());
        *line = Line::from(vec![prefix, Span::styled(rest.unwrap_or_default(), style)]);
    }
    lines
}

/// A heading between parts of a page.
pub(crate) fn heading(title: &str, width: usize, style: Style) -> Line<'static> {
    let title = text::cut(title, width.saturating_sub(6));
    let rest = width.saturating_sub(text::width(&title) + 4);
    Line::styled(format!("── {title} {}", "─".repeat(rest)), style)
}
