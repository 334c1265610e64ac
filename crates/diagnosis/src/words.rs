//! Numbers, times and lists in sentences. A no-break space joins a number with its
//! groups and its unit.

use std::time::Duration;

pub(crate) use run_view::prose::{counted, sentence, several};

/// What helps a process that has as many open files as it may.
pub(crate) const MORE_FILES: &str = "raise the limit (`ulimit -n`), or close connections sooner";

/// A kernel name without its prefix: `ListenOverflows`, `tcp_rmem`.
pub(crate) fn short_name(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// `a`, `a and b`, `a, b and c`; `None` for an empty list.
pub(crate) fn listed(parts: &[String]) -> Option<String> {
    match parts {
        [] => None,
        [one] => Some(one.clone()),
        [before @ .., last] => Some(format!("{} and {last}", before.join(", "))),
    }
}

/// A measured time: `310 µs`, `1.68 ms`, `3.06 s`, `60.8 s`.
pub(crate) fn seconds(seconds: f64) -> String {
    match seconds {
        s if s >= 9.995 => format!("{s:.1}\u{a0}s"),
        s if s >= 0.9995 => format!("{s:.2}\u{a0}s"),
        s if s >= 0.009_995 => format!("{:.0}\u{a0}ms", s * 1e3),
        s if s >= 0.000_999_5 => format!("{:.2}\u{a0}ms", s * 1e3),
        s => format!("{:.0}\u{a0}µs", s * 1e6),
    }
}

/// A measured time in nanoseconds.
pub(crate) fn nanoseconds(ns: u64) -> String {
    seconds(ns as f64 / 1e9)
}

/// A configured or nominal time: `2 s`, `900 ms`.
pub(crate) fn duration(duration: Duration) -> String {
    match duration.subsec_nanos() {
        0 => format!("{}\u{a0}s", duration.as_secs()),
        _ => format!("{}\u{a0}ms", duration.as_secs_f64() * 1e3),
    }
}

/// The times of retransmissions: `1, 2 and 3 s`, or the first `max` of them,
/// `1, 2, 3 … s`.
pub(crate) fn retransmission_times(times: &[Duration], max: usize) -> String {
    let written: Vec<_> = times.iter().take(max).map(|at| at.as_secs().to_string()).collect();
    let written = match times.len() > max {
        true => format!("{} …", written.join(", ")),
        false => listed(&written).unwrap_or_default(),
    };
    format!("{written}\u{a0}s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_their_significant_digits() {
        for (given, written) in [
            (0.000_261, "261\u{a0}µs"),
            (0.001_68, "1.68\u{a0}ms"),
            (0.0279, "28\u{a0}ms"),
            (0.9999, "1.00\u{a0}s"),
            (3.0746, "3.07\u{a0}s"),
            (60.83, "60.8\u{a0}s"),
        ] {
            assert_eq!(seconds(given), written);
        }
        assert_eq!(duration(Duration::from_millis(900)), "900\u{a0}ms");
        assert_eq!(duration(Duration::from_secs(60)), "60\u{a0}s");
    }

    #[test]
    fn lists_have_commas_and_a_final_and() {
        let list = |parts: &[&str]| {
            listed(&parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(list(&[]), None);
        assert_eq!(list(&["a"]).as_deref(), Some("a"));
        assert_eq!(list(&["a", "b", "c"]).as_deref(), Some("a, b and c"));
    }
}
