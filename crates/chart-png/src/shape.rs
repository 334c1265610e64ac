//! The outlines of elements that are not text.

use roxmltree::Node;
use tiny_skia_path::{Path, PathBuilder, Rect};

use super::path_data::{self, QUARTER};
use super::style::length;

/// The outline of a shape in a chart of a size; none of what has no extent.
///
/// # Errors
/// What it is that is not known here.
pub(super) fn outline(element: Node<'_, '_>, size: (f32, f32)) -> Result<Option<Path>, String> {
    let attribute = |name| element.attribute(name).unwrap_or_default();
    let number = |name| length(attribute(name)).unwrap_or(0.0);
    // A length along a side of the chart, which may be a part of it.
    let along = |name, side: f32| match attribute(name).strip_suffix('%') {
        Some(share) => length(share).unwrap_or(0.0) / 100.0 * side,
        None => number(name),
    };
    match element.tag_name().name() {
        "rect" => {
            let (width, height) = (along("width", size.0), along("height", size.1));
            let rect = Rect::from_xywh(number("x"), number("y"), width, height);
            Ok(rect
                .filter(|_| width > 0.0 && height > 0.0)
                .and_then(|it| rounded(it, number("rx"))))
        }
        "circle" => Ok(PathBuilder::from_circle(number("cx"), number("cy"), number("r"))),
        "line" => {
            let mut path = PathBuilder::new();
            path.move_to(number("x1"), number("y1"));
            path.line_to(number("x2"), number("y2"));
            Ok(path.finish())
        }
        "polyline" => match attribute("points") {
            "" => Ok(None),
            points => known(&format!("M{points}")),
        },
        "path" => known(attribute("d")),
        other => Err(format!("<{other}>")),
    }
}

fn known(data: &str) -> Result<Option<Path>, String> {
    path_data::outline(data).map(Some).ok_or_else(|| format!("path {data:.60}"))
}

/// A rectangle whose corners are quarters of a circle.
fn rounded(rect: Rect, radius: f32) -> Option<Path> {
    let radius = radius.min(rect.width() / 2.0).min(rect.height() / 2.0);
    if radius <= 0.0 {
        return Some(PathBuilder::from_rect(rect));
    }
    let (left, top, right, bottom) = (rect.left(), rect.top(), rect.right(), rect.bottom());
    let near = radius * (1.0 - QUARTER);
    let mut path = PathBuilder::new();
    path.move_to(left + radius, top);
    path.line_to(right - radius, top);
    path.cubic_to(right - near, top, right, top + near, right, top + radius);
    path.line_to(right, bottom - radius);
    path.cubic_to(right, bottom - near, right - near, bottom, right - radius, bottom);
    path.line_to(left + radius, bottom);
    path.cubic_to(left + near, bottom, left, bottom - near, left, bottom - radius);
    path.line_to(left, top + radius);
    path.cubic_to(left, top + near, left + near, top, left + radius, top);
    path.close();
    path.finish()
}
