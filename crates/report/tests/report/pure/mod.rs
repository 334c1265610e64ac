//! Tests that need nothing but files.

mod absurd;
mod answers;
mod axis_names;
mod disturbed;
mod files;
mod png;
mod retries;
mod standalone;
mod suite;
mod summary;
