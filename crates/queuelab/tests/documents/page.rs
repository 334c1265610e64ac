//! A page: its blocks of code, inline code, links and headings, each with its line.

use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// Files outside of docs/ that are pages.
const AT_THE_ROOT: [&str; 3] = ["README.md", "CONTRIBUTING.md", "SECURITY.md"];

/// Decisions state what was so when they were made.
const HISTORY: &str = "docs/decisions";

#[derive(Default)]
pub(crate) struct Page {
    /// Its path in the repository.
    pub(crate) path: String,
    pub(crate) blocks: Vec<Block>,
    pub(crate) inline: Vec<Located>,
    pub(crate) links: Vec<Located>,
    /// The anchors of its headings.
    pub(crate) anchors: Vec<String>,
}

/// A block of code.
pub(crate) struct Block {
    /// The line of its first line of code.
    pub(crate) line: usize,
    /// The language of a fenced block, or `None` of an indented one.
    pub(crate) language: Option<String>,
    pub(crate) text: String,
    /// The HTML comment directly before it.
    pub(crate) comment: Option<String>,
}

pub(crate) struct Located {
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// All pages, by their paths.
pub(crate) fn pages() -> Vec<Page> {
    let root = repository();
    let mut paths: Vec<_> = AT_THE_ROOT.iter().map(|name| (*name).to_owned()).collect();
    add_pages(&root, Path::new("docs"), &mut paths);
    let read = |path: String| Page::parse(&path, &fs::read_to_string(root.join(&path)).unwrap());
    paths.into_iter().map(read).collect()
}

fn add_pages(root: &Path, folder: &Path, paths: &mut Vec<String>) {
    if folder == Path::new(HISTORY) {
        return;
    }
    let entries = fs::read_dir(root.join(folder)).unwrap();
    let mut entries: Vec<_> =
        entries.map(|entry| folder.join(entry.unwrap().file_name())).collect();
    entries.sort();
    for path in entries {
        if root.join(&path).is_dir() {
            add_pages(root, &path, paths);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            paths.push(path.to_str().unwrap().to_owned());
        }
    }
}

impl Page {
    pub(crate) fn parse(path: &str, text: &str) -> Self {
        let text = without_front_matter(text);
        let mut reader = Reader { page: Self::new(path), ..Reader::default() };
        let events = Parser::new_ext(&text, Options::ENABLE_TABLES).into_offset_iter();
        for (event, range) in events {
            let line = text[..range.start].matches('\n').count() + 1;
            reader.read(event, line);
        }
        reader.page
    }

    fn new(path: &str) -> Self {
        Self { path: path.to_owned(), ..Self::default() }
    }
}

/// What was read of a page, and where in it the reader is.
#[derive(Default)]
struct Reader {
    page: Page,
    is_in_block: bool,
    /// The text of the heading that is being read.
    heading: Option<String>,
    /// The HTML that is being read, or was read directly before.
    html: String,
}

impl Reader {
    fn read(&mut self, event: Event<'_>, line: usize) {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let (language, line) = match kind {
                    CodeBlockKind::Fenced(language) => (Some(language.to_string()), line + 1),
                    CodeBlockKind::Indented => (None, line),
                };
                let comment = comment(&std::mem::take(&mut self.html));
                self.page.blocks.push(Block { line, language, text: String::new(), comment });
                self.is_in_block = true;
            }
            Event::End(TagEnd::CodeBlock) => self.is_in_block = false,
            Event::Start(Tag::HtmlBlock) => self.html.clear(),
            Event::Html(html) | Event::InlineHtml(html) => {
                self.page.links.extend(sources(&html).map(|text| Located { line, text }));
                self.html.push_str(&html);
            }
            Event::Start(tag) => {
                self.html.clear();
                match tag {
                    Tag::Heading { .. } => self.heading = Some(String::new()),
                    Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                        self.page.links.push(Located { line, text: dest_url.to_string() });
                    }
                    _ => {}
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let anchor = anchor(&self.heading.take().unwrap_or_default());
                let same = |other: &&String| **other == anchor;
                let numbered = match self.page.anchors.iter().filter(same).count() {
                    0 => anchor,
                    number => format!("{anchor}-{number}"),
                };
                self.page.anchors.push(numbered);
            }
            Event::Text(part) => {
                if let Some(heading) = &mut self.heading {
                    heading.push_str(&part);
                } else if self.is_in_block {
                    self.page.blocks.last_mut().expect("its start").text.push_str(&part);
                }
            }
            Event::Code(code) => {
                if let Some(heading) = &mut self.heading {
                    heading.push_str(&code);
                }
                self.page.inline.push(Located { line, text: code.to_string() });
            }
            _ => {}
        }
    }
}

/// The text of an HTML comment, in one line.
fn comment(html: &str) -> Option<String> {
    let inner = html.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
    Some(inner.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A page without the front matter of a lesson, which has a test of its own; lines keep their
/// numbers.
fn without_front_matter(text: &str) -> String {
    let Some(rest) = text.strip_prefix("---\n") else { return text.to_owned() };
    let Some((matter, body)) = rest.split_once("\n---\n") else { return text.to_owned() };
    "\n".repeat(matter.matches('\n').count() + 3) + body
}

/// The anchor that GitHub and mdBook give to a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The addresses of images in HTML.
fn sources(html: &str) -> impl Iterator<Item = String> + use<'_> {
    ["src=\"", "srcset=\"", "href=\""].into_iter().flat_map(move |attribute| {
        let values = html.split(attribute).skip(1).filter_map(|rest| rest.split_once('"'));
        values.map(|(value, _)| value.to_owned()).collect::<Vec<_>>()
    })
}
