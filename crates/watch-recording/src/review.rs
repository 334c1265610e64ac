//! What happened in a record.

mod burst;
mod curve;
mod episode;
mod listener;
mod reader;
mod wall;

pub use curve::{COLUMNS, Column, Curve, Sight};
pub use episode::Episode;
pub use listener::ReviewedListener;
pub use reader::{Gaps, Review, ReviewedNamespace};
pub use wall::WallTimes;
