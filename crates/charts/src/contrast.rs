//! Tests of contrast: texts and marks meet level AA of the Web Content Accessibility
//! Guidelines.

use run_record::Outcome;

use crate::colour::outcome_colour;
use crate::colour::{line, luminance, parse, scale, text_on, text_on_outcome};
use crate::style::STYLE;

const PAGE: &str = include_str!("../../report/src/document/html/style.css");
/// The least contrast of a text, and of a mark, with its background.
const TEXT: f64 = 4.5;
const MARK: f64 = 3.0;

fn contrast(one: &str, other: &str) -> f64 {
    let light = |text| luminance(parse(text).unwrap_or_else(|| panic!("{text}"))) + 0.05;
    let (one, other) = (light(one), light(other));
    one.max(other) / one.min(other)
}

/// The value of a variable in the block that follows `media`.
fn variable(style: &str, media: &str, name: &str) -> String {
    let from = style.find(media).unwrap_or_else(|| panic!("{media}"));
    let (_, after) =
        style[from..].split_once(&format!("{name}: ")).unwrap_or_else(|| panic!("{name}"));
    after.split([';', ' ']).next().unwrap_or_default().to_owned()
}

const GROUNDS: [&str; 3] = [":root", "(prefers-color-scheme: dark)", "@media print"];

#[test]
fn the_guidelines_examples_are_found() {
    assert!((contrast("#ffffff", "#000000") - 21.0).abs() < 1e-9);
    assert!((contrast("#777777", "#ffffff") - 4.48).abs() < 0.01);
}

#[test]
fn texts_stand_out_from_every_ground() {
    for media in GROUNDS {
        let paper = variable(STYLE, media, "--paper");
        let panel = variable(PAGE, media, "--panel");
        for (style, name) in [
            (STYLE, "--ink"),
            (STYLE, "--quiet"),
            (STYLE, "--alarm"),
            (STYLE, "--accent"),
            (PAGE, "--held"),
            (PAGE, "--failed"),
        ] {
            let colour = variable(style, media, name);
            for ground in [&paper, &panel] {
                let contrast = contrast(&colour, ground);
                assert!(contrast >= TEXT, "{name} {colour} on {ground}, {media}: {contrast:.2}");
            }
        }
    }
}

#[test]
fn numbers_have_contrast_with_cells_and_bars() {
    let written = |class: &str| if class == "on-light" { "#000000" } else { "#ffffff" };
    for step in 0..=100 {
        let share = f64::from(step) / 100.0;
        let contrast = contrast(&scale(share), written(text_on(share)));
        assert!(contrast >= TEXT, "{share}: {contrast:.2}");
    }
    for outcome in Outcome::ALL {
        let contrast = contrast(outcome_colour(outcome), written(text_on_outcome(outcome)));
        assert!(contrast >= TEXT, "{outcome}: {contrast:.2}");
    }
}

#[test]
fn lines_stand_out_from_every_ground() {
    for (lines, position) in (1..=10).flat_map(|lines| (0..lines).map(move |at| (lines, at))) {
        let style = line(position, lines);
        let colour = |name: &str| style.split_once(name).unwrap().1[..7].to_owned();
        for (media, name) in GROUNDS.into_iter().zip(["--light:", "--dark:", "--light:"]) {
            let contrast = contrast(&colour(name), &variable(STYLE, media, "--paper"));
            assert!(contrast >= MARK, "line {position} of {lines}, {media}: {contrast:.2}");
        }
    }
}
