//! Charts, as SVG of our own making: small, exact, and the same every time.
//!
//! | module | draws |
//! |---|---|
//! | `heat_map` | a figure of each cell over two axes |
//! | `lines` | a figure over one axis, a line for each value of another |
//! | `outcomes` | how the attempts of each cell ended |
//! | `latency` | connect latencies on a log axis, and when SYNs are sent again |
//! | `attempts` | the attempts of one trial: a log histogram of their connects |
//! | `queue` | the accept queue of one trial over time, its attempts beneath |
//! | `colour`, `axis` | what they share |

mod attempts;
mod axis;
mod colour;
mod heat_map;
mod latency;
mod lines;
mod outcomes;
mod queue;

use maud::{Markup, PreEscaped, html};

pub(crate) use attempts::attempts;
pub(crate) use colour::outcome_colour;
pub(crate) use heat_map::heat_maps;
pub(crate) use latency::latency;
pub(crate) use lines::lines;
pub(crate) use outcomes::outcomes;
pub(crate) use queue::{Recorded, queue};

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

/// Room for the title above a chart that stands alone.
const TITLE: f64 = 30.0;

impl Chart {
    /// As a part of the page, which has [`STYLE`].
    pub(crate) fn inline(&self) -> Markup {
        let style = format!("max-width:{0}px;min-width:{1:.0}px", self.width, self.width * 0.62);
        html! {
            figure {
                figcaption { (self.title) }
                div.wide {
                    svg class="chart" role="img" aria-label=(self.title) style=(style)
                        viewBox=(format!("0 0 {} {}", self.width, self.height)) { (self.body) }
                }
            }
        }
    }

    /// As a file of its own, beside the page's folder.
    pub(crate) fn file(&self) -> Vec<u8> {
        // What a title that is longer than its chart needs.
        let title = self.title.chars().count() as f64 * 7.2 + 20.0;
        let (width, height) = (self.width.max(title), self.height + TITLE);
        let body = self.body.0.replace("href=\"#", "href=\"../report.html#");
        let drawn = html! {
            svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img"
                aria-label=(self.title) width=(width) height=(height)
                viewBox=(format!("0 0 {width} {height}")) {
                style { (PreEscaped(STYLE)) }
                rect width="100%" height="100%" fill="var(--paper)" {}
                text class="title" x="10" y="20" { (self.title) }
                g transform=(format!("translate(0 {TITLE})")) { (PreEscaped(body)) }
            }
        };
        format!("{}\n", drawn.0).into_bytes()
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
