//! Colours that people who are blind to some can tell apart.

use run_record::Outcome;

/// Viridis, from least to most: its lightness rises evenly, so that it is a
/// scale in grey too.
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

/// The colour of a share, 0 to 1, of a scale.
pub(super) fn scale(share: f64) -> String {
    let [red, green, blue] = mixed(share);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn mixed(share: f64) -> [u8; 3] {
    let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    let at = share * (VIRIDIS.len() - 1) as f64;
    let below = (at as usize).min(VIRIDIS.len() - 2);
    let part = at - below as f64;
    std::array::from_fn(|channel| {
        let (from, to) = (VIRIDIS[below][channel], VIRIDIS[below + 1][channel]);
        (f64::from(from) + part * (f64::from(to) - f64::from(from))).round() as u8
    })
}

/// The class of a text that is written on that colour.
pub(super) fn text_on(share: f64) -> &'static str {
    let [red, green, blue] = mixed(share).map(f64::from);
    let lightness = 0.299 * red + 0.587 * green + 0.114 * blue;
    if lightness > 125.0 { "on-light" } else { "on-dark" }
}

/// The colours of a line, as a style: the scale without the end that the page's
/// ground would swallow.
pub(super) fn line(position: usize, lines: usize) -> String {
    let share = position as f64 / (lines.max(2) - 1) as f64;
    format!("--light:{};--dark:{}", scale(share * 0.8), scale(0.3 + share * 0.7))
}

/// The colour of an outcome, of the set of Okabe and Ito.
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
    }
}

/// The colour of a number of SYN retransmissions.
pub(super) fn retransmits(number: u32) -> &'static str {
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
