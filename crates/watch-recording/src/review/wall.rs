//! The wall clock during a record.

use jiff::{SignedDuration, Timestamp};

/// The times of the wall clock at the lines of a record. It may have been set meanwhile, so a
/// time is found by the nearest earlier line.
#[derive(Debug, Clone, Default)]
pub struct WallTimes {
    lines: Vec<(u64, Timestamp)>,
}

impl WallTimes {
    /// Adds the time of a line, which is left out if it is not one.
    pub fn add(&mut self, at_us: u64, at: &str) {
        self.lines.extend(at.parse().ok().map(|at| (at_us, at)));
    }

    /// The time of the wall clock at a time of the record, microseconds; `None` if no line has
    /// one.
    pub fn at(&self, at_us: u64) -> Option<Timestamp> {
        let after = self.lines.partition_point(|(line_us, _)| *line_us <= at_us);
        let (line_us, at) = *self.lines.get(after.saturating_sub(1))?;
        let us = |us: u64| i64::try_from(us).ok();
        let since = us(at_us)?.checked_sub(us(line_us)?)?;
        at.checked_add(SignedDuration::from_micros(since)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_found_by_the_line_before_it() {
        let mut times = WallTimes::default();
        assert_eq!(times.at(5), None);
        times.add(2_000_000, "2026-11-30T12:00:00Z");
        // The clock was set back.
        times.add(3_000_000, "2026-11-30T11:00:00Z");
        let at = |us| times.at(us).unwrap().to_string();
        assert_eq!(at(1_500_000), "2026-11-30T11:59:59.5Z");
        assert_eq!(at(2_250_000), "2026-11-30T12:00:00.25Z");
        assert_eq!(at(4_000_000), "2026-11-30T11:00:01Z");
        assert_eq!(times.at(u64::MAX), None);
    }
}
