//! Everything that a watch knows.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use watch_record::{Effort, LookGap, PeerConnection, Unseen, WatchedProcess};

use crate::closed::Closed;
use crate::listener_state::ListenerState;
use crate::namespace_state::NamespaceState;

/// Everything that a watch knows, shared by its threads.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) started_ns: u64,
    pub(crate) namespaces: BTreeMap<u64, NamespaceState>,
    /// By number.
    pub(crate) processes: HashMap<u32, OwnedProcess>,
    /// Processes that have each socket of a listener, by its inode; `None` before the first
    /// search that sought it.
    pub(crate) owners: HashMap<u32, Vec<u32>>,
    pub(crate) effort: Effort,
    /// When the last looks were, nanoseconds of the monotonic clock.
    pub(crate) look_times: VecDeque<u64>,
    /// Times without a look of the last minute.
    pub(crate) gaps: VecDeque<LookGap>,
    /// The listeners that closed in the last minute.
    pub(crate) closed: Closed,
    /// CPU time of this process: at the beginning, and lately.
    pub(crate) cpu: CpuReadings,
    /// What cannot be seen, by the part of the watch that found it.
    pub(crate) unseen: BTreeMap<&'static str, BTreeSet<(String, String)>>,
    pub(crate) selected: Option<Selected>,
    /// Namespaces that are gone and whose listeners dropped, at most [`MAX_GONE`].
    pub(crate) gone: Vec<GoneNamespace>,
}

/// A namespace that is gone.
#[derive(Debug, Clone)]
pub(crate) struct GoneNamespace {
    pub(crate) inode: u64,
    pub(crate) name: Option<String>,
    /// Drops of its listeners since the watch began.
    pub(crate) drops: u64,
}

/// Of more, the drops are added to those of the last.
pub(crate) const MAX_GONE: usize = 1_000;

/// A process that has a listener.
#[derive(Debug, Clone)]
pub(crate) struct OwnedProcess {
    pub(crate) process: WatchedProcess,
    pub(crate) container: Option<String>,
}

/// The CPU time of this process, nanoseconds.
#[derive(Debug, Clone, Default)]
pub(crate) struct CpuReadings {
    pub(crate) began_ns: u64,
    /// Times of the monotonic clock, with the CPU time at each: of about ten seconds.
    pub(crate) lately: VecDeque<(u64, u64)>,
}

/// The selected listener.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selected {
    pub(crate) id: u64,
    pub(crate) connections: Vec<PeerConnection>,
    pub(crate) omitted: u32,
    pub(crate) listed_ns: Option<u64>,
}

/// Looks whose times are kept.
const LOOK_TIMES: usize = 256;

/// A time without a look is a gap from this many intervals on.
const GAP_INTERVALS: u64 = 5;

/// How long gaps are kept.
const KEPT_NS: u64 = 60_000_000_000;

/// How long readings of the CPU time are kept.
const LATELY_NS: u64 = 10_000_000_000;

impl State {
    pub(crate) fn new(started_ns: u64, cpu_ns: u64, effort: Effort) -> Self {
        Self {
            started_ns,
            namespaces: BTreeMap::new(),
            processes: HashMap::new(),
            owners: HashMap::new(),
            effort,
            look_times: VecDeque::new(),
            gaps: VecDeque::new(),
            closed: Closed::default(),
            cpu: CpuReadings { began_ns: cpu_ns, lately: VecDeque::from([(started_ns, cpu_ns)]) },
            unseen: BTreeMap::new(),
            selected: None,
            gone: Vec::new(),
        }
    }

    /// Adds a look of all namespaces.
    pub(crate) fn looked(&mut self, at_ns: u64) {
        self.effort.looks += 1;
        let interval_ns = (self.effort.interval_seconds * 1e9) as u64;
        let gap = self.look_times.back().map(|&from_ns| LookGap { from_ns, to_ns: at_ns });
        let is_long = |gap: &LookGap| gap.to_ns - gap.from_ns > interval_ns * GAP_INTERVALS;
        self.gaps.extend(gap.filter(is_long));
        let begin_ns = at_ns.saturating_sub(KEPT_NS);
        while self.gaps.front().is_some_and(|gap| gap.to_ns <= begin_ns) {
            self.gaps.pop_front();
        }
        self.look_times.push_back(at_ns);
        if self.look_times.len() > LOOK_TIMES {
            self.look_times.pop_front();
        }
    }

    /// What was used until now is for the beginning, and says nothing of what goes on.
    pub(crate) fn has_begun(&mut self, now_ns: u64, cpu_ns: u64) {
        self.cpu.lately = VecDeque::from([(now_ns, cpu_ns)]);
    }

    /// Adds a reading of the CPU time of this process.
    pub(crate) fn used_cpu(&mut self, now_ns: u64, cpu_ns: u64) {
        let lately = &mut self.cpu.lately;
        lately.push_back((now_ns, cpu_ns));
        let begin_ns = now_ns.saturating_sub(LATELY_NS);
        while lately.get(1).is_some_and(|&(at_ns, _)| at_ns <= begin_ns) {
            lately.pop_front();
        }
    }

    /// The CPU time of this process over the readings that are kept, 1 for one CPU.
    pub(crate) fn recent_cpu_share(&self) -> f64 {
        match (self.cpu.lately.front(), self.cpu.lately.back()) {
            (Some((from_ns, from)), Some((to_ns, to))) if to_ns > from_ns => {
                to.saturating_sub(*from) as f64 / (to_ns - from_ns) as f64
            }
            _ => 0.0,
        }
    }

    /// Replaces what a part of the watch could not see.
    pub(crate) fn cannot_see(
        &mut self,
        part: &'static str,
        unseen: impl IntoIterator<Item = Unseen>,
    ) {
        let unseen = unseen.into_iter().map(|Unseen { what, why }| (what, why)).collect();
        self.unseen.insert(part, unseen);
    }

    /// The listener with this cookie, and its namespace.
    pub(crate) fn listener(&self, id: u64) -> Option<(&NamespaceState, &ListenerState)> {
        self.namespaces
            .values()
            .find_map(|namespace| Some((namespace, namespace.listeners.get(&id)?)))
    }
}
