//! Names, times and lengths of time of a recorded watch, safe to show.

use run_view::prose::several;
use watch_record::{Severity, WatchedListener, WatchedNamespace};
use watch_recording::{Review, ReviewedListener, Span};

/// Characters of a name that are shown: those of a process have 15 at most.
pub(super) const LONGEST_NAME: usize = 120;

/// Characters of sentences that are shown.
const LONGEST_TEXT: usize = 2_000;

/// Its address and its processes: `127.0.0.1:80 (nginx, PID 7)`.
pub(super) fn name(review: &Review, listener: &ReviewedListener) -> String {
    let owner = owner(&listener.listener);
    let place = review.namespace_of(listener).and_then(place);
    let about: Vec<_> = owner.into_iter().chain(place).collect();
    match about.is_empty() {
        true => listener.listener.address.to_string(),
        false => format!("{} ({})", listener.listener.address, about.join(", ")),
    }
}

/// The processes of a listener; `None` if none is known.
pub(super) fn owner(listener: &WatchedListener) -> Option<String> {
    let (first, others) = listener.processes.split_first()?;
    let name = short(&first.name, LONGEST_NAME);
    let others = match others.len() as u64 {
        0 => String::new(),
        number => format!(" and {}", several(number, "other")),
    };
    Some(format!("{name}, PID {}{others}", first.pid))
}

/// Where a namespace is; `None` for that of the watch itself.
pub(super) fn place(namespace: &WatchedNamespace) -> Option<String> {
    if namespace.is_own {
        return None;
    }
    let safe = |name: &String| short(name, LONGEST_NAME);
    let container = namespace.container.as_ref().map(|name| format!("container {}", safe(name)));
    let named = || namespace.name.as_ref().map(|name| format!("namespace {}", safe(name)));
    let numbered = || format!("namespace {}", namespace.inode);
    Some(container.or_else(named).unwrap_or_else(numbered))
}

/// A time of the wall clock, UTC: with the date if the record has more than one.
pub(super) fn clock(review: &Review, at_us: u64) -> String {
    let date = |us| review.wall.at(us).map(|at| at.strftime("%Y-%m-%d").to_string());
    let format = match date(review.span.0) == date(review.span.1) {
        true => "%H:%M:%S",
        false => "%b %d %H:%M:%S",
    };
    match review.wall.at(at_us) {
        Some(at) => at.strftime(format).to_string(),
        None => format!("{} after the watch began", duration(at_us)),
    }
}

/// From when to when: `at 12:00:03`, `between 12:00:03 and 12:00:09 (6 s)`.
pub(super) fn when(review: &Review, Span(from_us, to_us): Span) -> String {
    let (from, to) = (clock(review, from_us), clock(review, to_us));
    match from == to {
        true => format!("at {from}"),
        false => {
            let took = duration(to_us.saturating_sub(from_us));
            format!("between {from} and {to} ({took})")
        }
    }
}

/// A length of time given in microseconds: `0.25 s`, `6 s`, `2 min 5 s`, `1 h 2 min`.
pub(super) fn duration(us: u64) -> String {
    let seconds = us / 1_000_000;
    let both = |large: u64, unit: &str, small: u64, part: &str| match small {
        0 => format!("{large}\u{a0}{unit}"),
        small => format!("{large}\u{a0}{unit} {small}\u{a0}{part}"),
    };
    match seconds {
        ..10 => {
            let text = format!("{:.2}", us as f64 / 1e6);
            format!("{}\u{a0}s", text.trim_end_matches('0').trim_end_matches('.'))
        }
        10..60 => format!("{seconds}\u{a0}s"),
        60..3_600 => both(seconds / 60, "min", seconds % 60, "s"),
        _ => both(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
    }
}

/// How severe a trouble is.
pub(super) const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Notice => "notice",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
}

/// Sentences from a record, in one line.
pub(super) fn sentences(text: &str) -> String {
    short(text.trim(), LONGEST_TEXT)
}

/// A text in one line, cut after this many characters: a record from elsewhere can have one of
/// megabytes, which a report would show hundreds of times.
pub(super) fn short(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => visible::line(text).into_owned(),
        Some((end, _)) => format!("{}…", visible::line(&text[..end])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(short("äöü\n", 4), "äöü\\n");
        assert_eq!(short("äöü", 2), "äö…");
    }

    #[test]
    fn a_length_of_time_has_two_units_at_most() {
        let text = |us| duration(us).replace('\u{a0}', " ");
        for (us, expected) in [
            (0, "0 s"),
            (250_000, "0.25 s"),
            (9_999_999, "10 s"),
            (59_900_000, "59 s"),
            (125_000_000, "2 min 5 s"),
            (3_600_000_000, "1 h"),
            (3_725_000_000, "1 h 2 min"),
        ] {
            assert_eq!(text(us), expected);
        }
    }
}
