//! Charts as PNG, in the light theme, twice as large, with the font of the program:
//! the same bytes on every machine.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::Tree;

use crate::chart::Chart;
use crate::font::options;

/// Pixels of the picture per pixel of the chart.
const SCALE: f32 = 2.0;

/// The most pixels of a picture; a larger chart is drawn at a smaller scale.
const MAX_PIXELS: f32 = 8e6;

/// The PNG of each chart, in the order of the charts; `None` for a chart that is not
/// valid SVG. Uses every CPU.
pub fn pngs(charts: &[&Chart]) -> Vec<Option<Vec<u8>>> {
    let next = AtomicUsize::new(0);
    let next_chart = || {
        let at = next.fetch_add(1, Ordering::Relaxed);
        charts.get(at).map(|chart| (at, chart))
    };
    let draw = || {
        std::iter::from_fn(next_chart)
            .map(|(at, chart)| (at, png(&chart.light_svg())))
            .collect::<Vec<_>>()
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(charts.len());
    let mut drawn = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(draw)).collect();
        let mut drawn = draw();
        for other in others {
            drawn.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        drawn
    });
    drawn.sort_unstable_by_key(|&(at, _)| at);
    drawn.into_iter().map(|(_, png)| png).collect()
}

/// The PNG of an SVG without CSS variables.
fn png(svg: &str) -> Option<Vec<u8>> {
    let tree = Tree::from_str(svg, options()).ok()?;
    let (width, height) = (tree.size().width(), tree.size().height());
    let scale = SCALE.min((MAX_PIXELS / (width * height)).sqrt());
    let pixels = |side: f32| ((side * scale).ceil() as u32).max(1);
    let mut pixmap = Pixmap::new(pixels(width), pixels(height))?;
    pixmap.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    encode(&pixmap)
}

/// The file of an opaque picture.
fn encode(pixmap: &Pixmap) -> Option<Vec<u8>> {
    let mut rgb = Vec::with_capacity(pixmap.data().len() / 4 * 3);
    for pixel in pixmap.data().chunks_exact(4) {
        rgb.extend_from_slice(&pixel[..3]);
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, pixmap.width(), pixmap.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // A chart has few colours: its pixels deflate better unfiltered, and a higher
    // level costs more time than it saves bytes.
    encoder.set_filter(png::Filter::NoFilter);
    encoder.set_deflate_compression(png::DeflateCompression::Level(2));
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&rgb).ok()?;
    writer.finish().ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use maud::PreEscaped;

    use super::*;

    fn chart(width: f64, body: &str) -> Chart {
        Chart {
            name: "test".to_owned(),
            title: String::new(),
            width,
            height: 20.0,
            body: PreEscaped(body.to_owned()),
        }
    }

    /// Width and height in the header, which follows a signature, a length and a name.
    fn size(png: &[u8]) -> [u32; 2] {
        [16, 20].map(|at| u32::from_be_bytes(png[at..at + 4].try_into().unwrap()))
    }

    #[test]
    fn large_chart_is_drawn_at_a_smaller_scale() {
        let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="90000" height="30000"/>"#;
        let [width, height] = size(&png(svg).unwrap());
        assert!(width * height <= 8_010_000, "{width} x {height}");
        assert_eq!(width / height, 3, "{width} x {height}");
    }

    #[test]
    fn parts_outside_of_a_chart_are_cut_off() {
        let outside = r#"<rect x="-50" y="-50" width="60" height="60"/><text x="30" y="18">past
                         the side</text><rect x="39" y="19" width="500" height="500"/>
                         <rect x="70" y="70" width="5" height="5"/>"#;
        let inside = r#"<rect width="10" height="10"/><text x="30" y="18">past
                        the side</text><rect x="39" y="19" width="1" height="1"/>"#;
        let drawn = |inside| {
            let start = r#"<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">"#;
            png(&format!("{start}{inside}</svg>")).unwrap()
        };
        assert!(drawn(outside) == drawn(inside));
    }

    #[test]
    fn more_charts_than_processors_keep_their_order() {
        let charts: Vec<_> = (30..60).map(|width| chart(f64::from(width), "")).collect();
        let files = pngs(&charts.iter().collect::<Vec<_>>());
        let widths: Vec<_> = files.iter().flatten().map(|file| size(file)[0]).collect();
        assert_eq!(widths, (30..60).map(|width| width * 2).collect::<Vec<_>>());
        assert!(pngs(&[]).is_empty());
    }

    #[test]
    fn invalid_svg_has_no_png() {
        assert_eq!(pngs(&[&chart(9.0, "<g>")]), [None]);
    }
}
