//! How long a connect could have waited in each cell: when its SYN is sent again,
//! and when it is given up. What concerns all cells, and what some alone.

use std::collections::BTreeSet;
use std::time::Duration;

use maud::{Markup, html};

use crate::axis::{Scale, seconds};
use crate::layout::px;
use crate::strip::Strip;
use run_view::Cell;
use run_view::Run;
use run_view::TrialView;

/// What is marked; times are nominal, from connect(2) on.
#[derive(Debug)]
pub(crate) struct SynWaits {
    /// When SYNs are sent again in every cell, as far as anybody was there to.
    pub(crate) again: Vec<Duration>,
    /// Of every cell, where somebody gave up at it.
    pub(crate) deadline: Option<Duration>,
    /// By the cells' numbers, what is not the same in all.
    own: Vec<Own>,
}

#[derive(Debug, Default)]
struct Own {
    again: Vec<Duration>,
    deadline: Option<Duration>,
}

/// What one cell's connects could do.
#[derive(Debug)]
struct Wait {
    ladder: Vec<Duration>,
    deadline: Option<Duration>,
    /// Somebody gave up at it.
    is_met: bool,
    /// When the last SYN can have been sent that anybody waited for.
    reach: Duration,
}

impl Wait {
    /// None of a cell without trials.
    fn new(run: &Run, cell: &Cell<'_>, strip: &Strip<'_>) -> Option<Self> {
        let cases = || cell.trials.iter().map(|trial| TrialView::new(&run.record, trial));
        let first = cases().next()?;
        let deadline = first.duration("load.connect_deadline");
        let gives_up = first.ladder().map(|ladder| ladder.timed_out);
        let last = [deadline, gives_up].into_iter().flatten().min().unwrap_or_default();
        let timed_out = cases().any(|case| case.timed_out() > 0);
        let waited = timed_out || cases().any(|case| case.waited() > 0);
        let connected = strip.ends().map_or(0, |(_, to)| to as u64);
        let connected = Duration::from_nanos(connected);
        Some(Self {
            ladder: first.syn_sent_again(),
            deadline,
            is_met: timed_out && deadline == Some(last),
            reach: if waited { last.max(connected) } else { connected },
        })
    }

    fn again(&self) -> impl Iterator<Item = Duration> {
        self.ladder.iter().copied().filter(|at| *at < self.reach)
    }
}

impl SynWaits {
    pub(crate) fn new(run: &Run, cells: &[Cell<'_>], strips: &[Strip<'_>]) -> Self {
        let waits = cells.iter().zip(strips).map(|(cell, strip)| Wait::new(run, cell, strip));
        let waits: Vec<_> = waits.collect();
        let all = || waits.iter().flatten();
        let again: BTreeSet<_> = all().flat_map(Wait::again).collect();
        let of_all = |at: &Duration| all().all(|wait| wait.ladder.contains(at));
        let again: Vec<_> = again.into_iter().filter(of_all).collect();
        let deadlines: BTreeSet<_> = all().map(|wait| wait.deadline).collect();
        let is_one = deadlines.len() == 1;
        let met = all().find(|wait| wait.is_met && is_one).and_then(|wait| wait.deadline);
        let own = |wait: &Option<Wait>| {
            wait.as_ref().map_or_else(Own::default, |wait| Own {
                again: wait.again().filter(|at| !again.contains(at)).collect(),
                deadline: wait.deadline.filter(|_| wait.is_met && !is_one),
            })
        };
        Self { own: waits.iter().map(own).collect(), deadline: met, again }
    }

    /// The first and the last that is marked.
    pub(crate) fn ends(&self) -> Option<(Duration, Duration)> {
        let own = self.own.iter().flat_map(|own| own.again.iter().chain(&own.deadline));
        let all = || own.clone().chain(&self.again).chain(&self.deadline).copied();
        Some((all().min()?, all().max()?))
    }

    /// Whether rows have marks of their own: SYNs, a deadline.
    pub(crate) fn has_own(&self) -> (bool, bool) {
        let again = self.own.iter().any(|own| !own.again.is_empty());
        (again, self.own.iter().any(|own| own.deadline.is_some()))
    }

    /// What a cell alone has, between two heights.
    pub(crate) fn own(&self, cell: usize, x: Scale, (top, bottom): (f64, f64)) -> Markup {
        html! {
            @if let Some(own) = self.own.get(cell) {
                @for &at in &own.again {
                    @let at = at.as_nanos() as f64;
                    line.mark x1=(px(x.at(at))) x2=(px(x.at(at))) y1=(px(top)) y2=(px(bottom)) {
                        title { "a SYN is sent again " (seconds(at)) " after connect(2), here" }
                    }
                }
                @if let Some(at) = own.deadline { (deadline(at, x, (top, bottom))) }
            }
        }
    }
}

/// A connect deadline between two heights.
pub(crate) fn deadline(at: Duration, x: Scale, (top, bottom): (f64, f64)) -> Markup {
    let at = at.as_nanos() as f64;
    html! {
        line.limit x1=(px(x.at(at))) x2=(px(x.at(at))) y1=(px(top)) y2=(px(bottom)) {
            title { "the connect deadline: " (seconds(at)) " after connect(2)" }
        }
    }
}
