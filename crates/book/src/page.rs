//! The pages with figures: lessons, and texts beside them.

use lesson::{Lesson, SectionKind};

use crate::chart::chart_style;
use crate::figures::PageFigures;
use crate::links::Repository;
use crate::record::Records;

/// The page of a lesson.
///
/// # Errors
/// In words: a placeholder or a question has no figure.
pub(crate) fn lesson_page(
    number: usize,
    lesson: &Lesson,
    records: &Records,
    repository: &Repository,
) -> Result<String, String> {
    let figures = PageFigures::of_lesson(lesson, records)?;
    let mut page = format!(
        "# {}\n\n<p class=\"byline\">Lesson {number} · {} minutes · in a terminal: \
         <code>queuelab lesson {}</code></p>\n",
        lesson.title, lesson.minutes, lesson.name
    );
    for kind in SectionKind::ALL {
        let text = figures.fill(lesson.section(kind))?;
        page += &format!("\n## {}\n\n{text}\n", kind.heading());
    }
    Ok(finished(&page, &figures, repository))
}

/// The page of another text with figures of committed runs.
///
/// # Errors
/// In words: a placeholder has no figure.
pub(crate) fn page_with_figures(
    text: &str,
    records: &Records,
    repository: &Repository,
) -> Result<String, String> {
    let figures = PageFigures::new(records);
    let page = figures.fill(text)?;
    Ok(finished(&page, &figures, repository))
}

/// The page with the style of its charts and the origin of its figures.
fn finished(page: &str, figures: &PageFigures<'_>, repository: &Repository) -> String {
    let style = if figures.has_chart() { format!("\n{}\n", chart_style()) } else { String::new() };
    let used = figures.used();
    let origins: String =
        used.iter().map(|record| format!("\n- {}", record.provenance(repository))).collect();
    match origins.as_str() {
        "" => page.to_owned(),
        origins => format!(
            "{page}{style}\n<div class=\"provenance\">\n\nWhere the figures are from:\n{origins}\n\n\
             </div>\n"
        ),
    }
}
