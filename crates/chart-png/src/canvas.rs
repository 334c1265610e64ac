//! Pixels: outlines are filled on them, and they become a file.

use ab_glyph_rasterizer::{Point, Rasterizer};
use tiny_skia_path::{Path, PathSegment, Rect};

use super::style::Colour;

/// Rows of pixels, white at first.
pub(super) struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
    /// For every outline the same one: its memory is as large as the outline, and
    /// new memory is slow.
    rasterizer: Rasterizer,
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize) -> Self {
        let pixels = vec![0xff; width * height * 3];
        Self { width, height, pixels, rasterizer: Rasterizer::new(0, 0) }
    }

    /// Lays a colour over what is inside of an outline, whose coordinates are
    /// pixels.
    pub(super) fn fill(&mut self, outline: &Path, colour: Colour, opacity: f32) {
        let bounds = outline.bounds();
        if is_rectangle(outline) {
            return self.fill_rectangle(bounds, colour, opacity);
        }
        let left = bounds.left().floor();
        let top = bounds.top().floor().clamp(0.0, self.height as f32);
        let bottom = bounds.bottom().ceil().clamp(top, self.height as f32);
        let (wide, high) = ((bounds.right().ceil() - left) as usize, (bottom - top) as usize);
        if wide == 0 || high == 0 {
            return;
        }
        // As wide as the outline: past its sides, the rasterizer would go on in
        // the rows before and after. Above and below it cuts off what it must.
        self.rasterizer.reset(wide + 1, high);
        trace(outline, (left, top), &mut self.rasterizer);
        let (left, top) = (left as i64, top as usize);
        let (width, pixels) = (self.width, &mut self.pixels);
        self.rasterizer.for_each_pixel_2d(|x, y, covered| {
            let x = left + i64::from(x);
            if covered < LEAST_COVERED || x < 0 || x >= width as i64 {
                return;
            }
            let at = ((top + y as usize) * width + x as usize) * 3;
            lay_over(&mut pixels[at..at + 3], colour, covered.min(1.0) * opacity);
        });
    }

    /// The same for an upright rectangle, as most of a chart's area is.
    fn fill_rectangle(&mut self, bounds: Rect, colour: Colour, opacity: f32) {
        let rows = covered(bounds.top(), bounds.bottom(), self.height);
        let columns: Vec<_> = covered(bounds.left(), bounds.right(), self.width).collect();
        for (y, of_row) in rows {
            for &(x, of_column) in &columns {
                let share = of_row * of_column;
                if share >= LEAST_COVERED {
                    let at = (y * self.width + x) * 3;
                    lay_over(&mut self.pixels[at..at + 3], colour, share * opacity);
                }
            }
        }
    }

    /// The file.
    pub(super) fn png(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        // Most of a chart is of a few colours: as they are, they get smaller than
        // their differences would, and a higher level costs more than it gains.
        encoder.set_filter(png::Filter::NoFilter);
        encoder.set_deflate_compression(png::DeflateCompression::Level(2));
        let writer = encoder.write_header();
        let written = writer.and_then(|mut writer| {
            writer.write_image_data(&self.pixels)?;
            writer.finish()
        });
        written.expect("memory takes every byte, and the pixels are as many as the header says");
        bytes
    }
}

/// What covers less of a pixel leaves it as it is.
const LEAST_COVERED: f32 = 1.0 / 512.0;

/// Mixes a colour into a pixel.
fn lay_over(pixel: &mut [u8], colour: Colour, share: f32) {
    for (part, new) in pixel.iter_mut().zip(colour) {
        let old = f32::from(*part);
        *part = (old + (f32::from(new) - old) * share + 0.5) as u8;
    }
}

/// The pixels of a row or column from one place to another, and how much of each is
/// covered.
fn covered(from: f32, to: f32, pixels: usize) -> impl Iterator<Item = (usize, f32)> {
    let first = from.floor().clamp(0.0, pixels as f32) as usize;
    let end = to.ceil().clamp(0.0, pixels as f32) as usize;
    (first..end).map(move |pixel| {
        let (near, far) = (pixel as f32, pixel as f32 + 1.0);
        (pixel, (to.min(far) - from.max(near)).max(0.0))
    })
}

/// Whether an outline is its own bounds: four corners, each beside the next.
fn is_rectangle(outline: &Path) -> bool {
    let bounds = outline.bounds();
    let mut corners = Vec::with_capacity(5);
    for segment in outline.segments() {
        match segment {
            PathSegment::MoveTo(to) if corners.is_empty() => corners.push(to),
            PathSegment::LineTo(to) if corners.len() < 5 => corners.push(to),
            PathSegment::Close => {}
            _ => return false,
        }
    }
    if corners.len() == 5 && corners.first() == corners.last() {
        corners.pop();
    }
    let at_a_corner = |at: &tiny_skia_path::Point| {
        (at.x == bounds.left() || at.x == bounds.right())
            && (at.y == bounds.top() || at.y == bounds.bottom())
    };
    let beside = |pair: (&tiny_skia_path::Point, &tiny_skia_path::Point)| {
        (pair.0.x == pair.1.x) != (pair.0.y == pair.1.y)
    };
    let nexts = corners.iter().skip(1).chain(corners.first());
    corners.len() == 4 && corners.iter().all(at_a_corner) && corners.iter().zip(nexts).all(beside)
}

/// Draws the lines and curves of an outline; each of its parts is closed, as what
/// is filled always is.
fn trace(outline: &Path, (left, top): (f32, f32), rasterizer: &mut Rasterizer) {
    let point = |at: tiny_skia_path::Point| Point { x: at.x - left, y: at.y - top };
    let (mut start, mut at) = (Point::default(), Point::default());
    for segment in outline.segments() {
        match segment {
            PathSegment::MoveTo(to) => {
                rasterizer.draw_line(at, start);
                (start, at) = (point(to), point(to));
            }
            PathSegment::LineTo(to) => {
                rasterizer.draw_line(at, point(to));
                at = point(to);
            }
            PathSegment::QuadTo(control, to) => {
                rasterizer.draw_quad(at, point(control), point(to));
                at = point(to);
            }
            PathSegment::CubicTo(one, other, to) => {
                rasterizer.draw_cubic(at, point(one), point(other), point(to));
                at = point(to);
            }
            PathSegment::Close => {
                rasterizer.draw_line(at, start);
                at = start;
            }
        }
    }
    rasterizer.draw_line(at, start);
}

#[cfg(test)]
mod tests {
    use tiny_skia_path::PathBuilder;

    use super::*;

    const RED: Colour = [0xff, 0, 0];

    fn outline(points: &[(f32, f32)]) -> Path {
        let mut builder = PathBuilder::new();
        builder.move_to(points[0].0, points[0].1);
        for (x, y) in &points[1..] {
            builder.line_to(*x, *y);
        }
        builder.close();
        builder.finish().unwrap()
    }

    #[test]
    fn only_an_upright_rectangle_is_its_own_bounds() {
        let upright = [(1.0, 2.0), (5.0, 2.0), (5.0, 4.5), (1.0, 4.5)];
        assert!(is_rectangle(&outline(&upright)));
        let [a, b, c, d] = upright;
        assert!(is_rectangle(&outline(&[a, d, c, b])), "the other way round");
        for other in [
            vec![a, c, b, d],
            vec![a, b, c],
            vec![a, b, c, (1.0, 4.0)],
            vec![a, b, c, (3.0, 4.5), d],
        ] {
            assert!(!is_rectangle(&outline(&other)), "{other:?}");
        }
    }

    #[test]
    fn a_rectangle_is_filled_as_any_outline_is() {
        // Past every side, and between pixels.
        for corners in [
            [(1.25, 1.5), (4.5, 1.5), (4.5, 3.75), (1.25, 3.75)],
            [(-3.0, -2.0), (9.5, -2.0), (9.5, 11.0), (-3.0, 11.0)],
            [(2.0, 2.0), (2.3, 2.0), (2.3, 7.0), (2.0, 7.0)],
        ] {
            let mut quick = Canvas::new(8, 6);
            quick.fill(&outline(&corners), RED, 0.5);
            // With a corner more, it is drawn as anything else.
            let middle = ((corners[0].0 + corners[1].0) / 2.0, corners[0].1);
            let mut slow = Canvas::new(8, 6);
            let [a, b, c, d] = corners;
            slow.fill(&outline(&[a, middle, b, c, d]), RED, 0.5);
            for (at, (quick, slow)) in quick.pixels.iter().zip(&slow.pixels).enumerate() {
                assert!(quick.abs_diff(*slow) <= 1, "{corners:?}: byte {at}: {quick}, {slow}");
            }
        }
    }
}
