//! Tables from a run directory.
