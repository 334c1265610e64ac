//! What the user chose for the screen.

use std::time::Duration;

/// What the user chose for the screen.
#[derive(Debug, Clone)]
pub struct ScreenSettings {
    /// Words that a listener's address, processes, container or namespace must have, separated
    /// by spaces; empty shows all. The user can change it.
    pub filter: String,
    /// Time from one look for new data to the next, at least [`ScreenSettings::MIN_REFRESH`]:
    /// it limits what drawing costs.
    pub refresh: Duration,
    /// Whether colours are used, of the 16 that every terminal has. Nothing is shown by colour
    /// only.
    pub colour: bool,
}

impl ScreenSettings {
    /// The shortest [`ScreenSettings::refresh`]: four frames a second.
    pub const MIN_REFRESH: Duration = Duration::from_millis(250);
}

impl Default for ScreenSettings {
    /// No filter, four frames a second, and colours unless `NO_COLOR` is set and not empty.
    fn default() -> Self {
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { filter: String::new(), refresh: Self::MIN_REFRESH, colour: !no_colour }
    }
}
