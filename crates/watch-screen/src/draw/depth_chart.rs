//! The depth of a queue over the last minute, as detailed as it was looked at.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::symbols::Marker;
use ratatui::widgets::Widget;
use ratatui::widgets::canvas::{Canvas, Painter, Shape};
use watch_record::History;

use super::theme::Theme;
use crate::number;

/// Nanoseconds that the chart shows.
const WINDOW_NS: u64 = 60_000_000_000;

/// Columns left of the chart.
const MARGIN: u16 = 8;

/// Lines below the chart: drops, and the time.
const BELOW: u16 = 2;

/// What is known of a part of the time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Slot {
    /// The deepest queue; none before the first look.
    deepest: Option<u32>,
    drops: u64,
}

/// The last minute in `count` parts of the same length, the newest last. A change is in the
/// part in which it was seen.
fn slots(history: &History, count: usize) -> Vec<Slot> {
    let mut slots = vec![Slot::default(); count];
    let end = history.last_look_ns;
    let place = |at_ns: u64| {
        let age = end.saturating_sub(at_ns);
        (age <= WINDOW_NS && count > 0).then(|| {
            let from_start = u128::from(WINDOW_NS - age) * count as u128;
            ((from_start / u128::from(WINDOW_NS)) as usize).min(count - 1)
        })
    };
    let mut drops_before = history.changes.first().map_or(0, |change| change.drops);
    for (at, change) in history.changes.iter().enumerate() {
        let until = history.changes.get(at + 1).map_or(end, |next| next.at_ns);
        if let Some(last) = place(until) {
            // A change older than the window still holds at its start.
            let first = place(change.at_ns).unwrap_or(0);
            // A depth ends where the next begins, unless it is there all the time.
            let last = if until < end && last > first { last - 1 } else { last };
            for slot in slots.iter_mut().take(last + 1).skip(first) {
                slot.deepest = slot.deepest.max(Some(change.depth));
            }
        }
        if let Some(place) = place(change.at_ns) {
            slots[place].drops += change.drops.saturating_sub(drops_before);
        }
        drops_before = change.drops;
    }
    slots
}

/// The depth at the top of the chart: that of a full queue unless all of it would be flat.
fn top(deepest: u32, full: u64) -> u64 {
    let deepest = u64::from(deepest);
    match deepest.saturating_mul(4) >= full {
        true => full.max(deepest),
        false => deepest.max(4),
    }
}

/// Draws the chart. Returns whether there was room for it.
pub(crate) fn chart(
    history: &History,
    limit: u32,
    theme: Theme,
    area: Rect,
    buffer: &mut Buffer,
) -> bool {
    if area.height < BELOW + 2 || area.width < MARGIN + 10 {
        return false;
    }
    let plot = Rect {
        x: area.x + MARGIN,
        width: area.width - MARGIN,
        height: area.height - BELOW,
        ..area
    };
    let slots = slots(history, usize::from(plot.width) * 2);
    let full = u64::from(limit) + 1;
    let deepest = slots.iter().filter_map(|slot| slot.deepest).max().unwrap_or(0);
    let top = top(deepest, full);
    let shape = Depth { slots: &slots, full, top, rows: usize::from(plot.height) * 4, theme };
    Canvas::default()
        .marker(Marker::Braille)
        .x_bounds([0.0, 1.0])
        .y_bounds([0.0, 1.0])
        .paint(|context| context.draw(&shape))
        .render(plot, buffer);
    let label = |y: u16, text: &str, buffer: &mut Buffer| {
        let room = usize::from(MARGIN - 1);
        buffer.set_stringn(area.x, y, format!("{text:>room$}"), room, theme.dim());
    };
    label(plot.y, &number::count(top), buffer);
    label(plot.bottom() - 1, "0", buffer);
    if plot.height >= 3 {
        let word = if top == full { "full" } else { "deepest" };
        label(plot.y + 1, word, buffer);
    }
    label(plot.bottom(), "drops", buffer);
    for (column, pair) in slots.chunks(2).enumerate() {
        let sign = match pair {
            pair if pair.iter().any(|slot| slot.drops > 0) => "x",
            pair if pair.iter().all(|slot| slot.deepest.is_none()) => "?",
            _ => continue,
        };
        let style = if sign == "x" { theme.drops() } else { theme.dim() };
        buffer.set_stringn(plot.x + column as u16, plot.bottom(), sign, 1, style);
    }
    time_axis(plot, theme, buffer);
    true
}

fn time_axis(plot: Rect, theme: Theme, buffer: &mut Buffer) {
    let y = plot.bottom() + 1;
    buffer.set_stringn(plot.x, y, "−60 s", plot.width.into(), theme.dim());
    let middle = plot.x + plot.width / 2;
    if plot.width >= 30 {
        buffer.set_stringn(middle, y, "−30 s", plot.width.into(), theme.dim());
    }
    buffer.set_stringn(plot.right() - 3, y, "now", 3, theme.dim());
}

/// The area below the depth, and a dashed line at a full queue.
struct Depth<'a> {
    slots: &'a [Slot],
    full: u64,
    top: u64,
    rows: usize,
    theme: Theme,
}

impl Depth<'_> {
    /// Rows of dots that a depth has: at least one unless it is 0.
    fn height(&self, depth: u64) -> usize {
        let height = u128::from(depth) * self.rows as u128 / u128::from(self.top.max(1));
        (height as usize).max(usize::from(depth > 0)).min(self.rows)
    }
}

impl Shape for Depth<'_> {
    fn draw(&self, painter: &mut Painter<'_, '_>) {
        let colour = |colour| if self.theme.colour { colour } else { Color::Reset };
        if self.full <= self.top {
            let y = self.rows - self.height(self.full);
            for x in (0..self.slots.len()).step_by(3) {
                painter.paint(x, y, colour(Color::Red));
            }
        }
        for (x, slot) in self.slots.iter().enumerate() {
            let depth = slot.deepest.unwrap_or(0).into();
            let is_full = depth >= self.full;
            let fill = if is_full { Color::Red } else { Color::Green };
            for y in self.rows - self.height(depth)..self.rows {
                painter.paint(x, y, colour(fill));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use watch_record::DepthChange;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn history(changes: &[(u64, u32, u64)], last_look: u64) -> History {
        let change = |&(at, depth, drops): &(u64, u32, u64)| DepthChange {
            at_ns: at * SECOND,
            after_ns: 0,
            depth,
            drops,
        };
        History {
            changes: changes.iter().map(change).collect(),
            last_look_ns: last_look * SECOND,
            ..History::default()
        }
    }

    #[test]
    fn a_depth_lasts_until_the_next_change() {
        // A second for each part; the history begins 50 s ago.
        let slots = slots(&history(&[(110, 2, 7), (130, 5, 9), (131, 0, 9)], 160), 60);
        let depths: Vec<Option<u32>> = slots.iter().map(|slot| slot.deepest).collect();
        assert_eq!(depths[9], None);
        assert_eq!(depths[10..30], [Some(2); 20]);
        assert_eq!(depths[30], Some(5));
        assert_eq!(depths[31..], [Some(0); 29]);
        let drops: Vec<usize> = (0..60).filter(|&at| slots[at].drops > 0).collect();
        assert_eq!((drops, slots[30].drops), (vec![30], 2));
    }

    #[test]
    fn a_state_older_than_the_window_holds_at_its_start() {
        let slots = slots(&history(&[(1, 3, 0)], 1_000), 10);
        assert!(slots.iter().all(|slot| slot.deepest == Some(3)), "{slots:?}");
        assert_eq!(super::slots(&history(&[(1, 3, 0), (2, 4, 0)], 1_000), 10)[0].deepest, Some(4));
    }

    #[test]
    fn a_short_spike_is_not_lost_in_a_long_part() {
        let slots = slots(&history(&[(0, 0, 0), (30, 9, 0), (31, 0, 0)], 60), 2);
        assert_eq!(slots.iter().map(|slot| slot.deepest).max(), Some(Some(9)));
        assert!(super::slots(&History::default(), 0).is_empty());
    }

    #[test]
    fn the_scale_is_the_limit_unless_that_would_be_flat() {
        assert_eq!(top(129, 129), 129);
        assert_eq!(top(33, 129), 129);
        assert_eq!(top(3, 4097), 4);
        assert_eq!(top(500, 4097), 500);
        // Migrated connections can exceed the limit.
        assert_eq!(top(200, 129), 200);
    }
}
