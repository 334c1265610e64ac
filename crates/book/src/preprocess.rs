//! The chapters of the book: lessons and decisions are added, figures filled in, links led out.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use mdbook_preprocessor::book::{Book, BookItem, Chapter, SectionNumber};

use crate::error::{BookError, Result};
use crate::graph;
use crate::links::Repository;
use crate::page::{lesson_page, page_with_figures};
use crate::record::Records;

/// The lessons follow this chapter.
const BEFORE_LESSONS: &str = "two-queues.md";
/// The folder of lessons and of other texts with figures.
const LESSONS: &str = "lessons";
/// The decisions are below this chapter.
const DECISIONS: &str = "decisions/README.md";

/// The book of the repository, with what its `SUMMARY.md` does not list.
///
/// # Errors
/// The first page that cannot be made.
pub(crate) fn preprocess(mut book: Book, repository: &Repository) -> Result<Book> {
    let records = Records::of(&repository.path);
    let docs = repository.path.join("docs");
    for_each(&mut book, |chapter| {
        with_figures(chapter, &records, repository)?;
        if is_at(chapter, DECISIONS) { add_decisions(chapter, &docs) } else { Ok(()) }
    })?;
    let place = book.items.iter().position(
        |item| matches!(item, BookItem::Chapter(chapter) if is_at(chapter, BEFORE_LESSONS)),
    );
    let place = place.map_or(book.items.len(), |place| place + 1);
    let lessons = lessons(&docs, &records, repository)?;
    book.items.splice(place..place, lessons.into_iter().map(BookItem::Chapter));
    let chapters: BTreeSet<_> =
        book.chapters().filter_map(|chapter| chapter.source_path.clone()).collect();
    for_each(&mut book, |chapter| {
        let Some(path) = &chapter.source_path else { return Ok(()) };
        let rewritten = repository.rewrite(&chapter.content, path, &|path| chapters.contains(path));
        let rewritten = rewritten.and_then(|text| graph::as_tables(&text));
        chapter.content = rewritten.map_err(|why| BookError::page(path, why))?;
        Ok(())
    })?;
    Ok(book)
}

/// Changes each chapter, up to the first that fails.
fn for_each(book: &mut Book, mut change: impl FnMut(&mut Chapter) -> Result<()>) -> Result<()> {
    let mut result = Ok(());
    book.for_each_chapter_mut(|chapter| {
        if result.is_ok() {
            result = change(chapter);
        }
    });
    result
}

fn is_at(chapter: &Chapter, path: &str) -> bool {
    chapter.source_path.as_deref() == Some(Path::new(path))
}

/// Replaces the placeholders of a text beside the lessons.
fn with_figures(chapter: &mut Chapter, records: &Records, repository: &Repository) -> Result<()> {
    let Some(path) = chapter.source_path.clone().filter(|path| path.starts_with(LESSONS)) else {
        return Ok(());
    };
    let page = page_with_figures(&chapter.content, records, repository);
    chapter.content = page.map_err(|why| BookError::page(&path, why))?;
    Ok(())
}

/// The lessons in their order.
fn lessons(docs: &Path, records: &Records, repository: &Repository) -> Result<Vec<Chapter>> {
    let chapter = |(number, path): (usize, PathBuf)| {
        let failed = |why: String| BookError::page(&path, why);
        let file = docs.join(&path);
        let lesson =
            lesson::find(&file.to_string_lossy()).map_err(|error| failed(error.to_string()))?;
        let page = lesson_page(number, &lesson, records, repository).map_err(failed)?;
        Ok(Chapter::new(&format!("{number}. {}", lesson.title), page, path.clone(), Vec::new()))
    };
    numbered(docs, LESSONS)?.into_iter().map(chapter).collect()
}

/// Adds each decision as a chapter below `decisions`, with its first heading as its name.
fn add_decisions(decisions: &mut Chapter, docs: &Path) -> Result<()> {
    for (number, path) in numbered(docs, "decisions")? {
        let file = docs.join(&path);
        let text = fs::read_to_string(&file).map_err(|why| BookError::unreadable(&file, why))?;
        let heading = text.lines().find_map(|line| line.strip_prefix("# "));
        let heading = heading.ok_or_else(|| BookError::page(&path, "it has no heading"))?;
        let mut chapter =
            Chapter::new(heading.trim(), text.clone(), path, vec![decisions.name.clone()]);
        // The sidebar folds by the depth of the section numbers, which it does not show.
        let mut section = decisions.number.as_deref().cloned().unwrap_or_default();
        section.push(number as u32);
        chapter.number = Some(SectionNumber::new(section));
        decisions.sub_items.push(BookItem::Chapter(chapter));
    }
    Ok(())
}

/// The Markdown files of a folder whose names begin with a number, in the order of the numbers,
/// with their paths from `docs/`.
pub(crate) fn numbered(docs: &Path, folder: &str) -> Result<Vec<(usize, PathBuf)>> {
    let path = docs.join(folder);
    let entries = fs::read_dir(&path).map_err(|why| BookError::unreadable(&path, why))?;
    let number = |name: &str| {
        let (number, _) = name.strip_suffix(".md")?.split_once('-')?;
        Some((number.parse().ok()?, Path::new(folder).join(name)))
    };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut files: Vec<_> = names.filter_map(|name| number(&name)).collect();
    files.sort();
    Ok(files)
}
