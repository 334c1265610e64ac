//! Charts, as SVG of our own making: small, exact, and the same every time.
//!
//! | module | draws |
//! |---|---|
//! | `heat_map` | a figure of each cell over two axes |
//! | `lines` | a figure over one axis, a line for each value of another |
//! | `outcomes` | how the attempts of each cell ended |
//! | `latency` | connect latencies on a log axis, a `strip` for each cell, and when SYNs are sent again: `syn_waits` |
//! | `attempts` | the attempts of one trial: a log histogram of their connects |
//! | `queue` | the accept queue of one trial over time, in a `window` |
//! | `depth`, `coverage`, `looks` | how deep it was, where nobody looked, and what looks tell |
//! | `half_open` | the SYN queue, as far as it was counted |
//! | `unanswered`, `attempt_bars` | SYNs that had no answer, and the attempts beneath |
//! | `laws` | a law's predictions against what was measured, by `scatter` and `lateness` |
//! | `simulation` | the simulator's shares against those measured |
//! | `chart`, `name` | a chart as part of a page and as a file, and its name |
//! | `png`, `theme`, `font` | charts as PNG, in the light theme, with the program's font |
//! | `colour`, `axis`, `layout` | what they share |

mod attempt_bars;
mod attempts;
mod axis;
mod chart;
mod colour;
#[cfg(test)]
mod contrast;
mod coverage;
mod depth;
mod font;
mod half_open;
mod heat_map;
mod latency;
mod lateness;
mod laws;
mod layout;
mod lines;
mod looks;
mod name;
mod outcomes;
mod png;
mod queue;
mod scatter;
mod simulation;
mod strip;
mod syn_waits;
mod theme;
mod unanswered;
mod window;

pub use attempts::attempts;
pub use chart::{Chart, STYLE};
pub use colour::{scale, text_on};
pub use heat_map::heat_maps;
pub use latency::latency;
pub use laws::{Laws, laws};
pub use lines::lines;
pub use name::is_chart_name;
pub use outcomes::outcomes;
pub use png::pngs;
pub use queue::{Recorded, queue};
pub use simulation::simulation;
