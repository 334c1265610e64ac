//! The pages of the screen.

/// A page of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// The table of listeners.
    Listeners,
    /// One listener.
    Details,
    /// The sentences of all troubles.
    Troubles,
    /// The namespaces with their settings and counters.
    Namespaces,
    /// What cannot be seen.
    Unseen,
    /// Keys and columns.
    Help,
}

/// What the lower part of [`Page::Details`] shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    Connections,
    Processes,
    Method,
}

impl Tab {
    pub(crate) const ALL: [Self; 3] = [Self::Connections, Self::Processes, Self::Method];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connections => "Connections",
            Self::Processes => "Processes",
            Self::Method => "How it is known",
        }
    }

    pub(crate) fn next(self, is_backward: bool) -> Self {
        let steps = if is_backward { Self::ALL.len() - 1 } else { 1 };
        Self::ALL[(self as usize + steps) % Self::ALL.len()]
    }
}
