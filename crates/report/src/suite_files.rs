//! The summary of a suite, and the files that its directory gets.

mod markdown;
mod table;

use run_view::{Printable, Screen};

use crate::junit;
use crate::suite::Suite;

impl Suite {
    /// The suite as text for a terminal: a row for each scenario.
    pub fn summary(&self, screen: Screen) -> Printable {
        table::summary(self, screen)
    }

    /// `summary.md` and `junit.xml`, each with its path in the suite's directory. They are
    /// made only from the records, and are the same every time.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        vec![
            ("summary.md".to_owned(), markdown::markdown(self).into_bytes()),
            ("junit.xml".to_owned(), junit::of_suite(self)),
        ]
    }
}
