//! The smallest backlog for a burst, by simulation of random bursts.
//!
//! | module | contains |
//! |---|---|
//! | `settings` | the burst, and how many random ones show what was asked |
//! | `arrivals` | the random arrivals of each burst |
//! | `work` | the simulations, on all CPUs, and how many there were |
//! | `result` | the result of all bursts with one backlog |
//!
//! First the queues of each burst are computed with a backlog that drops nothing. A burst whose
//! queues are no longer than a backlog goes the same with it, so that only the others, which
//! are few with a backlog that is nearly enough, are simulated for each backlog.

mod arrivals;
mod result;
mod settings;
mod work;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::simulator::Summary;
use crate::syn_queue::required_max_syn_backlog;
use arrivals::Arrivals;
pub use result::BacklogResult;
pub use settings::{BurstSettings, Cookies};
use work::Threads;
pub use work::Work;

/// The random bursts that are simulated with every backlog.
#[derive(Debug)]
pub struct Bursts {
    settings: BurstSettings,
    arrivals: Arrivals,
    count: usize,
    results: BTreeMap<(Cookies, u32), BacklogResult>,
    /// Backlogs whose simulation was ended at the first late connection too many.
    too_small: BTreeSet<(Cookies, u32)>,
    unlimited: Option<Arc<Unlimited>>,
    threads: Threads,
    work: Arc<Work>,
}

/// The bursts with a backlog that drops nothing, with which `tcp_syncookies` has no effect.
#[derive(Debug)]
struct Unlimited {
    bursts: Vec<Summary>,
    /// With each value of `tcp_syncookies`, the backlog that each burst needs so that it changes
    /// nothing, and its number; the largest backlogs first.
    deepest_first: BTreeMap<Cookies, Vec<(u32, u32)>>,
}

/// What a server without SYN cookies needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WithoutCookies {
    /// The smallest backlog, which is also the limit of the SYN queue.
    pub backlog: u32,
    /// The largest number of half-open connections.
    pub half_open: u32,
    /// The smallest `tcp_max_syn_backlog` that allows so many.
    pub max_syn_backlog: i32,
}

impl Bursts {
    /// Bursts with Poisson arrivals: as many as a meaningful share of late attempts needs.
    pub fn new(settings: BurstSettings) -> Self {
        let count = settings.bursts();
        let work = Work::default();
        work.bursts.store(count as u64, Relaxed);
        Self {
            settings,
            arrivals: Arrivals::new(&settings),
            count,
            results: BTreeMap::new(),
            too_small: BTreeSet::new(),
            unlimited: None,
            threads: Threads::new(),
            work: Arc::new(work),
        }
    }

    /// The number of bursts: fewer, once too many connections of the first were late with a
    /// backlog that drops nothing.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How much has been simulated.
    pub fn work(&self) -> Arc<Work> {
        Arc::clone(&self.work)
    }

    /// The smallest backlog with which no more connections are late than may be. If the link
    /// loses segments of too many connections with any that was tried, it is one that drops
    /// nothing, and does not suffice.
    pub fn smallest_backlog(&mut self, cookies: Cookies) -> u32 {
        // The deepest queue of a backlog that drops nothing needs no more than itself.
        let (unlimited, older_rule) = (self.unlimited(), self.settings.older_rule());
        let queues = |burst: &Summary| burst.accept_queue.max(burst.syn_queue + older_rule);
        let deepest = unlimited.bursts.iter().map(queues).max().unwrap_or(0);
        let (mut too_small, mut enough) = (None, deepest.min(self.settings.connections));
        while too_small.map_or(enough > 0, |small: u32| enough - small > 1) {
            let middle = too_small.map_or(0, |small| small + 1).midpoint(enough);
            let middle = middle.min(enough - 1);
            if self.suffices(middle, cookies) {
                enough = middle;
            } else {
                too_small = Some(middle);
            }
        }
        enough
    }

    /// What the bursts need without SYN cookies; `None` without a round-trip time, because
    /// no connection then stays half-open.
    pub fn without_cookies(&mut self) -> Option<WithoutCookies> {
        if self.settings.round_trip.is_zero() {
            return None;
        }
        let backlog = self.smallest_backlog(Cookies::Never);
        let half_open = self.simulate(backlog, Cookies::Never).half_open;
        let max_syn_backlog = required_max_syn_backlog(half_open);
        Some(WithoutCookies { backlog, half_open, max_syn_backlog })
    }

    /// Simulates all bursts with a backlog, unless that was done before.
    pub fn simulate(&mut self, backlog: u32, cookies: Cookies) -> BacklogResult {
        if let Some(result) = self.results.get(&(cookies, backlog)) {
            return result.clone();
        }
        let affected = self.unlimited().longer_than(backlog, cookies);
        let changed = self.simulate_these(&affected, backlog, cookies, u64::MAX);
        let changed = changed.expect("no number of late connections ends this");
        self.keep(backlog, cookies, &affected, changed)
    }

    /// Simulates a backlog that is compared with the answer: if it changes very many
    /// connections, with the first bursts only.
    pub fn compare(&mut self, backlog: u32, cookies: Cookies) -> BacklogResult {
        let compared = self.settings.compared_bursts().min(self.unlimited().bursts.len());
        let mut affected = self.unlimited().longer_than(backlog, cookies);
        if affected.len() <= compared {
            return self.simulate(backlog, cookies);
        }
        affected.retain(|&burst| (burst as usize) < compared);
        let changed = self.simulate_these(&affected, backlog, cookies, u64::MAX);
        let changed = changed.expect("no number of late connections ends this");
        let bursts = self.with(backlog, &affected, changed, compared);
        BacklogResult::new(&bursts, u64::from(self.settings.connections))
    }

    /// Whether no more connections are late with a backlog than may be. The simulation ends at
    /// the first one too many.
    pub fn suffices(&mut self, backlog: u32, cookies: Cookies) -> bool {
        if let Some(result) = self.results.get(&(cookies, backlog)) {
            return result.late <= self.allowed();
        }
        if self.too_small.contains(&(cookies, backlog)) || self.surely_drops_too_many(backlog) {
            return false;
        }
        let unlimited = self.unlimited();
        let affected = unlimited.longer_than(backlog, cookies);
        let already = unlimited.bursts.iter().map(|burst| burst.late).sum::<u64>();
        let of_affected = affected.iter().map(|&burst| unlimited.bursts[burst as usize].late);
        // Unless those that are not affected have too many.
        let max_late = (self.allowed() + of_affected.sum::<u64>()).checked_sub(already);
        let changed = max_late
            .and_then(|max_late| self.simulate_these(&affected, backlog, cookies, max_late));
        match changed {
            Some(changed) => {
                self.keep(backlog, cookies, &affected, changed);
                true
            }
            None => {
                self.too_small.insert((cookies, backlog));
                false
            }
        }
    }

    fn simulate_these(
        &mut self,
        bursts: &[u32],
        backlog: u32,
        cookies: Cookies,
        max_late: u64,
    ) -> Option<Vec<Summary>> {
        let path = self.settings.path(backlog, cookies);
        self.threads.simulate(&path, &self.arrivals, bursts, max_late, &self.work)
    }

    /// Keeps the result of all bursts, of which these have changed.
    fn keep(
        &mut self,
        backlog: u32,
        cookies: Cookies,
        affected: &[u32],
        changed: Vec<Summary>,
    ) -> BacklogResult {
        let bursts = self.with(backlog, affected, changed, self.count);
        let result = BacklogResult::new(&bursts, u64::from(self.settings.connections));
        for cookies in self.equal_to(cookies, backlog, &bursts) {
            self.results.insert((cookies, backlog), result.clone());
        }
        result
    }

    /// The first `count` bursts with a backlog that changes these.
    fn with(
        &mut self,
        backlog: u32,
        affected: &[u32],
        changed: Vec<Summary>,
        count: usize,
    ) -> Vec<Summary> {
        let mut bursts = self.unlimited().bursts[..count].to_vec();
        // A burst with the same accept queue may have been answered with cookies.
        let held = self.settings.held_half_open(backlog);
        for burst in &mut bursts {
            burst.syn_queue = burst.syn_queue.min(held);
        }
        for (&burst, summary) in affected.iter().zip(changed) {
            bursts[burst as usize] = summary;
        }
        bursts
    }

    /// How many connections of all bursts may be late.
    fn allowed(&self) -> u64 {
        let attempts = self.count as u64 * u64::from(self.settings.connections);
        (self.settings.max_late_share * attempts as f64) as u64
    }

    /// The values of `tcp_syncookies` with which the bursts go as they did with this one: both,
    /// if the SYN queue was never full.
    fn equal_to(&self, cookies: Cookies, backlog: u32, bursts: &[Summary]) -> Vec<Cookies> {
        let longest = bursts.iter().map(|burst| burst.syn_queue).max().unwrap_or(0);
        match longest.saturating_add(self.settings.older_rule()) <= backlog {
            true => vec![Cookies::WhenFull, Cookies::Never],
            false => vec![cookies],
        }
    }

    /// Whether more connections are late with a backlog than may be, by the length of the queues
    /// with one that drops nothing.
    ///
    /// If only D − (backlog + 1) fewer connections entered the queue, it would still be as long
    /// as D: so many are late at least. A dropped one can change when others arrive, by the time
    /// that segments wait at the link: those of a queue there without drops, and the three of
    /// each late connection.
    fn surely_drops_too_many(&mut self, backlog: u32) -> bool {
        let least_late = |burst: &Summary| {
            let moved = 2 * u64::from(burst.link_queue) + burst.late + 2;
            u64::from(burst.accept_queue).saturating_sub(u64::from(backlog) + 1 + moved) / 4
        };
        self.unlimited().bursts.iter().map(least_late).sum::<u64>() > self.allowed()
    }

    /// The bursts with a backlog that drops nothing.
    fn unlimited(&mut self) -> Arc<Unlimited> {
        if let Some(unlimited) = &self.unlimited {
            return Arc::clone(unlimited);
        }
        let first = self.settings.compared_bursts();
        let mut bursts = self.measure(0..first);
        // A link that loses too much in these bursts is a reason not to wait for the others.
        if bursts.iter().map(|burst| burst.late).sum::<u64>() > self.allowed() {
            self.count = first;
            self.work.bursts.store(first as u64, Relaxed);
        } else {
            bursts.extend(self.measure(first..self.count));
        }
        let unlimited = Arc::new(Unlimited::new(bursts, self.settings.older_rule()));
        self.unlimited = Some(Arc::clone(&unlimited));
        unlimited
    }

    fn measure(&mut self, bursts: Range<usize>) -> Vec<Summary> {
        let path = self.settings.path(self.settings.connections, Cookies::WhenFull);
        self.threads.measure(&path, &self.arrivals, bursts, &self.work)
    }
}

impl Unlimited {
    fn new(bursts: Vec<Summary>, older_rule: u32) -> Self {
        let with = [Cookies::WhenFull, Cookies::Never];
        let deepest_first = with.map(|cookies| {
            let mut numbers = (0..)
                .zip(&bursts)
                .map(|(number, burst)| (needs(burst, older_rule, cookies), number))
                .collect::<Vec<(u32, u32)>>();
            numbers.sort_unstable_by_key(|&(needed, number)| (Reverse(needed), number));
            (cookies, numbers)
        });
        Self { bursts, deepest_first: deepest_first.into() }
    }

    /// The bursts that need more than a backlog not to be changed by it, those with the longest
    /// queues first.
    fn longer_than(&self, backlog: u32, cookies: Cookies) -> Vec<u32> {
        let bursts = self.deepest_first[&cookies].iter();
        bursts.take_while(|&&(needed, _)| needed > backlog).map(|&(_, number)| number).collect()
    }
}

/// The smallest backlog with which a burst goes as it does with a larger one.
fn needs(burst: &Summary, older_rule: u32, cookies: Cookies) -> u32 {
    // A SYN that found the longest SYN queue would have made it longer.
    let by_syns = (burst.syn_queue + older_rule).saturating_sub(1);
    match cookies {
        // Requests that cookies replace have no timers; without effect, they are not missed.
        Cookies::WhenFull if burst.is_undisturbed() => burst.accept_queue,
        Cookies::WhenFull | Cookies::Never => burst.accept_queue.max(by_syns),
    }
}

#[cfg(test)]
mod tests;
