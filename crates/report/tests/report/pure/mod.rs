//! Tests that need nothing but files.

mod absurd;
mod answers;
mod axis_names;
mod by_hand;
mod files;
mod png;
mod retries;
mod suite;
mod summary;
