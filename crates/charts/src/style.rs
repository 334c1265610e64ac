//! The style sheet of charts.

/// The style sheet of charts, in the page and in files of their own.
pub const STYLE: &str = include_str!("style.css");
