//! A table, and its form in each format.

use maud::{Markup, html};
use run_view::{Emphasis, Printable, Screen, TextTable};

/// Rows below their headings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// The title, which the methods below omit.
    pub title: String,
    /// Column headings.
    pub head: Vec<String>,
    /// The rows, one text per column.
    pub rows: Vec<Vec<String>>,
    /// The number of columns with words; the columns after them have numbers.
    pub words: usize,
    /// The number of columns that tell rows apart, where it is not that of the words.
    pub keys: usize,
    /// The meaning of cells, by row and column, for a terminal with colours.
    pub emphasis: Vec<((usize, usize), Emphasis)>,
}

impl Table {
    /// The table for a terminal, without the title.
    pub fn text(&self, screen: Screen) -> Printable {
        self.laid_out(screen, true)
    }

    /// The table for a terminal, without the title and without a frame.
    pub(crate) fn compact(&self, screen: Screen) -> Printable {
        self.laid_out(screen, false)
    }

    fn laid_out(&self, screen: Screen, has_frame: bool) -> Printable {
        let Self { head, rows, words, keys, emphasis, .. } = self;
        let keys = if *keys == 0 { *words } else { *keys };
        TextTable { head, rows, words: *words, keys, emphasis, has_frame }.text(screen)
    }

    /// The table as HTML, without the title.
    pub fn html(&self) -> Markup {
        let class = |column: usize| (column >= self.words).then_some("number");
        html! {
            div.wide {
                table {
                    thead { tr {
                        @for (column, name) in self.head.iter().enumerate() {
                            th class=[class(column)] { (name) }
                        }
                    } }
                    tbody { @for row in &self.rows { tr {
                        @for (column, text) in row.iter().enumerate() {
                            td class=[class(column)] { (text) }
                        }
                    } } }
                }
            }
        }
    }

    /// The table in GitHub's Markdown, without the title.
    pub fn markdown(&self) -> String {
        let line = |cells: &[String]| {
            let cells: Vec<_> = cells.iter().map(|cell| escaped(cell)).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let ruler = (0..self.head.len()).map(|column| match column < self.words {
            true => " --- |",
            false => " ---: |",
        });
        let ruler: String = ruler.collect();
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        format!("{}|{ruler}\n{rows}", line(&self.head))
    }
}

/// Escapes a text for Markdown, also in the cell of a table, and makes it safe to show.
pub fn escaped(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let mut escaped = String::with_capacity(text.len());
    for character in visible::line(&text).chars() {
        match character {
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '#' => escaped.extend(['\\', character]),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_cannot_end_its_row_or_become_markup() {
        let table = Table {
            title: String::new(),
            head: vec!["a|b".to_owned(), "n".to_owned()],
            rows: vec![vec!["<b>_x_\ny".to_owned(), "1".to_owned()]],
            words: 1,
            ..Table::default()
        };
        assert_eq!(table.markdown(), "| a\\|b | n |\n| --- | ---: |\n| &lt;b&gt;\\_x\\_ y | 1 |\n");
        assert!(table.html().0.contains("&lt;b&gt;_x_"));
    }
}
