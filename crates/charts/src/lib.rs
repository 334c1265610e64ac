//! Charts of a run as SVG, and as PNG drawn from it. The same run gives the same bytes.
//!
//! | module | draws |
//! |---|---|
//! | `heat_map` | a metric of each cell over two axes |
//! | `lines` | a metric over one axis, a line for each value of another |
//! | `outcomes` | the outcomes of the attempts of each cell |
//! | `latency` | connect latencies on a log axis, a `strip` per cell, with the SYN retransmission times (`syn_waits`) |
//! | `attempts` | a log histogram of the connect times of one trial |
//! | `queue` | the accept queue of one trial over time, in a `window` |
//! | `watched_queue`, `wall_ticks` | the accept queue of a watched listener over time; the times on its axis |
//! | `curve` | its depth, which is drawn by one of the next two |
//! | `bounded` | the depth between its bounds, from all observations (`history`) |
//! | `sampled` | the depth from samples only |
//! | `depth`, `gap`, `coverage`, `samples` | the samples, the time without samples as data and drawn, and the tooltips of samples |
//! | `half_open` | the size of the SYN queue where it was counted |
//! | `unanswered`, `attempt_bars` | SYNs without an answer, and the attempts below the queue |
//! | `laws` | predicted and measured values of a law, as `scatter` or `lateness` |
//! | `simulation` | simulated and measured shares of accepted attempts |
//! | `chart`, `name`, `links` | a chart as part of a page and as a file, its name, and its links |
//! | `side` | the run next to the one that is drawn, which has the same scales |
//! | `style` | the style sheet of charts |
//! | `png`, `theme`, `font` | charts as PNG, in the light theme, with the program's font |
//! | `colour`, `axis`, `layout` | shared by the charts |

mod attempt_bars;
mod attempts;
mod axis;
mod bounded;
mod chart;
mod colour;
#[cfg(test)]
mod contrast;
mod coverage;
mod curve;
mod depth;
mod font;
mod gap;
mod half_open;
mod heat_map;
mod history;
mod latency;
mod lateness;
mod laws;
mod layout;
mod lines;
mod links;
mod name;
mod outcomes;
mod png;
mod queue;
mod recorded;
mod sampled;
mod samples;
mod scatter;
mod seen_at;
mod side;
mod simulation;
mod strip;
mod style;
mod syn_waits;
mod theme;
mod unanswered;
mod wall_ticks;
mod watched_queue;
mod window;

pub use attempts::attempts;
pub use chart::Chart;
pub use colour::{scale, text_on};
pub use heat_map::heat_maps;
pub use latency::{latency, response};
pub use laws::{Laws, laws};
pub use lines::lines;
pub use links::{id_of_trial, relink};
pub use name::{is_chart_name, name_of_law, name_of_listener};
pub use outcomes::outcomes;
pub use png::pngs;
pub use queue::queue;
pub use recorded::Recorded;
pub use side::Side;
pub use simulation::simulation;
pub use style::STYLE;
pub use watched_queue::watched_queue;
