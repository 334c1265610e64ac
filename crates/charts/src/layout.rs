//! Coordinates and the widths of texts.

/// A coordinate, rounded to a tenth of a pixel.
pub(crate) fn px(at: f64) -> String {
    let text = format!("{at:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// The approximate width of a text, pixels.
pub(crate) fn text_width(text: &str) -> f64 {
    text.chars().count() as f64 * 7.0
}
