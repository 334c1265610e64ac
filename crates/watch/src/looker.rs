//! The thread that looks at the listeners.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use linux_net::{monotonic_ns, process_cpu_ns};
use watch_record::Unseen;

use crate::budget::Budget;
use crate::clock::thread_cpu_ns;
use crate::commands::{LookerCommand, WalkerCommand};
use crate::listener_state::LookTime;
use crate::look::Looks;
use crate::state::State;

/// From one reading of the process's CPU time to the next, nanoseconds.
const CPU_INTERVAL_NS: u64 = 250_000_000;

/// By how much the share of looks changes at each reading if the process uses too much, or not,
/// and how little of it always stays.
const LESS: f64 = 0.96;
const MORE: f64 = 1.01;
const LEAST: f64 = 0.05;

/// Looks at the listeners of every namespace at an interval.
#[derive(Debug)]
pub(crate) struct Looker {
    pub(crate) state: Arc<Mutex<State>>,
    pub(crate) commands: Receiver<LookerCommand>,
    /// Receives a message when a listener has come or gone.
    pub(crate) walker: Sender<WalkerCommand>,
    pub(crate) interval_ns: u64,
    /// CPU time for looks, 1 for one CPU.
    pub(crate) share: f64,
    /// CPU time for all that this process does.
    pub(crate) max_share: f64,
    pub(crate) namespaces: BTreeMap<u64, Looks>,
}

impl Looker {
    /// Obeys the commands that wait, and looks once.
    pub(crate) fn look_once(&mut self) {
        while let Ok(command) = self.commands.try_recv() {
            self.obey(command);
        }
        self.look();
    }

    /// Looks until it is stopped.
    pub(crate) fn run(mut self) {
        let mut due_ns = monotonic_ns() + self.interval_ns;
        let mut budget = Budget::new(self.share, due_ns);
        let mut cpu_read_ns = 0;
        let mut share = self.share;
        loop {
            let wait = Duration::from_nanos(due_ns.saturating_sub(monotonic_ns()));
            match self.commands.recv_timeout(wait) {
                Ok(LookerCommand::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(LookerCommand::Finish) => {
                    self.look();
                    let mut state = self.state.lock().expect("no thread panics with the lock");
                    return state.used_cpu(monotonic_ns(), process_cpu_ns());
                }
                Ok(command) => {
                    self.obey(command);
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            let now_ns = monotonic_ns();
            // Of the looks that were due while this thread had no CPU, one is made.
            let late = now_ns.saturating_sub(due_ns) / self.interval_ns;
            due_ns += (late + 1) * self.interval_ns;
            let is_allowed = budget.allows(now_ns);
            if is_allowed {
                let cpu_ns = thread_cpu_ns();
                self.look();
                budget.charge(thread_cpu_ns() - cpu_ns);
            }
            let mut state = self.state.lock().expect("no thread panics with the lock");
            state.effort.missed_looks += late + u64::from(!is_allowed);
            if now_ns.saturating_sub(cpu_read_ns) >= CPU_INTERVAL_NS {
                cpu_read_ns = now_ns;
                state.used_cpu(monotonic_ns(), process_cpu_ns());
                share = self.adapted(share, state.recent_cpu_share());
                budget.set_share(share);
            }
        }
    }

    /// The share for looks, if the process uses this much in all: what shows the results may use
    /// more than was left for it, and looks are what can be made more rarely.
    fn adapted(&self, share: f64, used: f64) -> f64 {
        let changed = if used > self.max_share { share * LESS } else { share * MORE };
        changed.clamp(self.share * LEAST, self.share)
    }

    fn obey(&mut self, command: LookerCommand) {
        match command {
            LookerCommand::Add { inode, diag, files } => {
                self.namespaces.insert(inode, Looks::new(inode, diag, files));
            }
            LookerCommand::Remove { inode } => {
                self.namespaces.remove(&inode);
            }
            LookerCommand::Finish | LookerCommand::Stop => {}
        }
    }

    fn look(&mut self) {
        let mut has_changed = false;
        let mut failed = Vec::new();
        for looks in self.namespaces.values_mut() {
            let result = looks.look().map(drop);
            let mut state = self.state.lock().expect("no thread panics with the lock");
            // With the lock: what asks for changes until a moment has all until then.
            let at_ns = monotonic_ns();
            let time = LookTime { at_ns, started_ns: state.started_ns };
            match (result, state.namespaces.get_mut(&looks.inode)) {
                (Ok(()), Some(namespace)) => {
                    let is_first = !std::mem::replace(&mut namespace.is_looked_at, true);
                    let applied = looks.apply(namespace, time, is_first);
                    has_changed |= applied.has_changed;
                    state.closed(looks.inode, applied.closed, at_ns);
                }
                (Err(error), _) => failed.push(Unseen {
                    what: format!("the listeners of network namespace {}", looks.inode),
                    why: error.to_string(),
                }),
                (Ok(()), None) => {}
            }
        }
        let mut state = self.state.lock().expect("no thread panics with the lock");
        state.looked(monotonic_ns());
        if !failed.is_empty() || state.unseen.contains_key("looks") {
            state.cannot_see("looks", failed);
        }
        drop(state);
        if has_changed {
            // Fails if the walker has ended, which then has no use for it.
            let _ = self.walker.send(WalkerCommand::Changed);
        }
    }
}
