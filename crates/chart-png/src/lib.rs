//! A chart's SVG as a PNG that looks the same: in light colours, on paper, twice
//! as large, and the same bytes on every machine.
//!
//! | module | does |
//! |---|---|
//! | `draw` | goes through the elements of a chart and draws each |
//! | `style` | what the chart's style sheet says of an element |
//! | `shape`, `path_data` | the outline of an element, of a path's data |
//! | `font` | the outline of a text, in the two fonts that are part of the program |
//! | `canvas` | outlines to pixels, and these to a file |
//!
//! It knows the elements, properties and classes that our charts use, no others,
//! and tells which it does not know. It is a crate of its own to be built for
//! speed: a report has some hundred million pixels.

mod canvas;
mod draw;
mod font;
mod path_data;
mod shape;
mod style;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

use draw::Drawing;

/// A picture, and what of its chart is not in it.
#[derive(Debug)]
struct Png {
    bytes: Vec<u8>,
    unknown: BTreeSet<String>,
}

/// The width of a chart's title in its file, pixels, in the program's own font: few
/// that a browser takes are wider.
pub fn title_width(title: &str) -> f64 {
    font::font(true).width(title, 14.0).into()
}

/// The PNG of each chart, in the order of the charts; none of what is not XML. A
/// program that was built to be tested ends where a chart has what a PNG cannot
/// show.
pub fn pngs(charts: &[&[u8]]) -> Vec<Option<Vec<u8>>> {
    let next = Mutex::new(0..charts.len());
    let draw = || {
        let mut drawn = Vec::new();
        loop {
            let taken = next.lock().ok().and_then(|mut left| left.next());
            let Some(at) = taken else { break drawn };
            let png = png(charts[at]);
            let unknown = png.iter().flat_map(|png| &png.unknown).collect::<Vec<_>>();
            debug_assert!(unknown.is_empty(), "a PNG cannot show {unknown:?}");
            drawn.push((at, png.map(|png| png.bytes)));
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from).min(charts.len());
    let mut drawn: Vec<_> = thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(draw)).collect();
        let mut drawn = draw();
        for other in others {
            drawn.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        drawn
    });
    drawn.sort_unstable_by_key(|&(at, _)| at);
    drawn.into_iter().map(|(_, png)| png).collect()
}

fn png(chart: &[u8]) -> Option<Png> {
    let text = String::from_utf8_lossy(chart);
    let document = roxmltree::Document::parse(&text).ok()?;
    let mut drawing = Drawing::new(document.root_element());
    drawing.draw(document.root_element());
    let (canvas, unknown) = drawing.end();
    Some(Png { bytes: canvas.png(), unknown })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(inside: &str) -> Png {
        let style = include_str!("../../charts/src/style.css");
        let style = format!("<style>{style}</style>");
        let start = "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\"";
        png(format!("{start} width=\"40\" height=\"20\">{style}{inside}</svg>").as_bytes()).unwrap()
    }

    #[test]
    fn what_is_not_known_is_told() {
        let known = "<g style=\"--light:#440154\"><rect class=\"bar\" width=\"9\" height=\"5\"/></g>\
                     <text class=\"end small\" x=\"9\">a &lt; b</text><g transform=\"translate(1 2)\"/>";
        assert_eq!(drawn(known).unknown, BTreeSet::new());
        for (unknown, told) in [
            ("<ellipse cx=\"4\"/>", "<ellipse>"),
            ("<rect class=\"grid else\"/>", "class else"),
            ("<rect stroke-linecap=\"round\"/>", "stroke-linecap: round"),
            ("<rect style=\"fill:red\"/>", "fill: red"),
            ("<rect fill=\"var(--none)\"/>", "fill: var(--none)"),
            ("<g transform=\"rotate(9)\"/>", "transform rotate(9)"),
            ("<path d=\"M0 0T1 2\"/>", "path M0 0T1 2"),
            ("<text>a<tspan>b</tspan></text>", "<tspan> in a text"),
        ] {
            assert_eq!(drawn(unknown).unknown, [told.to_owned()].into(), "{unknown}");
        }
    }

    #[test]
    fn a_chart_that_is_too_large_has_smaller_pixels() {
        let chart =
            "<svg width=\"90000\" height=\"30000\"><rect width=\"100%\" height=\"10\"/></svg>";
        let drawn = png(chart.as_bytes()).unwrap();
        let side = |at: usize| u32::from_be_bytes(drawn.bytes[at..at + 4].try_into().unwrap());
        // The header's: after the signature, a length and a name.
        let (width, height) = (side(16), side(20));
        assert!(width * height <= 8_010_000, "{width} x {height}");
        assert_eq!(width / height, 3, "{width} x {height}");
    }

    #[test]
    fn what_is_outside_of_a_chart_is_cut_off() {
        let out = "<rect x=\"-50\" y=\"-50\" width=\"60\" height=\"60\"/><text x=\"30\" y=\"18\">\
                   past the side</text><rect x=\"39\" y=\"19\" width=\"500\" height=\"500\"/>\
                   <rect x=\"70\" y=\"70\" width=\"5\" height=\"5\"/>";
        let inside = "<rect width=\"10\" height=\"10\"/><text x=\"30\" y=\"18\">past the side</text>\
                      <rect x=\"39\" y=\"19\" width=\"1\" height=\"1\"/>";
        assert_eq!(drawn(out).bytes, drawn(inside).bytes);
    }

    #[test]
    fn more_charts_than_processors_come_in_their_order() {
        let charts: Vec<_> =
            (1..30).map(|side| format!("<svg width=\"{side}\" height=\"1\"/>")).collect();
        let files = pngs(&charts.iter().map(String::as_bytes).collect::<Vec<_>>());
        let widths: Vec<_> = files.iter().flatten().map(|file| file[19]).collect();
        assert_eq!(widths, (1..30).map(|side| side * 2).collect::<Vec<u8>>());
        assert!(pngs(&[]).is_empty());
        assert_eq!(pngs(&[b"<svg>\x01</svg>"]), [None]);
    }
}
