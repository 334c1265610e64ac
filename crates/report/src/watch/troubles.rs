//! Everything that was wrong, in the order of time.

use run_view::prose::several;
use watch_record::WatchedNamespace;
use watch_recording::{Episode, Review, ReviewedListener, Span};

use super::words::{name, place, sentences, severity, when};
use crate::document::{Block, Point, Section};

/// The episodes that are listed.
const MAX_LISTED: usize = 200;

/// What an episode is of.
#[derive(Debug, Clone, Copy)]
enum Whose<'a> {
    Listener(&'a ReviewedListener),
    Namespace(&'a WatchedNamespace),
}

impl Whose<'_> {
    fn name(self, review: &Review) -> String {
        match self {
            Self::Listener(listener) => name(review, listener),
            Self::Namespace(namespace) => {
                place(namespace).unwrap_or_else(|| "the own network namespace".to_owned())
            }
        }
    }
}

pub(super) fn section(review: &Review) -> Option<Section> {
    let of_listeners = review.listeners.iter().flat_map(|listener| {
        listener.episodes.iter().map(move |episode| (episode, Whose::Listener(listener)))
    });
    let of_namespaces = review.namespaces.iter().flat_map(|namespace| {
        let whose = Whose::Namespace(&namespace.namespace);
        namespace.episodes.iter().map(move |episode| (episode, whose))
    });
    let mut all: Vec<_> = of_listeners.chain(of_namespaces).collect();
    if all.is_empty() {
        return None;
    }
    all.sort_by_key(|one| one.0.from_us);
    let mut section = Section::new("troubles", "What was wrong, and when");
    section.is_open = true;
    section.report(Block::caption(
        "Each with when it was worst, and the last sentence of that time. Times are those of the lines of the record, a \
         second apart.",
    ));
    let listed = all.iter().take(MAX_LISTED);
    section.report(Block::Points(
        listed.map(|(it, whose)| point(review, it, &whose.name(review))).collect(),
    ));
    if all.len() > MAX_LISTED {
        let more = several((all.len() - MAX_LISTED) as u64, "more time");
        section.report(Block::text(format!("… and {more} in which something was wrong.")));
    }
    Some(section)
}

fn point(review: &Review, episode: &Episode, whose: &str) -> Point {
    let milder = milder(review, episode);
    let when = when(review, episode.worst);
    let when = when.trim_start_matches("at ").replacen("between ", "", 1).replacen(" and ", "–", 1);
    Point {
        lead: format!("{when} · {} · {whose}:", severity(episode.severity)),
        text: format!("{} {}{milder}", sentences(&episode.text), sentences(&episode.advice)),
    }
}

/// When it was less severe than at its worst; empty if it never was.
fn milder(review: &Review, episode: &Episode) -> String {
    let all = Span(episode.from_us, episode.to_us);
    match episode.worst == all {
        true => String::new(),
        false => format!(" In a milder form {}.", when(review, all)),
    }
}
