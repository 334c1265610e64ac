//! Reads what happened in a record, in two passes: the second one knows which listeners are
//! drawn, and in which time.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use run_record::RunDirectoryError;
use watch_record::{Effort, Unseen, WatchedNamespace};

use crate::header::WatchHeader;
use crate::line::{ChangeRow, RecordLine, Span};
use crate::patch::{Patch, Patched};
use crate::record::WatchRecord;
use crate::replay::Replay;
use crate::review::curve::CurveBuilder;
use crate::review::episode::{Episode, Episodes};
use crate::review::listener::{ListenerReview, ReviewedListener};
use crate::review::wall::WallTimes;

/// The most listeners that are drawn.
const MAX_DRAWN: usize = 60;

/// A burst that takes at least this share of the record has no curve of its own.
const LARGE: f64 = 0.35;

/// The shortest time around a burst, microseconds.
const MIN_DETAIL_US: u64 = 200_000;

/// Gaps that are kept; the shortest are left out.
const MAX_GAPS: usize = 50_000;

/// What could not be seen that is kept.
const MAX_UNSEEN: usize = 100;

/// What happened in a record. Times are microseconds since the watch began.
#[derive(Debug)]
pub struct Review {
    /// The contents of `watch.json`.
    pub header: WatchHeader,
    /// A process records into it.
    pub is_recording: bool,
    /// Its lines.
    pub lines: usize,
    /// The time that is recorded.
    pub span: Span,
    /// The times of the wall clock.
    pub wall: WallTimes,
    /// Every listener, those that were in most trouble first.
    pub listeners: Vec<ReviewedListener>,
    /// Every network namespace, by its number.
    pub namespaces: Vec<ReviewedNamespace>,
    /// What could not be seen at any line.
    pub unseen: Vec<Unseen>,
    /// How the figures were obtained, at the last line.
    pub effort: Effort,
    /// The times without a look.
    pub gaps: Gaps,
    /// Listeners that came and went and are not recorded, because too many did.
    pub discarded_closed: u64,
}

/// A network namespace in a record.
#[derive(Debug, Clone)]
pub struct ReviewedNamespace {
    /// Its last state. Its counters are those since the watch began.
    pub namespace: WatchedNamespace,
    /// What was wrong, in the order in which it began.
    pub episodes: Vec<Episode>,
}

/// The times in which no look was made although several were due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gaps {
    /// How many.
    pub number: u64,
    /// All of them, microseconds.
    pub total_us: u64,
    /// The longest.
    pub longest_us: u64,
}

/// What the lines so far say.
#[derive(Debug, Default)]
struct Progress {
    listeners: BTreeMap<u64, ListenerReview>,
    namespaces: BTreeMap<u64, NamespaceReview>,
    unseen: Vec<Unseen>,
    effort: Effort,
    wall: WallTimes,
    gaps: Gaps,
    spans: Vec<Span>,
    from_us: Option<u64>,
    to_us: u64,
    discarded_closed: u64,
}

impl Review {
    /// Reads a record, finished or not.
    ///
    /// # Errors
    /// If it cannot be read, or is damaged anywhere except in its last line.
    pub fn read(record: &WatchRecord) -> Result<Self, RunDirectoryError> {
        let is_recording = record.is_recording();
        let mut progress = Progress::default();
        let (lines, state) = record.follow(|state, line| progress.add(state, line))?;
        progress.end(&state);
        let span = Span(progress.from_us.unwrap_or(0), progress.to_us);
        let mut listeners: Vec<_> =
            progress.listeners.into_values().map(|it| it.finish(span.1)).collect();
        listeners.sort_by_key(|it| {
            let share = u64::from(it.peak.seen) * 1_000 / (u64::from(it.listener.limit) + 1);
            let trouble = (it.was_in_trouble(), it.worst(), it.drops, it.peak.was_full, share);
            (Reverse(trouble), it.listener.namespace, it.listener.address, it.listener.id)
        });
        draw(record, &mut listeners, lines, span, &progress.spans)?;
        Ok(Self {
            header: record.header().clone(),
            is_recording,
            lines,
            span,
            wall: progress.wall,
            listeners,
            namespaces: progress.namespaces.into_values().map(NamespaceReview::finish).collect(),
            unseen: progress.unseen,
            effort: progress.effort,
            gaps: progress.gaps,
            discarded_closed: progress.discarded_closed,
        })
    }

    /// The network namespace of a listener.
    pub fn namespace_of(&self, listener: &ReviewedListener) -> Option<&WatchedNamespace> {
        let inode = listener.listener.namespace;
        // They are in this order.
        let found = self.namespaces.binary_search_by_key(&inode, |it| it.namespace.inode);
        found.ok().map(|index| &self.namespaces[index].namespace)
    }
}

impl Progress {
    fn add(&mut self, state: &Replay, line: &RecordLine) {
        let (at_us, before_us) = (line.at_us, self.to_us);
        let first_us = line.changes.iter().flat_map(|it| &it.rows).map(|row| row.0).min();
        self.from_us.get_or_insert(first_us.unwrap_or(at_us).min(at_us));
        self.to_us = self.to_us.max(at_us);
        self.wall.add(at_us, &line.at);
        self.discarded_closed = self.discarded_closed.saturating_add(line.discarded_closed);
        for (id, has_new_troubles) in changed(&line.listeners) {
            let Some(now) = state.listener(id) else { continue };
            let review = self.listeners.entry(id);
            let review = review.or_insert_with(|| ListenerReview::new(now, at_us));
            review.state(now, has_new_troubles, (at_us, before_us));
        }
        for changes in &line.changes {
            if let Some(review) = self.listeners.get_mut(&changes.id) {
                review.changes(changes);
            }
        }
        for gone in &line.gone {
            let review = self.listeners.get_mut(&gone.id).filter(|it| it.reviewed.is_there);
            if let Some(review) = review
                && let Some(last) = state.last_known(gone.id)
            {
                review.end(last, at_us);
                (review.reviewed.closed, review.reviewed.is_there) = (gone.closed, false);
            }
        }
        for (inode, has_new_troubles) in changed(&line.namespaces) {
            let Some(now) = state.namespace(inode) else { continue };
            let review = self.namespaces.entry(inode);
            let review = review.or_insert_with(|| NamespaceReview::new(now));
            review.is_there = true;
            if has_new_troubles {
                review.episodes.change(&now.troubles, at_us, before_us);
            }
        }
        for inode in &line.gone_namespaces {
            let review = self.namespaces.get_mut(inode).filter(|it| it.is_there);
            if let Some((review, last)) = review.zip(state.namespace(*inode)) {
                review.end(last, at_us);
            }
        }
        for unseen in line.unseen.iter().flatten() {
            if self.unseen.len() < MAX_UNSEEN && !self.unseen.contains(unseen) {
                self.unseen.push(unseen.clone());
            }
        }
        for &Span(from_us, to_us) in &line.gaps {
            let length_us = to_us.saturating_sub(from_us);
            self.gaps.number = self.gaps.number.saturating_add(1);
            self.gaps.total_us = self.gaps.total_us.saturating_add(length_us);
            self.gaps.longest_us = self.gaps.longest_us.max(length_us);
            self.spans.push(Span(from_us, to_us));
        }
        if self.spans.len() > MAX_GAPS {
            self.spans.sort_by_key(|span| Reverse(span.1.saturating_sub(span.0)));
            self.spans.truncate(MAX_GAPS / 2);
        }
    }

    /// Adds the state after the last line.
    fn end(&mut self, state: &Replay) {
        self.effort = state.effort();
        for listener in state.listeners() {
            if let Some(review) = self.listeners.get_mut(&listener.id)
                && let Some(last) = state.last_known(listener.id)
            {
                review.end(last, self.to_us);
            }
        }
        for namespace in state.namespaces() {
            if let Some(review) = self.namespaces.get_mut(&namespace.inode) {
                review.end(namespace, self.to_us);
            }
        }
    }
}

/// The objects that are new or changed with a line, and whether their troubles are.
fn changed<T: Patched>(patches: &[Patch<T>]) -> BTreeMap<u64, bool> {
    let mut all = BTreeMap::new();
    for patch in patches {
        if let Some(key) = patch.key() {
            *all.entry(key).or_default() |= patch.has("troubles");
        }
    }
    all
}

/// What the lines so far say about a namespace.
#[derive(Debug)]
struct NamespaceReview {
    namespace: WatchedNamespace,
    episodes: Episodes,
    is_there: bool,
}

impl NamespaceReview {
    fn new(namespace: &WatchedNamespace) -> Self {
        Self { namespace: namespace.clone(), episodes: Episodes::default(), is_there: true }
    }

    /// Adds its last state: it is gone with this line, or there are no more lines.
    fn end(&mut self, last: &WatchedNamespace, at_us: u64) {
        self.namespace.clone_from(last);
        self.episodes.end(at_us);
        self.is_there = false;
    }

    fn finish(self) -> ReviewedNamespace {
        ReviewedNamespace { namespace: self.namespace, episodes: self.episodes.finish() }
    }
}

/// The curves of a listener while they are made.
struct Drawing {
    curves: Vec<CurveBuilder>,
    has_begun: bool,
}

/// Draws the first of the listeners that had a queue, from this number of lines: the record may
/// have grown since.
fn draw(
    record: &WatchRecord,
    listeners: &mut [ReviewedListener],
    lines: usize,
    span: Span,
    gaps: &[Span],
) -> Result<(), RunDirectoryError> {
    let mut drawings: BTreeMap<u64, Drawing> = BTreeMap::new();
    for listener in listeners.iter().filter(|it| it.had_a_queue()).take(MAX_DRAWN) {
        let spans = [Some(span), listener.burst.and_then(|burst| detail(burst, span))];
        let curves = spans.into_iter().flatten().map(CurveBuilder::new).collect();
        drawings.insert(listener.listener.id, Drawing { curves, has_begun: false });
    }
    if drawings.is_empty() {
        return Ok(());
    }
    record.changes(lines, |all| {
        for changes in all {
            if let Some(drawing) = drawings.get_mut(&changes.id) {
                drawing.add(&changes.rows, &changes.full_us, changes.is_cut);
            }
        }
    })?;
    for listener in listeners {
        let Some(drawing) = drawings.remove(&listener.listener.id) else { continue };
        let end_us = match (listener.closed, listener.is_there) {
            (Some(closed), _) => closed.0,
            (None, true) => span.1,
            (None, false) => 0,
        };
        let mut curves = drawing.curves.into_iter().map(|mut curve| {
            curve.extend(end_us);
            curve.finish(gaps)
        });
        (listener.curve, listener.detail) = (curves.next(), curves.next());
    }
    Ok(())
}

impl Drawing {
    fn add(&mut self, rows: &[ChangeRow], full_us: &[u64], is_cut: bool) {
        for curve in &mut self.curves {
            if let Some(first) = rows.first().filter(|_| is_cut) {
                match self.has_begun {
                    true => curve.lost_before(first.1),
                    false => curve.begin_with(first.3),
                }
            }
            rows.iter().for_each(|&row| curve.row(row));
            full_us.iter().for_each(|&full_us| curve.full(full_us));
        }
        self.has_begun |= !rows.is_empty();
    }
}

/// The time to draw around a burst; `None` if that is most of the record.
fn detail(Span(from_us, to_us): Span, all: Span) -> Option<Span> {
    let length_us = to_us.saturating_sub(from_us).max(MIN_DETAIL_US);
    let margin_us = length_us / 10;
    let from_us = from_us.saturating_sub(margin_us).max(all.0);
    let to_us = from_us.saturating_add(length_us).saturating_add(2 * margin_us).min(all.1);
    let shown_us = to_us.saturating_sub(from_us);
    let is_short = (shown_us as f64) < LARGE * all.1.saturating_sub(all.0) as f64;
    (shown_us > 0 && is_short).then_some(Span(from_us, to_us))
}
