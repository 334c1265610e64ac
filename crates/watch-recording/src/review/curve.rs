//! The depth of a queue over time, in as many columns as a chart has.

use crate::line::{ChangeRow, Span};

/// The columns of a curve.
pub const COLUMNS: usize = 900;

/// The depth of a queue over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Curve {
    /// Its time, microseconds since the watch began.
    pub span: Span,
    /// Parts of this time, of the same length.
    pub columns: Vec<Column>,
}

/// What was seen in a part of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Column {
    /// Whether it was looked at.
    pub sight: Sight,
    /// The shallowest and the deepest queue at a look.
    pub shallowest: u32,
    /// The deepest.
    pub deepest: u32,
    /// The queue at its end.
    pub last: u32,
    /// The listener's drops.
    pub drops: u64,
    /// The queue was full between two looks.
    pub was_full: bool,
}

/// Whether a listener was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sight {
    /// It was not there.
    #[default]
    Absent,
    /// It was there, and not looked at.
    Unseen,
    /// It was looked at.
    Seen,
}

/// Makes a curve from rows in the order of time.
#[derive(Debug)]
pub(crate) struct CurveBuilder {
    curve: Curve,
    /// The last row: its time and depth.
    last: Option<(u64, u32)>,
    drops: u64,
}

impl CurveBuilder {
    pub(crate) fn new(span: Span) -> Self {
        let columns = vec![Column::default(); COLUMNS];
        Self { curve: Curve { span, columns }, last: None, drops: 0 }
    }

    /// The column of a time, which may be before or after all.
    fn column(&self, at_us: u64) -> i64 {
        let Span(from_us, to_us) = self.curve.span;
        let length = to_us.saturating_sub(from_us).max(1) as f64;
        ((at_us as f64 - from_us as f64) / length * COLUMNS as f64).floor() as i64
    }

    /// The numbers of the columns from one time to another that the curve has.
    fn columns(&self, from_us: u64, to_us: u64) -> std::ops::Range<usize> {
        let place = |column: i64| column.clamp(0, COLUMNS as i64) as usize;
        place(self.column(from_us))..place(self.column(to_us).saturating_add(1))
    }

    fn mark(&mut self, at_us: u64, mark: impl FnOnce(&mut Column)) {
        // The end of the time is in the last column.
        let at_us = if at_us == self.curve.span.1 { at_us.saturating_sub(1) } else { at_us };
        let column = usize::try_from(self.column(at_us)).ok();
        if let Some(column) = column.and_then(|column| self.curve.columns.get_mut(column)) {
            mark(column);
        }
    }

    /// Up to this time the depth is that of the last row.
    pub(crate) fn extend(&mut self, to_us: u64) {
        let Some((from_us, depth)) = self.last else { return };
        for index in self.columns(from_us, to_us) {
            self.curve.columns[index].add(depth);
        }
        self.go_to(to_us, depth);
    }

    /// The first row has the drops from before it.
    pub(crate) fn begin_with(&mut self, drops: u64) {
        self.drops = drops;
    }

    pub(crate) fn row(&mut self, ChangeRow(at_us, _, depth, drops): ChangeRow) {
        self.extend(at_us);
        let new_drops = drops.saturating_sub(self.drops);
        self.drops = drops;
        self.go_to(at_us, depth);
        self.mark(at_us, |column| {
            column.add(depth);
            column.drops = column.drops.saturating_add(new_drops);
        });
    }

    pub(crate) fn full(&mut self, at_us: u64) {
        self.mark(at_us, |column| column.was_full = true);
    }

    /// Rows before this time are missing.
    pub(crate) fn lost_before(&mut self, to_us: u64) {
        let Some((from_us, depth)) = self.last else { return };
        for index in self.columns(from_us, to_us).skip(1) {
            self.curve.columns[index].sight = Sight::Unseen;
        }
        self.go_to(to_us, depth);
    }

    /// The depth from now on. Time never goes back: each column is passed once.
    fn go_to(&mut self, at_us: u64, depth: u32) {
        let at_us = self.last.map_or(at_us, |(last_us, _)| last_us.max(at_us));
        self.last = Some((at_us, depth));
    }

    /// The curve, with the times without a look.
    pub(crate) fn finish(mut self, gaps: &[Span]) -> Curve {
        for &Span(from_us, to_us) in gaps {
            let inside = self.columns(from_us, to_us);
            // The first and the last have a look.
            for index in inside.start + 1..inside.end.saturating_sub(1) {
                let column = &mut self.curve.columns[index];
                if column.sight == Sight::Seen && column.shallowest == column.deepest {
                    column.sight = Sight::Unseen;
                }
            }
        }
        self.curve
    }
}

impl Column {
    fn add(&mut self, depth: u32) {
        if self.sight == Sight::Seen {
            self.shallowest = self.shallowest.min(depth);
            self.deepest = self.deepest.max(depth);
        } else {
            (self.sight, self.shallowest, self.deepest) = (Sight::Seen, depth, depth);
        }
        self.last = depth;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builder() -> CurveBuilder {
        // A column has a millisecond.
        CurveBuilder::new(Span(0, COLUMNS as u64 * 1_000))
    }

    #[test]
    fn a_column_has_the_range_of_its_depths_its_drops_and_whether_it_was_full() {
        let mut builder = builder();
        builder.row(ChangeRow(2_000, 2_000, 0, 0));
        builder.row(ChangeRow(5_100, 4_000, 7, 0));
        builder.row(ChangeRow(5_900, 5_800, 2, 3));
        builder.full(5_900);
        builder.extend(8_000);
        let columns = builder.finish(&[]).columns;
        assert_eq!(columns[1].sight, Sight::Absent);
        assert_eq!((columns[3].sight, columns[3].last), (Sight::Seen, 0));
        let column = Column {
            sight: Sight::Seen,
            shallowest: 0,
            deepest: 7,
            last: 2,
            drops: 3,
            was_full: true,
        };
        assert_eq!(columns[5], column);
        assert_eq!((columns[8].deepest, columns[8].drops), (2, 0));
        assert_eq!(columns[9].sight, Sight::Absent);
    }

    #[test]
    fn times_without_a_look_and_lost_rows_are_unseen() {
        let mut one = builder();
        one.row(ChangeRow(0, 0, 4, 0));
        one.extend(20_000);
        let gap = Span(3_500, 7_500);
        let columns = one.finish(&[gap]).columns;
        let unseen: Vec<_> = (0..20).filter(|&it| columns[it].sight == Sight::Unseen).collect();
        assert_eq!(unseen, [4, 5, 6]);
        let mut other = builder();
        other.row(ChangeRow(0, 0, 4, 0));
        other.lost_before(5_000);
        other.row(ChangeRow(5_000, 4_990, 1, 0));
        let columns = other.finish(&[]).columns;
        let sights = [0, 1, 4, 5].map(|column| columns[column].sight);
        assert_eq!(sights, [Sight::Seen, Sight::Unseen, Sight::Unseen, Sight::Seen]);
    }

    #[test]
    fn what_is_outside_of_the_time_is_left_out() {
        let mut builder = CurveBuilder::new(Span(10_000, 11_000));
        builder.row(ChangeRow(0, 0, 3, 0));
        builder.row(ChangeRow(u64::MAX, 0, 9, 9));
        let columns = builder.finish(&[]).columns;
        assert!(columns.iter().all(|column| (column.deepest, column.drops) == (3, 0)));
    }

    #[test]
    fn the_last_instant_is_in_the_last_column() {
        let mut builder = builder();
        builder.row(ChangeRow(0, 0, 0, 0));
        builder.row(ChangeRow(COLUMNS as u64 * 1_000, 0, 5, 1));
        let columns = builder.finish(&[]).columns;
        assert_eq!((columns[COLUMNS - 1].deepest, columns[COLUMNS - 1].drops), (5, 1));
    }
}
