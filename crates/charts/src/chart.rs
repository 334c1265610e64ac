//! A chart as part of a page and as a file of its own.

use maud::{Markup, PreEscaped, html};
use run_view::prose::remove_invalid_xml;

use crate::font::bold_width;
use crate::layout::px;
use crate::links::relink;
use crate::style::STYLE;
use crate::theme;

/// A chart: its size and its elements.
#[derive(Debug, Clone)]
pub struct Chart {
    /// The name of its file, without the extension.
    pub name: String,
    /// The title above it.
    pub title: String,
    /// In the units of [`body`](Chart::body).
    pub width: f64,
    /// In the units of [`body`](Chart::body).
    pub height: f64,
    /// Its SVG elements. Links to cells are `#cell-N`, as in the page.
    pub body: Markup,
}

/// The largest and smallest scale of a chart in the page.
const MAX_SCALE: f64 = 1.2;
const MIN_SCALE: f64 = 0.95;

/// The height of the title above a chart in its own file.
const TITLE: f64 = 30.0;

impl Chart {
    /// Whether it shows a queue over time.
    pub fn is_of_queue(&self) -> bool {
        ["queue-", "burst-"].iter().any(|kind| self.name.starts_with(kind))
    }

    /// The same chart with other links: to the addresses of IDs in the page, or none.
    #[must_use]
    pub fn relinked(&self, address: impl Fn(&str) -> Option<String>) -> Self {
        Self { body: PreEscaped(relink(&self.body.0, address)), ..self.clone() }
    }

    /// The chart as part of a page that has [`STYLE`].
    pub fn inline(&self) -> Markup {
        self.inline_from(MIN_SCALE)
    }

    /// The same where this is the smallest scale: its box scrolls if the page has less room.
    pub fn inline_from(&self, min_scale: f64) -> Markup {
        // Larger if the page has room; not too small to read.
        let (most, least) = (self.width * MAX_SCALE, self.width * min_scale);
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

    /// An SVG file of its own, in `charts/` next to the page, with links to what the page
    /// `has`, by its ID. Its `data-width` is the width of the chart, which the title may exceed.
    pub fn file(&self, has: impl Fn(&str) -> bool) -> Vec<u8> {
        let address = |id: &str| has(id).then(|| format!("../report.html#{id}"));
        self.svg(STYLE, "var(--paper)", relink(&self.body.0, address)).into_bytes()
    }

    /// The same in light colours and without CSS variables.
    pub(crate) fn light_svg(&self) -> String {
        self.svg(theme::light_style(), "#ffffff", theme::light_body(&self.body.0))
    }

    fn svg(&self, style: &str, paper: &str, body: String) -> String {
        let title = bold_width(&self.title, 14.0).ceil() + 20.0;
        let (width, height) = (self.width.max(title), self.height + TITLE);
        let drawn = html! {
            svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img"
                aria-label=(self.title) width=(width) height=(height) data-width=(px(self.width))
                viewBox=(format!("0 0 {width} {height}")) {
                style { (PreEscaped(style)) }
                rect width="100%" height="100%" fill=(paper) {}
                text class="title" x="10" y="20" { (self.title) }
                g transform=(format!("translate(0 {TITLE})")) { (PreEscaped(body)) }
            }
        };
        format!("{}\n", remove_invalid_xml(&visible::document(&drawn.0)))
    }
}
