//! Texts as outlines, in the two fonts that are part of the program: DejaVu Sans
//! and its bold, without the letters that no chart has.

use std::sync::OnceLock;

use tiny_skia_path::{Path, PathBuilder};
use ttf_parser::{GlyphId, OutlineBuilder, RawFace, Tag, cmap, glyf, head, hhea, hmtx, loca, maxp};

const BOOK: &[u8] = include_bytes!("../fonts/DejaVuSans.ttf");
const BOLD: &[u8] = include_bytes!("../fonts/DejaVuSans-Bold.ttf");

/// A font, by those of its tables that outlines need.
#[derive(Debug)]
pub(super) struct Font {
    letters: cmap::Table<'static>,
    outlines: glyf::Table<'static>,
    advances: hmtx::Table<'static>,
    /// The font's units in the size of its letters.
    units: f32,
}

/// The font of texts that are bold or not.
pub(super) fn font(bold: bool) -> &'static Font {
    static FONTS: OnceLock<[Font; 2]> = OnceLock::new();
    let read = |bytes| Font::read(bytes).expect("the fonts of the program are whole");
    &FONTS.get_or_init(|| [read(BOOK), read(BOLD)])[usize::from(bold)]
}

impl Font {
    fn read(bytes: &'static [u8]) -> Option<Self> {
        let file = RawFace::parse(bytes, 0).ok()?;
        let table = |name| file.table(Tag::from_bytes(name));
        let head = head::Table::parse(table(b"head")?)?;
        let glyphs = maxp::Table::parse(table(b"maxp")?)?.number_of_glyphs;
        let metrics = hhea::Table::parse(table(b"hhea")?)?.number_of_metrics;
        let places = loca::Table::parse(glyphs, head.index_to_location_format, table(b"loca")?)?;
        Some(Self {
            letters: cmap::Table::parse(table(b"cmap")?)?,
            outlines: glyf::Table::parse(places, table(b"glyf")?)?,
            advances: hmtx::Table::parse(metrics, glyphs, table(b"hmtx")?)?,
            units: f32::from(head.units_per_em),
        })
    }

    /// The width of a text of a size, both in pixels.
    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        let advance = |letter| self.advance(self.glyph(letter));
        text.chars().map(advance).sum::<f32>() * size / self.units
    }

    /// The outline of a text of a size in pixels, at whose `(x, y)` the share
    /// `anchor` of its width is to the left. A letter that the font does not have
    /// is a box.
    pub(super) fn outline(
        &self,
        text: &str,
        size: f32,
        (x, y): (f32, f32),
        anchor: f32,
    ) -> Option<Path> {
        let scale = size / self.units;
        let start = x - anchor * self.width(text, size);
        let mut pen = Pen { path: PathBuilder::new(), scale, x: start, y };
        for glyph in text.chars().map(|letter| self.glyph(letter)) {
            self.outlines.outline(glyph, &mut pen);
            pen.x += self.advance(glyph) * scale;
        }
        pen.path.finish()
    }

    /// In the font's units.
    fn advance(&self, glyph: GlyphId) -> f32 {
        self.advances.advance(glyph).unwrap_or(0).into()
    }

    fn glyph(&self, letter: char) -> GlyphId {
        let mut tables = self.letters.subtables.into_iter().filter(cmap::Subtable::is_unicode);
        // The first of every font is the box.
        tables.find_map(|table| table.glyph_index(letter.into())).unwrap_or(GlyphId(0))
    }
}

/// Where an outline is drawn: the font's y goes up.
struct Pen {
    path: PathBuilder,
    scale: f32,
    x: f32,
    y: f32,
}

impl Pen {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, self.y - y * self.scale)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fonts_have_each_letter_that_charts_write() {
        let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let folder =
            source.join("charts/src").read_dir().unwrap().map(|entry| entry.unwrap().path());
        let files = folder.chain(
            ["number.rs", "metric.rs", "run.rs"].map(|it| source.join("run-view/src").join(it)),
        );
        let text: String = files.map(|file| std::fs::read_to_string(file).unwrap()).collect();
        let letters = text.chars().filter(|letter| !letter.is_control());
        assert!(letters.clone().any(|letter| letter == 'µ'));
        for letter in letters {
            for bold in [false, true] {
                assert_ne!(font(bold).glyph(letter), GlyphId(0), "{letter:?}, bold: {bold}");
            }
        }
    }

    #[test]
    fn a_letter_that_is_missing_is_a_box() {
        assert_eq!(font(false).glyph('漢'), GlyphId(0));
        let drawn = font(false).outline("漢", 12.0, (0.0, 20.0), 0.0).unwrap().bounds();
        assert!(drawn.height() > 8.0 && drawn.bottom() <= 24.0, "{drawn:?}");
        assert!(font(false).outline("", 12.0, (0.0, 0.0), 0.0).is_none());
    }

    #[test]
    fn a_text_is_where_its_anchor_is() {
        let bounds =
            |anchor| font(true).outline("HHHH", 14.0, (100.0, 50.0), anchor).unwrap().bounds();
        let [start, middle, end] = [0.0, 0.5, 1.0].map(bounds);
        assert!((100.0..102.0).contains(&start.left()) && start.bottom() == 50.0, "{start:?}");
        assert!((middle.left() + middle.right() - 200.0).abs() < 0.1, "{middle:?}");
        assert!((98.0..100.0).contains(&end.right()), "{end:?}");
    }
}
