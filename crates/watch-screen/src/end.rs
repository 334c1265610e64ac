//! Why the screen was left.

/// Why the screen was left without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScreenEnd {
    /// The user pressed `q` or Ctrl-C.
    Quit,
    /// This signal asked the process to end.
    Signal(i32),
    /// The terminal is gone: its window or connection was closed.
    TerminalClosed,
}
