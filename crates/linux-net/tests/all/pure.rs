//! Tests that need no network namespace.

mod limits;
