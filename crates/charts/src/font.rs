//! The font that is part of the program.

use std::sync::{Arc, LazyLock};

use resvg::usvg::{Options, Tree, fontdb};

const FONT: &[u8] = include_bytes!("../fonts/DejaVuSans.ttf");

/// How much wider than the program's font a bold font of a browser may be.
const BOLD: f64 = 1.16;

static OPTIONS: LazyLock<Options<'static>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_source(fontdb::Source::Binary(Arc::new(FONT)));
    fonts.set_sans_serif_family("DejaVu Sans");
    Options { fontdb: Arc::new(fonts), ..Options::default() }
});

/// The options for parsing SVG: only the font of the program.
pub(crate) fn options() -> &'static Options<'static> {
    &OPTIONS
}

/// The width that a bold text needs, in pixels of a chart.
pub(crate) fn bold_width(text: &str, font_size: f64) -> f64 {
    let svg = maud::html! {
        svg xmlns="http://www.w3.org/2000/svg" {
            text font-family="sans-serif" font-size=(font_size) { (text) }
        }
    };
    let tree = Tree::from_str(&svg.0, options());
    tree.map_or(0.0, |tree| f64::from(tree.root().bounding_box().width()) * BOLD)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn letters_of_font() -> BTreeSet<char> {
        let font = skrifa::FontRef::new(FONT).unwrap();
        let codes = skrifa::MetadataProvider::charmap(&font).mappings().map(|(code, _)| code);
        codes.filter_map(char::from_u32).collect()
    }

    #[test]
    fn font_has_every_letter_of_charts() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let folders = [crates.join("charts/src"), crates.join("run-view/src")];
        let entries = folders.iter().flat_map(|folder| folder.read_dir().unwrap());
        // The statistics in their own folder write no texts.
        let paths = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
        let files = paths.map(|path| std::fs::read_to_string(path).unwrap());
        let used: BTreeSet<char> =
            files.flat_map(|text| text.chars().collect::<Vec<_>>()).collect();
        let letters = letters_of_font();
        assert!(used.contains(&'µ') && used.contains(&'▼'));
        let missing: Vec<_> =
            used.difference(&letters).filter(|letter| !letter.is_control()).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn width_grows_with_the_text() {
        let short = bold_width("Success", 14.0);
        let long = bold_width("Success rate by backlog < clients", 14.0);
        assert!((50.0..90.0).contains(&short), "{short}");
        assert!(long > short * 3.0, "{long}");
        assert_eq!(bold_width("", 14.0), 0.0);
    }
}
