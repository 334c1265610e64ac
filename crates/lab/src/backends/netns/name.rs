//! The backend's name.

/// On the command line, and in records.
pub(super) const NAME: &str = "netns";
