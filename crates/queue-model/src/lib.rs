//! The kernel's laws of the listen path, as pure functions of the settings.
