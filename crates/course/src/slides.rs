//! A lesson as slides in one HTML file.

mod deck;
mod page;
mod slide;

pub use deck::{Deck, slides};
