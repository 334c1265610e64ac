//! The files of the run directory.

use crate::bounds::MAX_LINKS;
use crate::document::{Block, Section, Source};

const FILES: [(&str, &str); 5] = [
    ("run.json", "the scenario, the machine, the program and the verdict"),
    ("trials.jsonl", "a line for each execution of a trial"),
    ("cells.csv", "a row for each cell: minimum, median and maximum of each metric"),
    ("summary.md", "the summary in Markdown"),
    ("junit.xml", "a test case for each trial, for CI"),
];

const ROWS: [(&str, &str); 2] = [
    ("attempts", "a row for each attempt of a trial"),
    ("timelines", "a row for each change of a queue that the probe sampled"),
];

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let rows = source.rows.as_ref()?;
    let mut section = Section::new("files", "The files");
    section.page(Block::caption(
        "The run directory. `queuelab report RUN` makes this page again from the data, with the \
         same bytes.",
    ));
    section.page(Block::Files(FILES.to_vec()));
    for (folder, what) in ROWS {
        let links = rows.files.iter().filter(|(_, file)| file.starts_with(folder));
        let mut links: Vec<_> = links.map(|(_, file)| (file.clone(), file.clone())).collect();
        if !links.is_empty() {
            let mut title = format!("{folder}/: {what} · {} files", links.len());
            if links.len() > MAX_LINKS {
                title += &format!(", of which the first {MAX_LINKS} are listed");
                links.truncate(MAX_LINKS);
            }
            let links = Block::Links { label: String::new(), links };
            section.page(Block::folded(title, vec![links]));
        }
    }
    section.page(Block::ChartFiles);
    Some(section)
}
