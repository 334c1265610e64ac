//! The outline that a path's data says, in the commands that charts use: all but
//! smooth curves, and of arcs those that are half a circle.

use tiny_skia_path::{Path, PathBuilder, Point};

/// Of a quarter of a circle: how far the control points are from its ends.
pub(super) const QUARTER: f32 = 0.552_284_8;

/// The outline; none of data that is empty, or has what is not known here.
pub(super) fn outline(data: &str) -> Option<Path> {
    let mut reader = Reader { rest: data.trim_start(), at: Point::zero(), start: Point::zero() };
    let mut path = PathBuilder::new();
    let mut command = None;
    while !reader.rest.is_empty() {
        let first = reader.rest.chars().next().filter(char::is_ascii_alphabetic);
        if first.is_some() {
            reader.skip(1);
            command = first;
        }
        reader.command(command?, &mut path)?;
        // More numbers after a move are lines.
        command = match command? {
            'M' => Some('L'),
            'm' => Some('l'),
            'Z' | 'z' => None,
            other => Some(other),
        };
    }
    path.finish()
}

struct Reader<'a> {
    rest: &'a str,
    at: Point,
    start: Point,
}

impl Reader<'_> {
    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest[bytes..].trim_start_matches([' ', ',', '\n']);
    }

    fn number(&mut self) -> Option<f32> {
        let sign = usize::from(self.rest.starts_with(['-', '+']));
        let digits = |c: char| c.is_ascii_digit() || c == '.';
        let end = self.rest[sign..].find(|c| !digits(c)).map_or(self.rest.len(), |at| sign + at);
        let number = self.rest[..end].parse().ok();
        self.skip(end);
        number
    }

    /// A point, from `from` on.
    fn point(&mut self, from: Point) -> Option<Point> {
        Some(Point::from_xy(from.x + self.number()?, from.y + self.number()?))
    }

    fn command(&mut self, command: char, path: &mut PathBuilder) -> Option<()> {
        let from = if command.is_ascii_lowercase() { self.at } else { Point::zero() };
        match command.to_ascii_uppercase() {
            'M' => {
                self.at = self.point(from)?;
                self.start = self.at;
                path.move_to(self.at.x, self.at.y);
                return Some(());
            }
            'L' => self.at = self.point(from)?,
            'H' => self.at.x = from.x + self.number()?,
            'V' => self.at.y = from.y + self.number()?,
            'Q' => {
                let control = self.point(from)?;
                self.at = self.point(from)?;
                path.quad_to(control.x, control.y, self.at.x, self.at.y);
                return Some(());
            }
            'C' => {
                let (one, other) = (self.point(from)?, self.point(from)?);
                self.at = self.point(from)?;
                path.cubic_to(one.x, one.y, other.x, other.y, self.at.x, self.at.y);
                return Some(());
            }
            'A' => return self.half_circle(from, path),
            'Z' => {
                self.at = self.start;
                path.close();
                return Some(());
            }
            _ => return None,
        }
        path.line_to(self.at.x, self.at.y);
        Some(())
    }

    fn half_circle(&mut self, from: Point, path: &mut PathBuilder) -> Option<()> {
        let (rx, ry, _turned) = (self.number()?, self.number()?, self.number()?);
        let (_large, sweep) = (self.number()?, self.number()?);
        let to = self.point(from)?;
        let middle = Point::from_xy((self.at.x + to.x) / 2.0, (self.at.y + to.y) / 2.0);
        // From the middle to the end, and to the half's summit.
        let along = to - middle;
        let up = match sweep {
            0.0 => Point::from_xy(-along.y, along.x),
            _ => Point::from_xy(along.y, -along.x),
        };
        if rx != ry || (along.length() - rx).abs() > 0.01 * rx {
            return None;
        }
        let summit = middle + up;
        let bent = |point: Point, by: Point| {
            Point::from_xy(point.x + by.x * QUARTER, point.y + by.y * QUARTER)
        };
        let (one, other) = (bent(self.at, up), bent(summit, -along));
        path.cubic_to(one.x, one.y, other.x, other.y, summit.x, summit.y);
        let (one, other) = (bent(summit, along), bent(to, up));
        path.cubic_to(one.x, one.y, other.x, other.y, to.x, to.y);
        self.at = to;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(data: &str) -> [f32; 4] {
        let bounds = outline(data).unwrap_or_else(|| panic!("{data}")).bounds();
        [bounds.left(), bounds.top(), bounds.right(), bounds.bottom()]
    }

    #[test]
    fn what_our_charts_write_is_read() {
        assert_eq!(bounds("M1 2h7v7h-7z"), [1.0, 2.0, 8.0, 9.0]);
        assert_eq!(bounds("M4,1l5 8.5h-10z"), [-1.0, 1.0, 9.0, 9.5]);
        assert_eq!(bounds("M0 5l5 5l-5-5M20 3H30V.5"), [0.0, 0.5, 30.0, 10.0]);
        assert_eq!(bounds("M1 1 2 5 8 2"), [1.0, 1.0, 8.0, 5.0]);
        assert_eq!(bounds("M0 10a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z"), [0.0, 6.0, 8.0, 14.0]);
        assert_eq!(bounds("M0 10a4 4 0 1 0 8 0z"), [0.0, 10.0, 8.0, 14.0], "against the clock");
        assert_eq!(bounds("M0 10a4 4 0 1 1 8 0z"), [0.0, 6.0, 8.0, 10.0], "with it");
    }

    #[test]
    fn what_is_not_known_is_no_path() {
        for data in ["", "M", "L1 2x", "M1 2s1 2 3 4", "M0 0a4 5 0 1 0 8 0", "M0 0h1z5", "M0 0h5e3"]
        {
            assert!(outline(data).is_none(), "{data}");
        }
    }
}
