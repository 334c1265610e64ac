//! The depth of an accept queue, as a line in steps.

use std::collections::BTreeMap;
use std::fmt::Write;

use run_record::{DepthSource, TimelineRow};

use crate::layout::px;

/// One sample; for several listeners, the sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Depth {
    /// CLOCK_MONOTONIC, nanoseconds.
    pub(crate) at_ns: u64,
    pub(crate) depth: u32,
    pub(crate) limit: u32,
    /// Ticks just before it that were missed.
    pub(crate) missed: u64,
}

/// The samples of the probe in a timeline, in the order of time.
pub(crate) fn depths(timeline: &[TimelineRow]) -> Vec<Depth> {
    let mut listeners: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
    let mut depths: Vec<Depth> = Vec::new();
    for row in timeline.iter().filter(|row| row.source() == DepthSource::Probe) {
        let Some(listener) = row.listener else { continue };
        let last = listeners.entry(listener).or_default();
        *last = (row.depth.unwrap_or(last.0), row.limit.unwrap_or(last.1));
        let depth = listeners.values().map(|listener| listener.0).sum();
        let limit = listeners.values().map(|listener| listener.1).sum();
        let mut sample = Depth { at_ns: row.at_ns, depth, limit, missed: row.missed };
        match depths.last_mut() {
            Some(last) if last.at_ns == row.at_ns => {
                sample.missed = sample.missed.max(last.missed);
                *last = sample;
            }
            _ => depths.push(sample),
        }
    }
    depths
}

/// The area between a line in steps and the floor, pixels.
pub(crate) fn filled(
    depths: &[Depth],
    x: impl Fn(u64) -> f64,
    y: impl Fn(&Depth) -> f64,
    floor: f64,
) -> String {
    let end = |sample: Option<&Depth>| sample.map_or(String::new(), |sample| px(x(sample.at_ns)));
    let (last, first) = (end(depths.last()), end(depths.first()));
    format!("{}H{last}V{}H{first}z", steps(depths, &x, y), px(floor))
}

/// A line in steps; samples on one pixel become their minimum and maximum.
pub(crate) fn steps(depths: &[Depth], x: impl Fn(u64) -> f64, y: impl Fn(&Depth) -> f64) -> String {
    let mut path = String::new();
    let pixels = depths.chunk_by(|one, other| x(one.at_ns).floor() == x(other.at_ns).floor());
    let mut pen = f64::NAN;
    for (position, pixel) in pixels.enumerate() {
        let at = px(x(pixel[0].at_ns));
        let heights = || pixel.iter().map(&y);
        let (low, high) = (heights().fold(f64::MAX, f64::min), heights().fold(f64::MIN, f64::max));
        let last = heights().next_back().unwrap_or(low);
        if position == 0 {
            path = format!("M{at} {}", px(low));
            pen = low;
        } else if low != pen || high != pen {
            let _ = write!(path, "H{at}");
        }
        for height in [high, low, last] {
            if height != pen {
                let _ = write!(path, "V{}", px(height));
                pen = height;
            }
        }
    }
    if let [.., last] = depths {
        let _ = write!(path, "H{}", px(x(last.at_ns)));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at_ns: u64, depth: u32) -> Depth {
        Depth { at_ns, depth, limit: 10, missed: 0 }
    }

    #[test]
    fn a_line_goes_in_steps_and_keeps_what_falls_on_one_pixel() {
        let line = |depths: &[Depth]| {
            steps(depths, |ns| ns as f64 / 10.0, |sample| f64::from(sample.depth))
        };
        assert_eq!(line(&[sample(0, 0), sample(100, 3), sample(200, 3)]), "M0 0H10V3H20");
        assert_eq!(
            line(&[sample(0, 0), sample(100, 7), sample(101, 1), sample(200, 2)]),
            "M0 0H10V7V1H20V2H20"
        );
        assert_eq!(line(&[]), "");
    }

    #[test]
    fn listeners_are_summed() {
        let row = |at_ns, listener, depth| TimelineRow {
            at_ns,
            listener: Some(listener),
            depth: Some(depth),
            limit: Some(10),
            ..TimelineRow::default()
        };
        let both = depths(&[row(1, 0, 4), row(1, 1, 5), row(2, 0, 1)]);
        let sum = |at_ns, depth| Depth { at_ns, depth, limit: 20, missed: 0 };
        assert_eq!(both, [sum(1, 9), sum(2, 6)]);
    }
}
