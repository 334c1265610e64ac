//! Links of a chapter to files that are no chapters.

use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag};

/// The repository: on this machine, and where readers of the book find it.
#[derive(Debug, Clone)]
pub(crate) struct Repository {
    /// Its directory here.
    pub(crate) path: PathBuf,
    /// Its address.
    pub(crate) address: String,
}

impl Repository {
    /// The address of a file.
    pub(crate) fn file(&self, path: &str) -> String {
        format!("{}/blob/main/{path}", self.address)
    }

    /// The address of a directory.
    pub(crate) fn folder(&self, path: &str) -> String {
        format!("{}/tree/main/{path}", self.address)
    }

    /// The Markdown of the chapter at `chapter` (relative to `docs/`) with its links changed: to the
    /// address of what is in the repository but no part of the book, and to the names that mdBook
    /// gives to pages. `is_chapter` says of a file in `docs/` whether the book has it as a page.
    ///
    /// # Errors
    /// In words: the repository has no such file.
    pub(crate) fn rewrite(
        &self,
        markdown: &str,
        chapter: &Path,
        is_chapter: &dyn Fn(&Path) -> bool,
    ) -> Result<String, String> {
        let mut rewritten = String::with_capacity(markdown.len());
        let mut copied = 0;
        for (event, range) in Parser::new_ext(markdown, Options::ENABLE_TABLES).into_offset_iter() {
            let target = match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => dest_url,
                _ => continue,
            };
            let Some(new) = self.target(&target, chapter, is_chapter)? else { continue };
            let written = &markdown[range.clone()];
            // A link by reference is changed where its target is written, which no page here does.
            let place = written.rfind(&format!("({target}")).ok_or_else(|| {
                format!("the link to {target} is not written as `[text](target)`")
            })?;
            let start = range.start + place + 1;
            rewritten += &markdown[copied..start];
            rewritten += &new;
            copied = start + target.len();
        }
        rewritten += &markdown[copied..];
        Ok(rewritten)
    }

    /// The new target of a link; `None` if it stays as it is.
    fn target(
        &self,
        target: &str,
        chapter: &Path,
        is_chapter: &dyn Fn(&Path) -> bool,
    ) -> Result<Option<String>, String> {
        let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
        if path.is_empty() || path.contains(':') || path.starts_with('/') {
            return Ok(None);
        }
        let anchor = if anchor.is_empty() { String::new() } else { format!("#{anchor}") };
        let folder = chapter.parent().unwrap_or(Path::new(""));
        let resolved = resolved(&Path::new("docs").join(folder).join(path))
            .ok_or_else(|| format!("the link to {target} leaves the repository"))?;
        let there = self.path.join(&resolved);
        if !there.exists() {
            return Err(format!("a link leads to {}, which there is not", resolved.display()));
        }
        let name = resolved.display().to_string();
        let in_docs = resolved.strip_prefix("docs").ok();
        let is_markdown = |path: &Path| path.extension().is_some_and(|it| it == "md");
        if in_docs.is_some_and(|path| !is_markdown(path) || is_chapter(path)) {
            // mdBook names these pages so, but does not change the links to them.
            let index = path.strip_suffix("README.md").map(|folder| format!("{folder}index.md"));
            return Ok(index.map(|index| index + &anchor));
        }
        let address = if there.is_dir() { self.folder(&name) } else { self.file(&name) };
        Ok(Some(address + &anchor))
    }
}

/// The path without `.` and `..`; `None` if it leads out of its beginning.
pub(crate) fn resolved(path: &Path) -> Option<PathBuf> {
    let mut resolved = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => resolved.push(name),
            Component::ParentDir => resolved.pop().then_some(())?,
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(resolved)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn links_out_of_the_book_lead_to_the_repository() {
        let folder = tempfile::tempdir().expect("a directory");
        for path in ["README.md", "docs/a.md", "docs/b.md", "docs/decisions/README.md", "fuzz/run"]
        {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
            fs::write(path, "").expect("a file");
        }
        let address = "https://example.org/lab".to_owned();
        let repository = Repository { path: folder.path().to_owned(), address };
        let rewrite = |text: &str, chapter: &str| {
            repository.rewrite(text, Path::new(chapter), &|path| path != Path::new("b.md"))
        };
        assert_eq!(
            rewrite("[b](b.md)", "a.md").as_deref(),
            Ok("[b](https://example.org/lab/blob/main/docs/b.md)")
        );
        assert_eq!(
            rewrite("[a](../README.md#install) (../README.md) `[b](../README.md)`", "a.md"),
            Ok("[a](https://example.org/lab/blob/main/README.md#install) (../README.md) \
                `[b](../README.md)`"
                .to_owned())
        );
        assert_eq!(
            rewrite("| [dir](../../fuzz) |\n|---|\n", "decisions/0001.md").expect("a link"),
            "| [dir](https://example.org/lab/tree/main/fuzz) |\n|---|\n"
        );
        let kept = "[a](a.md#b), [c](#c), [d](https://x.org/../README.md)";
        assert_eq!(rewrite(kept, "a.md").as_deref(), Ok(kept));
        assert_eq!(
            rewrite("[a](decisions/README.md#x)", "a.md").as_deref(),
            Ok("[a](decisions/index.md#x)")
        );
        for wrong in ["[a](../none.md)", "[a](../../a.md)", "[a](none.md)"] {
            assert!(rewrite(wrong, "a.md").is_err(), "{wrong}");
        }
    }
}
