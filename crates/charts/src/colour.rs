//! Colours that people with colour blindness can distinguish.

use run_record::Outcome;

/// Viridis, from least to most. Its lightness rises evenly, so it is a scale in grey too.
const VIRIDIS: [[u8; 3]; 10] = [
    [0x44, 0x01, 0x54],
    [0x48, 0x28, 0x78],
    [0x3e, 0x4a, 0x89],
    [0x31, 0x68, 0x8e],
    [0x26, 0x82, 0x8e],
    [0x1f, 0x9e, 0x89],
    [0x35, 0xb7, 0x79],
    [0x6d, 0xcd, 0x59],
    [0xb4, 0xde, 0x2c],
    [0xfd, 0xe7, 0x25],
];

/// The colour of a share, 0 to 1, of a scale: `#rrggbb`.
pub fn scale(share: f64) -> String {
    let [red, green, blue] = interpolate(share);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn interpolate(share: f64) -> [u8; 3] {
    let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    let at = share * (VIRIDIS.len() - 1) as f64;
    let below = (at as usize).min(VIRIDIS.len() - 2);
    let part = at - below as f64;
    std::array::from_fn(|channel| {
        let (from, to) = (VIRIDIS[below][channel], VIRIDIS[below + 1][channel]);
        (f64::from(from) + part * (f64::from(to) - f64::from(from))).round() as u8
    })
}

/// The class of a text on that colour: `on-dark` (white) or `on-light` (black).
pub fn text_on(share: f64) -> &'static str {
    readable_on(interpolate(share))
}

/// Black or white, whichever has more contrast with a colour: at least 4.5 to 1.
fn readable_on(colour: [u8; 3]) -> &'static str {
    let ground = luminance(colour) + 0.05;
    if ground / 0.05 >= 1.05 / ground { "on-light" } else { "on-dark" }
}

/// The relative luminance of a colour, 0 to 1 (Web Content Accessibility Guidelines).
pub(crate) fn luminance(colour: [u8; 3]) -> f64 {
    let linear = colour.map(|channel| match f64::from(channel) / 255.0 {
        dark if dark <= 0.040_45 => dark / 12.92,
        light => ((light + 0.055) / 1.055).powf(2.4),
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

/// Parses `#rrggbb`.
pub(crate) fn parse(text: &str) -> Option<[u8; 3]> {
    let number = u32::from_str_radix(text.strip_prefix('#')?, 16).ok()?;
    let [_, colour @ ..] = number.to_be_bytes();
    (text.len() == 7).then_some(colour)
}

/// The colours of a line, as a style: the part of the scale with a contrast of at least
/// 3 to 1 with the page, for each theme.
pub(crate) fn line(position: usize, lines: usize) -> String {
    let share = if lines > 1 { position as f64 / (lines - 1) as f64 } else { 0.5 };
    format!("--light:{};--dark:{}", scale(share * 0.58), scale(0.38 + share * 0.62))
}

/// The colour of an outcome, from the palette of Okabe and Ito.
pub(crate) fn outcome_colour(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "#009e73",
        Outcome::Refused => "#cc79a7",
        Outcome::TimedOut => "#d55e00",
        Outcome::Reset => "#e69f00",
        Outcome::Phantom => "#56b4e9",
        Outcome::NoPort => "#f0e442",
        Outcome::Incomplete => "#0072b2",
        Outcome::ServerDown => "#8c8c8c",
        // The palette has no more colours, except black.
        Outcome::SelfConnected => "#5e3c99",
        Outcome::Unconfirmed => "#c8c8c8",
    }
}

/// The class of a text on an outcome's colour.
pub(crate) fn text_on_outcome(outcome: Outcome) -> &'static str {
    parse(outcome_colour(outcome)).map_or("on-light", readable_on)
}

/// The colour of a number of SYN retransmissions.
pub(crate) fn retransmits(number: u32) -> &'static str {
    const COLOURS: [&str; 6] = ["#009e73", "#56b4e9", "#e69f00", "#d55e00", "#cc79a7", "#8c8c8c"];
    COLOURS[(number as usize).min(COLOURS.len() - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_goes_from_dark_to_light() {
        assert_eq!(scale(0.0), "#440154");
        assert_eq!(scale(1.0), "#fde725");
        assert_eq!(scale(7.0), "#fde725");
        assert_eq!(scale(f64::NAN), "#440154");
        assert_eq!((text_on(0.0), text_on(1.0)), ("on-dark", "on-light"));
    }
}
