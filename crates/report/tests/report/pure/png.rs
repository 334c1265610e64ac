//! The PNGs of a run's charts: one for each SVG, with the same content.

use crate::runs;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use report::{Run, files};
use run_record::RunDirectory;

fn files_of(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let (record, trials) = RunDirectory::read(run).unwrap();
    files(&Run::new(record, trials), run).files.into_iter().collect()
}

/// Rows of pixels of three bytes.
struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Picture {
    fn new(file: &[u8]) -> Self {
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
        Self { width: info.width as usize, height: info.height as usize, pixels }
    }

    /// The colour at a point of the chart; a PNG has twice its size.
    fn at(&self, x: f64, y: f64) -> String {
        let (x, y) = ((x * 2.0) as usize, (y * 2.0) as usize);
        let at = (y * self.width + x) * 3;
        let hex = self.pixels[at..at + 3].iter().map(|byte| format!("{byte:02x}"));
        format!("#{}", hex.collect::<String>())
    }

    /// The share of dark pixels between two corners.
    fn dark(&self, from: (f64, f64), to: (f64, f64)) -> f64 {
        let (from, to) = ([from.0, from.1], [to.0, to.1]);
        let [left, top] = from.map(|at| (at * 2.0) as usize);
        let [right, bottom] = to.map(|at| (at * 2.0) as usize);
        let rows = (top..bottom)
            .map(|y| &self.pixels[(y * self.width + left) * 3..][..(right - left) * 3]);
        let dark =
            rows.flat_map(|row| row.chunks(3)).filter(|pixel| pixel.iter().all(|&it| it < 0x60));
        dark.count() as f64 / ((right - left) * (bottom - top)) as f64
    }
}

fn number(element: roxmltree::Node<'_, '_>, name: &str) -> f64 {
    element.attribute(name).unwrap().parse().unwrap()
}

#[test]
fn each_chart_has_a_png_of_twice_its_size_with_its_title() {
    let mut checked = 0;
    for run in runs::all_paths() {
        let files = files_of(&run);
        let pictures = files.keys().filter(|name| name.ends_with(".png")).count();
        let charts = files.iter().filter(|(name, _)| name.ends_with(".svg"));
        assert_eq!(pictures, charts.clone().count(), "{}", run.display());
        for (name, svg) in charts {
            let picture = Picture::new(&files[&name.replace(".svg", ".png")]);
            let document = roxmltree::Document::parse(std::str::from_utf8(svg).unwrap()).unwrap();
            let chart = document.root_element();
            let size = ["width", "height"].map(|side| (number(chart, side) * 2.0).ceil() as usize);
            assert_eq!([picture.width, picture.height], size, "{name}");
            assert_eq!(picture.at(1.0, 1.0), "#ffffff", "{name}: the background is white");
            let title = chart.attribute("aria-label").unwrap().chars().count() as f64;
            let inked = picture.dark((10.0, 7.0), (10.0 + title * 5.0, 21.0));
            assert!((0.1..0.6).contains(&inked), "{name}: the title covers {inked} of its box");
            let below = picture.dark((8.0, 22.0), (10.0 + title * 5.0, 28.0));
            assert!(below < inked / 3.0, "{name}: the space below the title is empty, {below}");
            checked += 1;
        }
    }
    assert!(checked > 10, "{checked} charts");
}

#[test]
fn cells_bars_and_scales_have_their_colours() {
    let mut full = 0;
    for run in runs::all_paths() {
        let files = files_of(&run);
        for (name, svg) in files.iter().filter(|(name, _)| name.ends_with(".svg")) {
            let picture = Picture::new(&files[&name.replace(".svg", ".png")]);
            let document = roxmltree::Document::parse(std::str::from_utf8(svg).unwrap()).unwrap();
            let filled = |it: &roxmltree::Node<'_, '_>| {
                it.attribute("fill").is_some_and(|fill| fill.starts_with('#'))
                    && number(*it, "width") >= 8.0
                    && number(*it, "height") >= 8.0
            };
            for rect in document.descendants().filter(filled) {
                // In the corner, because a value can be in the middle, and below the title.
                let (x, y) = (number(rect, "x") + 3.0, number(rect, "y") + 30.0 + 3.0);
                assert_eq!(picture.at(x, y), rect.attribute("fill").unwrap(), "{name}: {x}, {y}");
                let is_cell = name.contains("heat-success") && number(rect, "width") > 40.0;
                full += usize::from(is_cell && rect.attribute("fill") == Some("#fde725"));
            }
        }
    }
    assert!(full > 0, "a cell of 100 % has the end of the scale");
}

#[test]
fn values_are_drawn_on_their_cells() {
    let files = files_of(&runs::path_of("sweep"));
    let (name, svg) = files
        .iter()
        .find(|(name, _)| name.contains("heat-success") && name.ends_with(".svg"))
        .unwrap();
    let picture = Picture::new(&files[&name.replace(".svg", ".png")]);
    let document = roxmltree::Document::parse(std::str::from_utf8(svg).unwrap()).unwrap();
    let values = document.descendants().filter(|it| {
        let class = it.attribute("class").unwrap_or_default();
        it.has_tag_name(("http://www.w3.org/2000/svg", "text")) && class == "middle on-light"
    });
    let mut checked = 0;
    for value in values {
        let (x, y) = (number(value, "x"), number(value, "y") + 30.0);
        let inked = picture.dark((x - 5.0, y - 8.0), (x + 5.0, y));
        assert!(inked > 0.1, "{:?} at {x}, {y}: {inked}", value.text());
        checked += 1;
    }
    assert!(checked > 0);
}

#[test]
fn the_connects_of_a_cell_are_drawn_at_their_latency() {
    let files = files_of(&runs::path_of("bursts"));
    let (svg, png) = (&files["charts/connect-latency.svg"], &files["charts/connect-latency.png"]);
    let document = roxmltree::Document::parse(std::str::from_utf8(svg).unwrap()).unwrap();
    let picture = Picture::new(png);
    let strips =
        document.descendants().filter(|it| it.has_tag_name(("http://www.w3.org/2000/svg", "a")));
    let bars = strips
        .flat_map(|strip| strip.descendants().filter(|it| it.attribute("class") == Some("share")));
    let mut checked = 0;
    for bar in bars {
        let corners = bar.attribute("d").unwrap().split(|c: char| !c.is_ascii_digit() && c != '.');
        let corners: Vec<f64> = corners.filter_map(|number| number.parse().ok()).collect();
        let [left, top, right, bottom, ..] = corners[..] else { panic!("{bar:?}") };
        let (x, y) = (f64::midpoint(left, right), f64::midpoint(top, bottom) + 30.0);
        // A lower bar has no full pixel.
        if bottom - top > 2.0 {
            assert_eq!(picture.at(x, y), "#2a5db0", "{x}, {y}");
            checked += 1;
        }
    }
    assert!(checked > 10, "{checked}");
}

#[test]
fn a_png_is_the_same_each_time() {
    for run in runs::all_paths() {
        assert!(files_of(&run) == files_of(&run), "{}", run.display());
    }
}

/// Collects the warnings of the library that draws the charts.
struct Warnings(Mutex<Vec<String>>);

impl log::Log for Warnings {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        self.0.lock().unwrap().push(record.args().to_string());
    }

    fn flush(&self) {}
}

static WARNINGS: Warnings = Warnings(Mutex::new(Vec::new()));

#[test]
fn the_library_draws_all_charts_without_warnings() {
    log::set_logger(&WARNINGS).unwrap();
    log::set_max_level(log::LevelFilter::Warn);
    for run in runs::all_paths() {
        files_of(&run);
    }
    let warnings = WARNINGS.0.lock().unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
}
