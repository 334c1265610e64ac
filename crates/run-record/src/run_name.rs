//! The name of a run's directory: a UTC time, and a number if an earlier run has that time.
//!
//! The wall clock may be set back, but the names of a scenario's runs are in the order in which
//! the runs began: what is the last one must not depend on the clock.

use std::fmt;

use jiff::Timestamp;

/// What the name of the baseline of two interleaved runs ends with.
pub(crate) const BASELINE: &str = "-base";

/// The largest number; a larger one is not ours.
const MAX_NUMBER: u32 = 999_999;

/// The name of a run's directory, such as `2026-11-30T03-02-36Z` or `2026-11-30T03-02-36Z-2`.
/// Their order is that of the runs of a scenario.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RunName {
    time: String,
    /// 1 for a name without a number.
    number: u32,
}

impl RunName {
    /// Parses a name, or that of a baseline, which ends with `-base`; `None` for another name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let name = name.strip_suffix(BASELINE).unwrap_or(name);
        let (time, number) = name.split_at_checked("2026-11-30T03-02-36Z".len())?;
        let is_like = |(letter, like): (char, char)| match like {
            '0' => letter.is_ascii_digit(),
            like => letter == like,
        };
        if !time.chars().zip("0000-00-00T00-00-00Z".chars()).all(is_like) {
            return None;
        }
        let number = match number.strip_prefix('-') {
            None if number.is_empty() => 1,
            None => return None,
            Some(number) => number.parse().ok()?,
        };
        (1..=MAX_NUMBER).contains(&number).then(|| Self { time: time.to_owned(), number })
    }

    /// The name of a run that starts at this time, after the runs with these names.
    pub(crate) fn after<'a>(
        earlier: impl IntoIterator<Item = &'a str>,
        started: Timestamp,
    ) -> Self {
        let time = started.strftime("%Y-%m-%dT%H-%M-%SZ").to_string();
        let own = Self { time, number: 1 };
        let last = earlier.into_iter().filter_map(Self::parse).max();
        last.filter(|last| *last >= own).map_or(own, |last| last.next())
    }

    /// The next one of the same time.
    pub(crate) fn next(&self) -> Self {
        Self { time: self.time.clone(), number: self.number + 1 }
    }
}

impl fmt::Display for RunName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            1 => formatter.write_str(&self.time),
            number => write!(formatter, "{}-{number}", self.time),
        }
    }
}

/// What orders the directories of a scenario's runs, given their names: the earliest first.
/// Names that are not those of runs have an order too.
pub fn run_order(name: &str) -> (String, u32) {
    match RunName::parse(name) {
        Some(RunName { time, number }) => (time, number),
        None => (name.to_owned(), 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_after_those_of_all_earlier_runs_whatever_the_clock_is() {
        let started: Timestamp = "2026-11-30T03:02:36Z".parse().unwrap();
        let after = |earlier: &[&str]| RunName::after(earlier.iter().copied(), started).to_string();
        assert_eq!(after(&[]), "2026-11-30T03-02-36Z");
        assert_eq!(after(&["2026-11-30T03-02-35Z-7", "notes"]), "2026-11-30T03-02-36Z");
        assert_eq!(after(&["2026-11-30T03-02-36Z"]), "2026-11-30T03-02-36Z-2");
        let nine = ["2026-11-30T03-02-36Z-9", "2026-11-30T03-02-36Z-10-base"];
        assert_eq!(after(&nine), "2026-11-30T03-02-36Z-11");
        // The clock was wrong, or is.
        assert_eq!(after(&["2031-01-01T00-00-00Z"]), "2031-01-01T00-00-00Z-2");
        assert_eq!(after(&["2031-01-01T00-00-00Z-2-base"]), "2031-01-01T00-00-00Z-3");
    }

    #[test]
    fn other_names_are_ignored() {
        for name in [
            "",
            "2026",
            "2031-01-01T00-00-00",
            "2031-01-01T00-00-00Zx",
            "2031-01-01T00-00-00Z-",
            "2031-01-01T00-00-00Z-x",
            "2031-01-01T00-00-00Z-0",
            "2031-01-01T00-00-00Z-4294967295",
            "2031-01-01T00-00-00Z-99999999999",
            "2031-01-01T00:00:00Z",
            "ääääääääääääääääääää",
        ] {
            assert_eq!(RunName::parse(name), None, "{name}");
        }
    }

    #[test]
    fn the_tenth_run_of_a_second_is_after_the_second_one() {
        let mut names = ["2026-11-30T03-02-36Z-10", "b", "2026-11-30T03-02-36Z-2", "a"];
        names.sort_by_key(|name| run_order(name));
        assert_eq!(names, ["2026-11-30T03-02-36Z-2", "2026-11-30T03-02-36Z-10", "a", "b"]);
    }
}
