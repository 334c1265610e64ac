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
//! | `colour`, `axis` | what they share |

mod attempt_bars;
mod attempts;
mod axis;
mod colour;
#[cfg(test)]
mod contrast;
mod coverage;
mod depth;
mod half_open;
mod heat_map;
mod latency;
mod lateness;
mod laws;
mod lines;
mod looks;
mod outcomes;
mod queue;
mod scatter;
mod simulation;
mod strip;
mod syn_waits;
mod unanswered;
mod window;

use maud::{Markup, PreEscaped, html};

pub(crate) use attempts::attempts;
pub(crate) use colour::outcome_colour;
pub use colour::{scale, text_on};
pub(crate) use heat_map::heat_maps;
pub(crate) use latency::latency;
pub(crate) use laws::{Laws, laws};
pub(crate) use lines::lines;
pub(crate) use outcomes::outcomes;
pub(crate) use queue::{Recorded, queue};
pub(crate) use simulation::simulation;

use run_view::prose::clean;

/// How charts look, in the page and in files of their own.
pub(crate) const STYLE: &str = include_str!("charts/style.css");

/// A chart: what is drawn, and how large it is.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    /// Of its file, without the ending.
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// Links to cells are `#cell-N`, as in the page.
    pub(crate) body: Markup,
}

/// How large a chart is in the page, at most and at least, of its own size.
const LARGEST: f64 = 1.2;
const SMALLEST: f64 = 0.95;

/// Room for the title above a chart that stands alone.
const TITLE: f64 = 30.0;

impl Chart {
    /// As a part of the page, which has [`STYLE`].
    pub(crate) fn inline(&self) -> Markup {
        // Larger than drawn where there is room, and never too small to be read:
        // then it scrolls in its own box.
        let (most, least) = (self.width * LARGEST, self.width * SMALLEST);
        let style = format!("max-width:{most:.0}px;min-width:{least:.0}px");
        html! {
            figure data-chart=(self.name) {
                figcaption { (self.title) }
                div.wide {
                    svg class="chart" role="img" aria-label=(self.title) style=(style)
                        viewBox=(format!("0 0 {} {}", self.width, self.height)) { (self.body) }
                }
            }
        }
    }

    /// As a file of its own, beside the page's folder. Its `data-width` is that of
    /// what is drawn, which a title can be longer than.
    pub(crate) fn file(&self) -> Vec<u8> {
        // What a title that is longer than its chart needs.
        let title = chart_png::title_width(&self.title).ceil() + 20.0;
        let (width, height) = (self.width.max(title), self.height + TITLE);
        let body = self.body.0.replace("href=\"#", "href=\"../report.html#");
        let drawn = html! {
            svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img"
                aria-label=(self.title) width=(width) height=(height) data-width=(px(self.width))
                viewBox=(format!("0 0 {width} {height}")) {
                style { (PreEscaped(STYLE)) }
                rect width="100%" height="100%" fill="var(--paper)" {}
                text class="title" x="10" y="20" { (self.title) }
                g transform=(format!("translate(0 {TITLE})")) { (PreEscaped(body)) }
            }
        };
        format!("{}\n", clean(&drawn.0)).into_bytes()
    }
}

/// Whether a chart of ours can have that name, without an ending.
pub fn is_chart_name(name: &str) -> bool {
    let is_slug = |text: &str| !text.is_empty() && slug(text) == text;
    let of_trial = |text: &str| {
        let (number, retry) = text.split_once("-retry-").unwrap_or((text, "1"));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        number.len() >= 5 && is_number(number) && is_number(retry)
    };
    let of_figure = |text: &str| {
        let rest = run_view::metric_names().filter_map(|figure| text.strip_prefix(figure));
        rest.into_iter().any(|rest| rest.is_empty() || rest.strip_prefix('-').is_some_and(is_slug))
    };
    match name.split_once('-') {
        _ if ["outcomes", "connect-latency", "simulation"].contains(&name) => true,
        Some(("queue" | "burst" | "connects", trial)) => of_trial(trial),
        Some(("heat" | "lines", figure)) => of_figure(figure),
        Some(("law", law)) => is_slug(law),
        _ => false,
    }
}

/// A name as part of a file's.
pub(crate) fn slug(text: &str) -> String {
    let letters =
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    let letters: String = letters.collect();
    letters.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// A coordinate, to a tenth of a pixel.
pub(crate) fn px(at: f64) -> String {
    let text = format!("{at:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// The room that a text needs, roughly, pixels.
pub(crate) fn text_width(text: &str) -> f64 {
    text.chars().count() as f64 * 7.0
}
