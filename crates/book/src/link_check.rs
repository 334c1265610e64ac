//! The links of the finished pages.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use html5gum::{HtmlString, Token, Tokenizer};

use crate::error::{BookError, Result};
use crate::links::resolved;

/// What was checked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Checked {
    /// The number of pages.
    pub(crate) pages: usize,
    /// The number of their links within the book.
    pub(crate) links: usize,
}

/// A page: its IDs, and what it names.
#[derive(Debug, Default)]
struct Page {
    ids: BTreeSet<String>,
    repeated_ids: BTreeSet<String>,
    /// Links that a reader follows.
    links: Vec<String>,
    /// Images, scripts and style sheets.
    loaded: Vec<String>,
}

/// Checks that each link between the pages in a directory, or to a file there, leads somewhere, also
/// to an ID; that no ID is in a page twice; and that no page loads anything from elsewhere.
///
/// # Errors
/// [`BookError::Broken`] with a line for each that does not; or a file cannot be read.
pub(crate) fn check(directory: &Path) -> Result<Checked> {
    let mut files = Vec::new();
    collect(directory, Path::new(""), &mut files)?;
    let mut pages = BTreeMap::new();
    for path in files.iter().filter(|path| path.extension().is_some_and(|it| it == "html")) {
        let file = directory.join(path);
        let text = fs::read_to_string(&file).map_err(|why| BookError::unreadable(&file, why))?;
        pages.insert(path.clone(), Page::read(&text));
    }
    let files: BTreeSet<_> = files.into_iter().collect();
    let mut broken = Vec::new();
    let mut links = 0;
    for (path, page) in &pages {
        let mut fault = |target: &str, why: &str| {
            broken.push(format!("{}: {} {why}", path.display(), visible::line(target)));
        };
        page.repeated_ids.iter().for_each(|id| fault(id, "is the ID of two elements"));
        for target in page.links.iter().chain(&page.loaded) {
            let Some((to, anchor)) = within(target) else {
                if page.loaded.contains(target) && !target.starts_with("data:") {
                    fault(target, "is loaded from the network");
                }
                continue;
            };
            links += 1;
            let there = if to.is_empty() { Some(path.clone()) } else { beside(path, to) };
            let Some(there) = there.filter(|there| files.contains(there)) else {
                fault(target, "is no file of the book");
                continue;
            };
            let has = |page: &Page| anchor.is_empty() || page.ids.contains(anchor);
            if !pages.get(&there).is_none_or(has) {
                fault(target, "names no ID of that page");
            }
        }
    }
    match broken.is_empty() {
        true => Ok(Checked { pages: pages.len(), links }),
        false => Err(BookError::Broken(broken)),
    }
}

/// The path and the ID in a link within the book; `None` if it leads out of it.
fn within(target: &str) -> Option<(&str, &str)> {
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let scheme = path.split_once(':').map(|(scheme, _)| scheme);
    let is_scheme = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric());
    (!path.starts_with("//") && !scheme.is_some_and(is_scheme)).then_some((path, anchor))
}

/// The path of what a page names; `None` if it is outside of the book.
fn beside(page: &Path, target: &str) -> Option<PathBuf> {
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let mut there = resolved(&page.parent().unwrap_or(Path::new("")).join(path))?;
    if path.ends_with('/') {
        there.push("index.html");
    }
    Some(there)
}

/// The files below a directory, with their paths from it.
fn collect(directory: &Path, below: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let folder = directory.join(below);
    let unreadable = |why| BookError::unreadable(&folder, why);
    for entry in fs::read_dir(&folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = below.join(entry.file_name());
        match entry.file_type().map_err(unreadable)?.is_dir() {
            true => collect(directory, &path, files)?,
            false => files.push(path),
        }
    }
    Ok(())
}

impl Page {
    fn read(html: &str) -> Self {
        let mut page = Self::default();
        for token in Tokenizer::new(html).flatten() {
            let Token::StartTag(tag) = token else { continue };
            let attribute = |name: &str| {
                let value = tag.attributes.get(name.as_bytes());
                value.map(|value| text(value)).filter(|value| !value.is_empty())
            };
            if let Some(id) = attribute("id")
                && !page.ids.insert(id.clone())
            {
                page.repeated_ids.insert(id);
            }
            match text(&tag.name).as_str() {
                "a" => page.links.extend(attribute("href")),
                "link" => page.loaded.extend(attribute("href")),
                "img" | "script" | "iframe" | "source" | "object" | "embed" => {
                    page.loaded.extend(attribute("src").or_else(|| attribute("data")));
                }
                _ => {}
            }
        }
        page
    }
}

fn text(bytes: &HtmlString) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(pages: &[(&str, &str)]) -> Result<Checked, Vec<String>> {
        let folder = tempfile::tempdir().expect("a directory");
        for (path, text) in pages {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
            fs::write(path, text).expect("a file");
        }
        check(folder.path()).map_err(|error| match error {
            BookError::Broken(broken) => broken,
            other => vec![other.to_string()],
        })
    }

    #[test]
    fn links_lead_to_pages_ids_and_files() {
        let pages = [
            ("index.html", "<a href='a/b.html#x'>b</a><a href=\"https://x.org\">x</a>"),
            ("a/b.html", "<p id=x><a href=#x>x</a><a href='../style.css'>s</a><a href=./>i</a>"),
            ("a/index.html", "<svg><a href='b.html'></a></svg><img src='data:,'>"),
            ("style.css", ""),
        ];
        assert_eq!(checked(&pages), Ok(Checked { pages: 3, links: 5 }));
    }

    #[test]
    fn broken_links_are_all_named() {
        let page = "<a href='c.html'>c</a><a href='#y'>y</a><i id=x></i><i id=x></i>\
                    <a href='../../out.html'>o</a><script src='https://x.org/x.js'></script>";
        let broken = checked(&[("a/b.html", page)]).expect_err("it has faults");
        let faults: Vec<_> =
            broken.iter().map(|line| line.strip_prefix("a/b.html: ").expect("its page")).collect();
        assert_eq!(
            faults,
            [
                "x is the ID of two elements",
                "c.html is no file of the book",
                "#y names no ID of that page",
                "../../out.html is no file of the book",
                "https://x.org/x.js is loaded from the network",
            ]
        );
    }
}
