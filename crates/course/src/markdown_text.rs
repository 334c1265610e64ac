//! Markdown as text for a terminal.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use report::Table;
use run_view::prose::wrap_to;
use run_view::{Emphasis, Printable, Screen};

/// The indentation of code.
const CODE: &str = "    ";

/// Lays out paragraphs, lists, code and tables for a screen. Emphasis is dropped; code in a
/// sentence keeps its backticks.
pub fn markdown_text(markdown: &str, screen: Screen) -> Printable {
    let mut layout = Layout::new(screen);
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        layout.add(event);
    }
    layout.finish()
}

/// A list that is open: the number of its next item, and the column of its text.
struct List {
    next: Option<u64>,
    indent: usize,
}

/// What was laid out so far.
struct Layout {
    screen: Screen,
    done: Vec<Printable>,
    /// The lines of a list or code, until a blank line follows.
    lines: Vec<String>,
    /// The words of the paragraph, item, cell or heading that is open.
    words: String,
    lists: Vec<List>,
    /// The mark of an item whose text has not begun.
    mark: Option<String>,
    is_code: bool,
    link: Option<String>,
    table: Option<Table>,
    row: Vec<String>,
}

impl Layout {
    fn new(screen: Screen) -> Self {
        Self {
            screen,
            done: Vec::new(),
            lines: Vec::new(),
            words: String::new(),
            lists: Vec::new(),
            mark: None,
            is_code: false,
            link: None,
            table: None,
            row: Vec::new(),
        }
    }

    fn add(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.is_code => {
                let indent = self.indent() + CODE;
                let width = self.screen.columns.saturating_sub(indent.len());
                let lines = text.lines().flat_map(|line| broken_command(line, width));
                self.lines.extend(lines.map(|line| format!("{indent}{line}")));
            }
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
                self.words += &text;
            }
            Event::Code(code) => self.words += &format!("`{code}`"),
            Event::SoftBreak | Event::HardBreak => self.words.push(' '),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::List(first) => {
                self.end_text();
                let indent = self.lists.last().map_or(0, |list| list.indent);
                self.lists.push(List { next: first, indent });
            }
            Tag::Item => {
                let outer = self.lists.iter().rev().nth(1).map_or(0, |list| list.indent);
                if let Some(list) = self.lists.last_mut() {
                    let mark = match &mut list.next {
                        Some(number) => {
                            *number += 1;
                            format!("{}. ", *number - 1)
                        }
                        None => "- ".to_owned(),
                    };
                    list.indent = outer + mark.len();
                    self.mark = Some(mark);
                }
            }
            Tag::CodeBlock(_) => {
                self.end_text();
                self.end_group();
                self.is_code = true;
            }
            Tag::Link { dest_url, .. } => {
                self.link = Some(dest_url.to_string()).filter(|url| url.starts_with("http"));
            }
            Tag::Table(_) => self.table = Some(Table::default()),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::Item => self.end_text(),
            TagEnd::Heading(_) => {
                let words = std::mem::take(&mut self.words);
                self.end_group();
                self.done.push(Printable::with(self.screen, Emphasis::Strong, &words));
            }
            TagEnd::List(_) => {
                self.lists.pop();
                if self.lists.is_empty() {
                    self.end_group();
                }
            }
            TagEnd::CodeBlock => {
                self.is_code = false;
                self.end_group();
            }
            TagEnd::Link => {
                if let Some(url) = self.link.take() {
                    self.words += &format!(" ({url})");
                }
            }
            TagEnd::TableCell => self.row.push(std::mem::take(&mut self.words)),
            TagEnd::TableHead => {
                if let Some(table) = &mut self.table {
                    table.head = std::mem::take(&mut self.row);
                    table.words = table.head.len();
                    table.keys = 1;
                }
            }
            TagEnd::TableRow => {
                if let Some(table) = &mut self.table {
                    table.rows.push(std::mem::take(&mut self.row));
                }
            }
            TagEnd::Table => {
                self.end_group();
                let table = self.table.take().map(|table| table.text(self.screen));
                self.done.extend(table);
            }
            _ => {}
        }
    }

    /// The indentation of what is in the open lists.
    fn indent(&self) -> String {
        " ".repeat(self.lists.last().map_or(0, |list| list.indent))
    }

    /// Wraps the words of a paragraph or an item.
    fn end_text(&mut self) {
        let words = std::mem::take(&mut self.words);
        if words.trim().is_empty() {
            return;
        }
        let then = self.indent();
        let first = match self.mark.take() {
            Some(mark) => " ".repeat(then.len().saturating_sub(mark.len())) + &mark,
            None => then.clone(),
        };
        self.lines.push(wrap_to(self.screen.columns, &words, &first, &then));
        if self.lists.is_empty() {
            self.end_group();
        }
    }

    /// A blank line follows.
    fn end_group(&mut self) {
        if !self.lines.is_empty() {
            self.done.push(Printable::new(&self.lines.join("\n")));
            self.lines.clear();
        }
    }

    fn finish(mut self) -> Printable {
        self.end_text();
        self.end_group();
        Printable::joined(self.done, "\n\n")
    }
}

/// A line of code; a command of this program that is wider continues, before a flag, on further
/// lines as a shell reads them.
fn broken_command(line: &str, width: usize) -> Vec<String> {
    const CONTINUES: &str = " \\";
    let mut lines = vec![String::new()];
    let is_command = line.starts_with("queuelab ") && !line.contains('#');
    let parts: Vec<_> = match is_command {
        true => line.split(" --").collect(),
        false => vec![line],
    };
    for (at, part) in parts.iter().enumerate() {
        let part = if at == 0 { (*part).to_owned() } else { format!(" --{part}") };
        let last = lines.last_mut().expect("it starts with one");
        let needed = last.chars().count() + part.chars().count() + CONTINUES.len();
        if at > 0 && needed > width {
            last.push_str(CONTINUES);
            lines.push(format!("   {part}"));
        } else {
            last.push_str(&part);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(markdown: &str) -> String {
        markdown_text(markdown, Screen::terminal(40, false)).as_str().to_owned()
    }

    #[test]
    fn paragraphs_and_lists_fit_the_screen() {
        let text = "A **strong** word and `code`\nin a [link](https://a.example) of [one](other.md).\n\n\
                    - an item that is longer than a line of this screen\n- two\n  1. inner\n\nend";
        let expected = "A strong word and `code` in a link\n(https://a.example) of one.\n\n\
                        - an item that is longer than a line of\n  this screen\n- two\n  1. inner\n\nend";
        assert_eq!(shown(text), expected);
    }

    #[test]
    fn code_and_tables_keep_their_lines() {
        let text = "Type:\n\n    queuelab run laws   # a long comment that stays\n\n| a | b |\n|---|---|\n| `x` | 1 |\n";
        let shown = shown(text);
        assert!(shown.contains("Type:\n\n    queuelab run laws   # a long"), "{shown}");
        assert!(shown.contains("│ `x` │ 1 │"), "{shown}");
    }

    #[test]
    fn a_wide_command_continues_before_a_flag() {
        let text = "    queuelab run laws --only backlog=5 --set load.clients=20 --quick\n";
        let expected = "    queuelab run laws --only backlog=5 \\\n        --set \
                        load.clients=20 --quick";
        assert_eq!(shown(text), expected);
        assert_eq!(shown("    queuelab run laws --quick\n"), "    queuelab run laws --quick");
        let other = "    other run laws --only backlog=5 --set load.clients=20\n";
        assert_eq!(shown(other), other.trim_end());
    }

    #[test]
    fn markup_of_a_page_and_of_a_terminal_is_only_text() {
        let shown = shown("<b>x</b> \u{1b}[2J\n\n<script>\nalert(1)\n</script>\n");
        assert!(shown.contains("<b>x</b> \\u{1b}[2J"), "{shown}");
        assert!(shown.contains("alert(1)"), "{shown}");
    }
}
