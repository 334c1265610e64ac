//! Where the parts of a page are.

use ratatui::layout::Rect;

/// Where the parts of the table of listeners are; those without room have no height.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Areas {
    pub(crate) status: Rect,
    pub(crate) heading: Rect,
    pub(crate) rows: Rect,
    pub(crate) panel: Rect,
    pub(crate) footer: Rect,
}

/// Where the parts of the table are, if it has so many rows.
pub(crate) fn listeners(area: Rect, rows: usize) -> Areas {
    let mut free = Free(area.height);
    let first_row = free.take(1);
    let footer = free.take(u16::from(area.height >= 4));
    let heading = free.take(u16::from(area.height >= 3));
    let status = free.take(match area.height {
        ..6 => 0,
        6..12 => 1,
        _ => 2,
    });
    // A third for what is below the table, and what the table leaves.
    let panel = if area.height < 12 { 0 } else { free.take((free.0 / 3).max(4)) };
    let rows = first_row + free.take(u16::try_from(rows).unwrap_or(u16::MAX).saturating_sub(1));
    let rest = free.take(u16::MAX);
    let (rows, panel) = if panel == 0 { (rows + rest, 0) } else { (rows, panel + rest) };
    stack(area, [status, heading, rows, panel, footer])
}

/// Where the parts of a page of text are: its title, its body and the footer.
pub(crate) fn text(area: Rect) -> [Rect; 3] {
    let title = u16::from(area.height >= 2);
    let footer = u16::from(area.height >= 4);
    let Areas { status, rows, footer, .. } =
        stack(area, [title, 0, area.height - title - footer, 0, footer]);
    [status, rows, footer]
}

/// Lines that no part has yet.
struct Free(u16);

impl Free {
    fn take(&mut self, wanted: u16) -> u16 {
        let taken = wanted.min(self.0);
        self.0 -= taken;
        taken
    }
}

fn stack(area: Rect, heights: [u16; 5]) -> Areas {
    let mut y = area.y;
    let mut next = |height| {
        let part = Rect { x: area.x, y, width: area.width, height };
        y += height;
        part
    };
    let [status, heading, rows, panel, footer] = heights.map(&mut next);
    Areas { status, heading, rows, panel, footer }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_fill_every_height() {
        for height in 0..200 {
            for count in [0, 1, 5, 2_000] {
                let area = Rect::new(0, 0, 80, height);
                let parts = listeners(area, count);
                let heights = [parts.status, parts.heading, parts.rows, parts.panel, parts.footer];
                assert_eq!(heights.iter().map(|part| part.height).sum::<u16>(), height);
                assert_eq!(parts.footer.bottom(), height);
                assert!(height == 0 || parts.rows.height > 0);
                assert_eq!(text(area).iter().map(|part| part.height).sum::<u16>(), height);
            }
        }
    }
}
