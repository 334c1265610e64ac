//! The last minute of a queue in one line.

use watch_record::{Second, WatchedListener};

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A character for each of the last `width` seconds, the newest last: `x` with drops, `?`
/// without a look, a space for an empty queue, and a bar against the limit. Every queue that
/// is not empty has a bar, and only a full one has the highest.
pub(crate) fn sparkline(listener: &WatchedListener, width: usize) -> String {
    let skipped = listener.seconds.len().saturating_sub(width);
    let seconds = &listener.seconds[skipped..];
    let missing = width - seconds.len();
    let bars = seconds.iter().map(|second| bar(second, listener.limit));
    std::iter::repeat_n(' ', missing).chain(bars).collect()
}

fn bar(second: &Second, limit: u32) -> char {
    let full = u64::from(limit) + 1;
    match second {
        Second { drops: 1.., .. } => 'x',
        Second { was_full: true, .. } => LEVELS[7],
        Second { looks: 0, .. } => '?',
        Second { deepest: 0, .. } => ' ',
        Second { deepest, .. } if u64::from(*deepest) >= full => LEVELS[7],
        Second { deepest, .. } => LEVELS[(u64::from(*deepest) * 7 / full) as usize],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_one_character() {
        let second = |deepest, looks, drops| Second { deepest, looks, drops, was_full: false };
        for (second, expected) in [
            (second(0, 100, 0), ' '),
            (second(1, 100, 0), '▁'),
            (second(64, 100, 0), '▄'),
            (second(128, 100, 0), '▇'),
            (second(129, 100, 0), '█'),
            (second(u32::MAX, 100, 0), '█'),
            (second(129, 100, 1), 'x'),
            (second(0, 0, 0), '?'),
        ] {
            assert_eq!(bar(&second, 128), expected, "{second:?}");
        }
        assert_eq!(bar(&second(u32::MAX, 1, 0), u32::MAX), '▇');
    }
}
