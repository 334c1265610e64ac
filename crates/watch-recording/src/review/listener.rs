//! What happened to a listener in a record.

use watch_record::{ConnectionCounts, Peak, Severity, WatchedListener};

use crate::line::{ChangeRow, RecordedChanges, Span};
use crate::review::burst::Bursts;
use crate::review::curve::Curve;
use crate::review::episode::{Episode, Episodes};

/// What happened to a listener in a record. Times are microseconds since the watch began.
#[derive(Debug, Clone)]
pub struct ReviewedListener {
    /// Its last state, with the last processes and connections that are known.
    pub listener: WatchedListener,
    /// When it was first seen.
    pub first_us: u64,
    /// The looks between which it closed.
    pub closed: Option<Span>,
    /// It was there at the last line.
    pub is_there: bool,
    /// The deepest queue.
    pub peak: Peak,
    /// When the deepest queue was seen first.
    pub peak_us: u64,
    /// Its drops in the time that is recorded.
    pub drops: u64,
    /// The looks that noticed the first and the last of them.
    pub dropped: Option<Span>,
    /// The most connections in SYN_RECV of a walk.
    pub most_syn_recv: u32,
    /// The most connections in CLOSE_WAIT.
    pub most_close_wait: u32,
    /// The longest that a connection was seen to wait for accept(2), seconds.
    pub longest_wait_seconds: Option<f64>,
    /// What was wrong, in the order in which it began.
    pub episodes: Vec<Episode>,
    /// The time of the most drops, or of the deepest queue if there were none.
    pub burst: Option<Span>,
    /// Its depth in the whole time, if it is drawn.
    pub curve: Option<Curve>,
    /// Its depth around `burst`, if that is short.
    pub detail: Option<Curve>,
}

/// What the lines so far say about a listener.
#[derive(Debug)]
pub(crate) struct ListenerReview {
    pub(crate) reviewed: ReviewedListener,
    episodes: Episodes,
    bursts: Bursts,
    /// The last connections that are known.
    connections: Option<ConnectionCounts>,
    /// The drops of the last row; none before the first.
    drops: Option<u64>,
}

impl ListenerReview {
    pub(crate) fn new(listener: &WatchedListener, at_us: u64) -> Self {
        let reviewed = ReviewedListener {
            listener: listener.clone(),
            first_us: at_us,
            closed: None,
            is_there: true,
            peak: Peak::default(),
            peak_us: at_us,
            drops: 0,
            dropped: None,
            most_syn_recv: 0,
            most_close_wait: 0,
            longest_wait_seconds: None,
            episodes: Vec::new(),
            burst: None,
            curve: None,
            detail: None,
        };
        Self {
            reviewed,
            episodes: Episodes::default(),
            bursts: Bursts::default(),
            connections: None,
            drops: None,
        }
    }

    /// Adds the state at a line at which it changed.
    pub(crate) fn state(
        &mut self,
        now: &WatchedListener,
        has_new_troubles: bool,
        (at_us, before_us): (u64, u64),
    ) {
        let reviewed = &mut self.reviewed;
        reviewed.is_there = true;
        if let Some(counts) = now.connections {
            reviewed.most_syn_recv = reviewed.most_syn_recv.max(counts.syn_recv);
            reviewed.most_close_wait = reviewed.most_close_wait.max(counts.close_wait);
            let waits = [reviewed.longest_wait_seconds, counts.oldest_not_accepted_seconds];
            reviewed.longest_wait_seconds = waits.into_iter().flatten().max_by(f64::total_cmp);
            self.connections = Some(counts);
        }
        if has_new_troubles {
            self.episodes.change(&now.troubles, at_us, before_us);
        }
    }

    /// Adds its last state: it is gone with this line, or there are no more lines.
    pub(crate) fn end(&mut self, last_known: WatchedListener, at_us: u64) {
        let before = std::mem::replace(&mut self.reviewed.listener, last_known);
        let known = &mut self.reviewed.listener;
        // It may have been gone before, and may not have had them since.
        if known.processes.is_empty() && !before.processes.is_empty() {
            (known.processes, known.container) = (before.processes, before.container);
        }
        known.connections = known.connections.or(self.connections);
        self.episodes.end(at_us);
    }

    /// Adds its changes.
    pub(crate) fn changes(&mut self, changes: &RecordedChanges) {
        for &row in &changes.rows {
            self.row(row, changes.is_cut);
        }
        self.reviewed.peak.was_full |= !changes.full_us.is_empty();
    }

    fn row(&mut self, row: ChangeRow, is_cut: bool) {
        let ChangeRow(at_us, after_us, depth, drops) = row;
        let reviewed = &mut self.reviewed;
        // What it dropped before the first row is of the record only if that is its first look.
        let before = self.drops.unwrap_or(if is_cut { drops } else { 0 });
        if self.drops.is_none() {
            reviewed.first_us = reviewed.first_us.min(after_us);
            self.bursts.begin_with(before);
        }
        self.drops = Some(drops);
        if drops > before {
            reviewed.drops = reviewed.drops.saturating_add(drops - before);
            let first_us = reviewed.dropped.map_or(after_us, |span| span.0);
            reviewed.dropped = Some(Span(first_us, at_us));
        }
        if depth > reviewed.peak.seen {
            (reviewed.peak.seen, reviewed.peak_us) = (depth, at_us);
        }
        self.bursts.row(row);
    }

    /// What happened to it in a record that ends at this time.
    pub(crate) fn finish(self, end_us: u64) -> ReviewedListener {
        let end_us = self.reviewed.closed.map_or(end_us, |closed| closed.0);
        let (burst, episodes) = (self.bursts.busiest(end_us), self.episodes.finish());
        ReviewedListener { burst, episodes, ..self.reviewed }
    }
}

impl ReviewedListener {
    /// The worst that was wrong with it.
    pub fn worst(&self) -> Option<Severity> {
        self.episodes.iter().map(|episode| episode.severity).max()
    }

    /// Whether connections were lost, or waited so that they could be.
    pub fn was_in_trouble(&self) -> bool {
        self.drops > 0 || self.peak.was_full || self.worst() >= Some(Severity::Warning)
    }

    /// Whether its queue was ever seen with a connection in it.
    pub fn had_a_queue(&self) -> bool {
        self.drops > 0 || self.peak != Peak::default()
    }
}
