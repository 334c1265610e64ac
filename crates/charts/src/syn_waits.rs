//! The SYN retransmission times and the connect deadline of each cell, split into marks
//! that all cells share and marks of single cells.

use std::collections::BTreeSet;
use std::time::Duration;

use maud::{Markup, html};

use crate::axis::{Scale, seconds};
use crate::layout::px;
use crate::strip::Strip;
use run_view::Cell;
use run_view::Run;
use run_view::TrialView;

/// The marks; times are nominal, from connect(2) on.
#[derive(Debug, Default)]
pub(crate) struct SynWaits {
    /// Retransmission times of all cells, up to the last one an attempt waited for.
    pub(crate) retransmits: Vec<Duration>,
    /// The deadline of all cells, if an attempt reached it.
    pub(crate) deadline: Option<Duration>,
    /// Marks of single cells, by their numbers.
    own: Vec<Own>,
}

#[derive(Debug, Default)]
struct Own {
    retransmits: Vec<Duration>,
    deadline: Option<Duration>,
}

/// The times that the attempts of one cell could wait for.
#[derive(Debug)]
struct Wait {
    retransmit_times: Vec<Duration>,
    deadline: Option<Duration>,
    /// Whether an attempt reached the deadline.
    is_met: bool,
    /// Retransmissions after this had no attempt waiting for them.
    reach: Duration,
}

impl Wait {
    /// `None` for a cell without trials.
    fn new(run: &Run, cell: &Cell<'_>, strip: &Strip<'_>) -> Option<Self> {
        let trials = || cell.trials.iter().map(|trial| TrialView::new(&run.record, trial));
        let first = trials().next()?;
        let deadline = first.duration("load.connect_deadline");
        let gives_up = first.syn_retry().map(|retry| retry.timed_out);
        let last = [deadline, gives_up].into_iter().flatten().min().unwrap_or_default();
        let timed_out = trials().any(|trial| trial.timed_out() > 0);
        let waited = timed_out || trials().any(|trial| trial.retransmitting_attempts() > 0);
        let connected = strip.ends().map_or(0, |(_, to)| to as u64);
        let connected = Duration::from_nanos(connected);
        Some(Self {
            retransmit_times: first.syn_retransmit_times(),
            deadline,
            is_met: timed_out && deadline == Some(last),
            reach: if waited { last.max(connected) } else { connected },
        })
    }

    fn retransmits(&self) -> impl Iterator<Item = Duration> {
        self.retransmit_times.iter().copied().filter(|at| *at < self.reach)
    }
}

impl SynWaits {
    pub(crate) fn new(run: &Run, cells: &[Cell<'_>], strips: &[Strip<'_>]) -> Self {
        let waits = cells.iter().zip(strips).map(|(cell, strip)| Wait::new(run, cell, strip));
        let waits: Vec<_> = waits.collect();
        let all = || waits.iter().flatten();
        let retransmits: BTreeSet<_> = all().flat_map(Wait::retransmits).collect();
        let of_all = |at: &Duration| all().all(|wait| wait.retransmit_times.contains(at));
        let retransmits: Vec<_> = retransmits.into_iter().filter(of_all).collect();
        let deadlines: BTreeSet<_> = all().map(|wait| wait.deadline).collect();
        let is_one = deadlines.len() == 1;
        let met = all().find(|wait| wait.is_met && is_one).and_then(|wait| wait.deadline);
        let own = |wait: &Option<Wait>| {
            wait.as_ref().map_or_else(Own::default, |wait| Own {
                retransmits: wait.retransmits().filter(|at| !retransmits.contains(at)).collect(),
                deadline: wait.deadline.filter(|_| wait.is_met && !is_one),
            })
        };
        Self { own: waits.iter().map(own).collect(), deadline: met, retransmits }
    }

    /// The first and the last mark.
    pub(crate) fn ends(&self) -> Option<(Duration, Duration)> {
        let own = self.own.iter().flat_map(|own| own.retransmits.iter().chain(&own.deadline));
        let all = || own.clone().chain(&self.retransmits).chain(&self.deadline).copied();
        Some((all().min()?, all().max()?))
    }

    /// Whether single cells have marks: retransmissions, a deadline.
    pub(crate) fn has_own(&self) -> (bool, bool) {
        let retransmits = self.own.iter().any(|own| !own.retransmits.is_empty());
        (retransmits, self.own.iter().any(|own| own.deadline.is_some()))
    }

    /// The marks of a single cell, between two heights.
    pub(crate) fn own(&self, cell: usize, x: Scale, (top, bottom): (f64, f64)) -> Markup {
        html! {
            @if let Some(own) = self.own.get(cell) {
                @for &at in &own.retransmits {
                    @let at = at.as_nanos() as f64;
                    line.mark x1=(px(x.at(at))) x2=(px(x.at(at))) y1=(px(top)) y2=(px(bottom)) {
                        title { "the SYN is retransmitted " (seconds(at)) " after connect(2), in this cell" }
                    }
                }
                @if let Some(at) = own.deadline { (deadline(at, x, (top, bottom))) }
            }
        }
    }
}

/// The mark of a connect deadline, between two heights.
pub(crate) fn deadline(at: Duration, x: Scale, (top, bottom): (f64, f64)) -> Markup {
    let at = at.as_nanos() as f64;
    html! {
        line.limit x1=(px(x.at(at))) x2=(px(x.at(at))) y1=(px(top)) y2=(px(bottom)) {
            title { "the connect deadline: " (seconds(at)) " after connect(2)" }
        }
    }
}
