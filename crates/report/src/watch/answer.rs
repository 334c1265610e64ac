//! Which listeners were in trouble, when and for how long.

use run_view::number::{count, gibibytes};
use run_view::prose::{sentence, several};
use watch_recording::{RecordEnd, Review, ReviewedListener};

use super::words::{clock, duration, name, sentences, when};
use crate::document::{Block, Point, Section, Tone};

/// The listeners in trouble that the answer describes.
const MAX_DESCRIBED: usize = 8;

/// The network namespaces in trouble that it describes.
const MAX_NAMESPACES: usize = 40;

pub(super) fn section(review: &Review) -> Section {
    let mut section = Section::new("answer", "Answer");
    section.is_brief = true;
    section.summary(Block::Text(Tone::Answer, headline(review)));
    if let Some(text) = unfinished(review) {
        section.summary(Block::Text(Tone::Unfinished, text));
    }
    let in_trouble: Vec<_> = in_trouble(review).collect();
    let described = in_trouble.iter().take(MAX_DESCRIBED).enumerate();
    // What happened to the first one is in the headline.
    let points = described.filter_map(|(rank, it)| describe(review, it, rank == 0));
    let points: Vec<_> = points.collect();
    if !points.is_empty() {
        section.short(Block::Points(points.clone())).summary(Block::Points(points));
    }
    if in_trouble.len() > MAX_DESCRIBED {
        let more = several((in_trouble.len() - MAX_DESCRIBED) as u64, "more listener");
        section.summary(Block::text(format!("… and {more}: see the table of all listeners.")));
    }
    let of_namespaces = review.namespaces.iter().flat_map(|namespace| {
        let worst = namespace.episodes.iter().max_by_key(|episode| episode.severity);
        worst.map(|episode| {
            let place = super::words::place(&namespace.namespace);
            let lead = sentence(&place.unwrap_or_else(|| "own network namespace".to_owned()));
            let text = format!("{} {}", sentences(&episode.text), sentences(&episode.advice));
            Point { lead: format!("{lead}:"), text }
        })
    });
    // One more shows that there are others.
    let mut of_namespaces: Vec<_> = of_namespaces.take(MAX_NAMESPACES + 1).collect();
    let has_more = of_namespaces.len() > MAX_NAMESPACES;
    of_namespaces.truncate(MAX_NAMESPACES);
    if !of_namespaces.is_empty() {
        section.summary(Block::Points(of_namespaces));
    }
    if has_more {
        section
            .summary(Block::text("… and more network namespaces: see what was wrong, and when."));
    }
    section
}

fn in_trouble(review: &Review) -> impl Iterator<Item = &ReviewedListener> {
    review.listeners.iter().filter(|listener| listener.was_in_trouble())
}

/// The answer in a few sentences.
pub fn headline(review: &Review) -> String {
    let recorded = duration(review.span.1.saturating_sub(review.span.0));
    let all = review.listeners.len() as u64;
    let in_trouble: Vec<_> = in_trouble(review).collect();
    if review.lines == 0 {
        return nothing(review);
    }
    if all == 0 {
        return format!("There was no listener in the {recorded} recorded.");
    }
    let Some(worst) = in_trouble.first() else {
        let deepest = review.listeners.iter().max_by_key(|listener| listener.peak.seen);
        let deepest = deepest.filter(|listener| listener.peak.seen > 0).map(|listener| {
            format!(
                " The deepest queue had {}, with a limit of {}: {} at {}.",
                several(listener.peak.seen.into(), "connection"),
                count(listener.listener.limit),
                name(review, listener),
                clock(review, listener.peak_us)
            )
        });
        let are_counted = review.listeners.iter().all(|it| it.listener.drops_total.is_some());
        let known = if are_counted { "dropped" } else { "is known to have dropped" };
        return format!(
            "No listener was in trouble in the {recorded} recorded: none of {all} {known} a \
             connection.{}",
            deepest.unwrap_or_default()
        );
    };
    let were = match in_trouble.len() as u64 {
        1 => format!("1 of {} was", several(all, "listener")),
        number => format!("{} of {} were", count(number), several(all, "listener")),
    };
    let most = if in_trouble.len() > 1 { "Most of all " } else { "" };
    format!(
        "{were} in trouble in the {recorded} recorded. {most}{}: {}",
        name(review, worst),
        happened(review, worst)
    )
}

/// Why there is no line.
fn nothing(review: &Review) -> String {
    let why = match review.header.end {
        None if review.is_recording => return "Nothing is recorded yet.".to_owned(),
        None => "the program or the machine stopped before its first line was complete",
        Some(RecordEnd::LimitReached) => "its first line would have been larger than its limit",
        Some(RecordEnd::Failed) => "its first line could not be written",
        // The reader refuses it: a recording begins with a line.
        Some(RecordEnd::Stopped) => "it has no line",
    };
    format!("Nothing is recorded: {why}.")
}

/// What happened to a listener, as a sentence without its subject.
pub(super) fn happened(review: &Review, listener: &ReviewedListener) -> String {
    let limit = listener.listener.limit;
    let is_full = listener.peak.was_full || listener.peak.seen > limit;
    let queue = match is_full {
        true => format!(
            "its queue was full: {}, one more than its limit of {}",
            several(u64::from(limit) + 1, "connection"),
            count(limit)
        ),
        false if listener.peak.seen == 0 => "no connection was seen in its queue".to_owned(),
        false => format!(
            "at most {} in its queue, with a limit of {}",
            several(listener.peak.seen.into(), "connection"),
            count(limit)
        ),
    };
    let drops = listener
        .dropped
        .map(|span| format!("{} {}; ", several(listener.drops, "drop"), when(review, span)));
    format!("{}{queue}.", drops.unwrap_or_default())
}

/// What happened to a listener, unless that `is_said`, and what was wrong when it was worst;
/// `None` if there is nothing to say.
fn describe(review: &Review, listener: &ReviewedListener, is_said: bool) -> Option<Point> {
    let mut parts = Vec::new();
    if !is_said {
        parts.push(sentence(&happened(review, listener)));
    }
    // Of equally severe ones the first is the cause of the others.
    if let Some(episode) = listener.episodes.iter().rev().max_by_key(|it| it.severity) {
        parts.push(format!("{}:", sentence(&when(review, episode.worst))));
        parts.extend([sentences(&episode.text), sentences(&episode.advice)]);
    }
    if let Some(closed) = listener.closed {
        parts.push(format!("It closed at {}.", clock(review, closed.0)));
    }
    let text = parts.join(" ");
    (!text.is_empty()).then(|| Point { lead: format!("{}:", name(review, listener)), text })
}

/// Why the record may not have everything; `None` if it ended with the watch.
fn unfinished(review: &Review) -> Option<String> {
    if review.lines == 0 {
        return None;
    }
    let last = clock(review, review.span.1);
    Some(match review.header.end {
        Some(RecordEnd::Stopped) => return None,
        Some(RecordEnd::LimitReached) => format!(
            "The recording ended at {last}, when it had reached its limit of {}: what happened \
             later is not in it.",
            gibibytes(review.header.limit_bytes)
        ),
        Some(RecordEnd::Failed) => format!(
            "The recording ended at {last}, when a line could not be written: what happened later \
             is not in it."
        ),
        None if review.is_recording => {
            format!("The recording goes on: this is what it had at {last}.")
        }
        None => format!(
            "The recording was not ended: the program or the machine stopped after {last}. It has \
             {} of {}; what happened later is not in it.",
            several(review.lines as u64, "line"),
            duration(review.span.1.saturating_sub(review.span.0))
        ),
    })
}
