//! Finding and reading lessons: built in, in `./docs/lessons`, or at a path.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use include_dir::{Dir, include_dir};
use run_record::read_text_file;
use suggest::nearest;

use crate::error::{LessonError, Result};
use crate::lesson::Lesson;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../docs/lessons");
const FOLDER: &str = "docs/lessons";
/// The largest file that is read, bytes.
const MAX_FILE_BYTES: u64 = 256 * 1024;

/// Every lesson that has a number, in the order of the numbers: those in `./docs/lessons`, and
/// the built-in ones that they do not replace.
///
/// # Errors
/// The first file that cannot be read, or is no lesson.
pub fn catalogue() -> Result<Vec<Lesson>> {
    let mut texts = BTreeMap::new();
    for file in EMBEDDED.files() {
        if let (Some(stem), Some(text)) = (stem_of(file.path()), file.contents_utf8()) {
            texts.insert(stem, (format!("{} (built in)", file.path().display()), text.to_owned()));
        }
    }
    for entry in fs::read_dir(FOLDER).into_iter().flatten().flatten() {
        if let Some(stem) = stem_of(&entry.path()) {
            texts.insert(stem, (entry.path().display().to_string(), read(&entry.path())?));
        }
    }
    let parse = |(stem, (path, text)): (String, (String, String))| {
        Lesson::parse(name_of(&stem), &path, &text)
    };
    texts.into_iter().map(parse).collect()
}

/// The lesson of this name, or at this path.
///
/// # Errors
/// If there is none, it cannot be read, or it is no lesson.
pub fn find(name_or_path: &str) -> Result<Lesson> {
    let path = Path::new(name_or_path);
    if name_or_path.contains('/') || path.extension().is_some_and(|extension| extension == "md") {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        return Lesson::parse(name_of(&stem), name_or_path, &read(path)?);
    }
    let lessons = catalogue()?;
    let names: Vec<String> = lessons.iter().map(|lesson| lesson.name.clone()).collect();
    lessons.into_iter().find(|lesson| lesson.name == name_or_path).ok_or_else(|| {
        let similar = nearest(name_or_path, names.iter().map(String::as_str));
        let help = match similar {
            Some(similar) => format!("did you mean `{similar}`?"),
            None => format!("there are {}", names.join(", ")),
        };
        let name = visible::line(name_or_path).chars().take(100).collect();
        LessonError::Unknown { name, help }
    })
}

fn read(path: &Path) -> Result<String> {
    read_text_file(path, MAX_FILE_BYTES).map_err(|source| LessonError::Unreadable {
        path: visible::line(&path.display().to_string()).into_owned(),
        source,
    })
}

/// The stem of a lesson's file; `None` if the file is no lesson: it has no number.
fn stem_of(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_str()?;
    let is_markdown = path.extension().is_some_and(|extension| extension == "md");
    (is_markdown && number_and_name(stem).is_some()).then(|| stem.to_owned())
}

fn name_of(stem: &str) -> &str {
    number_and_name(stem).map_or(stem, |(_, name)| name)
}

/// `03` and `overflow` of `03-overflow`.
fn number_and_name(stem: &str) -> Option<(&str, &str)> {
    let (number, name) = stem.split_once('-')?;
    let is_number = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    (is_number && !name.is_empty()).then_some((number, name))
}
