//! The committed run of a lesson.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use charts::Chart;
use course::AnsweringRun;
use run_record::check_file_name;
use run_view::prose::several;

use crate::chart::chart_in_page;
use crate::links::Repository;

/// Where the records are in the repository.
pub(crate) const FOLDER: &str = "reports/lessons";

/// The committed run of a lesson.
#[derive(Debug)]
pub(crate) struct Record {
    /// Its directory's name in [`FOLDER`].
    pub(crate) name: String,
    pub(crate) run: AnsweringRun,
    /// Drawn when a page first needs one.
    charts: OnceCell<Vec<Chart>>,
}

impl Record {
    fn read(folder: &Path, name: &str) -> Result<Self, String> {
        check_file_name(name).map_err(|why| format!("the name of a run: {why}"))?;
        let path = folder.join(name);
        let unreadable = |error: &dyn Error| format!("failed to read {FOLDER}/{name}: {error}");
        let run = AnsweringRun::read(&path).map_err(|error| unreadable(&error))?;
        Ok(Self { name: name.to_owned(), run, charts: OnceCell::new() })
    }

    /// The chart with this name, as SVG in HTML without line breaks.
    ///
    /// # Errors
    /// In words: the run has no such chart.
    pub(crate) fn chart(&self, name: &str) -> Result<String, String> {
        let charts = self.charts.get_or_init(|| report::charts(self.run.run(), self.run.path()));
        let chart = charts.iter().find(|chart| chart.name == name).ok_or_else(|| {
            let names: Vec<_> = charts.iter().map(|chart| chart.name.as_str()).collect();
            format!("{FOLDER}/{} has no such chart, but {}", self.name, names.join(", "))
        })?;
        Ok(chart_in_page(chart))
    }

    /// The title of a law that the run applied.
    pub(crate) fn title_of_law(&self, id: &str) -> Option<&str> {
        let mut laws = self.run.run().trials.iter().flat_map(|trial| trial.laws.iter());
        laws.find(|law| *law.id == *id).map(|law| &*law.title)
    }

    /// Where and how it was recorded, as Markdown.
    pub(crate) fn provenance(&self, repository: &Repository) -> String {
        let record = self.run.recorded().record();
        let commit = record.tool.commit.as_deref().map_or(String::new(), |commit| {
            format!(", commit {}", commit.get(..8).unwrap_or(commit))
        });
        let path = format!("{FOLDER}/{}", self.name);
        format!(
            "[{path}]({}): {} on {}, Linux {} ({}), with queuelab {}{commit}",
            repository.folder(&path),
            several(self.run.run().trials.len() as u64, "trial"),
            record.started.strftime("%-d %B %Y"),
            record.machine.kernel,
            record.machine.architecture,
            record.tool.version,
        )
    }
}

/// The committed runs, each read once.
#[derive(Debug)]
pub(crate) struct Records {
    folder: PathBuf,
    read: RefCell<BTreeMap<String, Rc<Record>>>,
}

impl Records {
    /// Those of the repository at this path.
    pub(crate) fn of(repository: &Path) -> Self {
        Self { folder: repository.join(FOLDER), read: RefCell::default() }
    }

    /// The run with this name.
    ///
    /// # Errors
    /// In words: there is none, or it cannot be read.
    pub(crate) fn get(&self, name: &str) -> Result<Rc<Record>, String> {
        if let Some(record) = self.read.borrow().get(name) {
            return Ok(Rc::clone(record));
        }
        let record = Rc::new(Record::read(&self.folder, name)?);
        self.read.borrow_mut().insert(name.to_owned(), Rc::clone(&record));
        Ok(record)
    }
}
