//! What the walker does, and when.

use crate::budget::Budget;

/// Something that the walker does repeatedly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    Namespaces,
    Counters,
    Owners,
    Processes,
    Walk,
}

impl Task {
    /// In the order in which each finds what the next one needs.
    pub(crate) const ALL: [Self; 5] =
        [Self::Namespaces, Self::Counters, Self::Owners, Self::Processes, Self::Walk];

    /// The shortest time from one turn to the next, and the part of the walker's CPU time that it
    /// may use.
    const fn limits(self) -> (u64, f64) {
        const MS: u64 = 1_000_000;
        match self {
            Self::Namespaces => (1_000 * MS, 0.1),
            Self::Counters => (1_000 * MS, 0.15),
            Self::Owners => (5_000 * MS, 0.2),
            Self::Processes => (1_000 * MS, 0.15),
            Self::Walk => (1_000 * MS, 0.4),
        }
    }
}

/// From a change to the search for what belongs to it, nanoseconds.
const HURRY_NS: u64 = 50_000_000;

/// When each task is due, and what it may cost.
#[derive(Debug)]
pub(crate) struct Tasks {
    planned: [Planned; 5],
}

#[derive(Debug)]
struct Planned {
    task: Task,
    due_ns: u64,
    began_ns: u64,
    budget: Budget,
}

impl Tasks {
    /// All due an interval from now, with this CPU time for all, 1 for one CPU.
    pub(crate) fn new(now_ns: u64, share: f64) -> Self {
        let planned = Task::ALL.map(|task| {
            let (interval_ns, part) = task.limits();
            let budget = Budget::new(share * part, now_ns);
            Planned { task, due_ns: now_ns + interval_ns, began_ns: now_ns, budget }
        });
        Self { planned }
    }

    /// When the next is due, nanoseconds of the monotonic clock.
    pub(crate) fn next_due_ns(&self) -> u64 {
        self.planned.iter().map(|planned| planned.due_ns).min().unwrap_or(0)
    }

    /// A task that is due and may begin; those that may not wait for their budget.
    pub(crate) fn due(&mut self, now_ns: u64) -> Option<Task> {
        for planned in &mut self.planned {
            if planned.due_ns <= now_ns {
                if planned.budget.allows(now_ns) {
                    planned.began_ns = now_ns;
                    return Some(planned.task);
                }
                planned.due_ns = now_ns.saturating_add(planned.budget.wait_ns().max(1));
            }
        }
        None
    }

    /// A task has been done, at this cost: plans its next turn. The time from the beginning of
    /// this turn to that of the next.
    pub(crate) fn done(&mut self, task: Task, now_ns: u64, cost_ns: u64) -> u64 {
        let planned = self.of(task);
        planned.budget.charge(cost_ns);
        let (interval_ns, _) = task.limits();
        planned.due_ns =
            (planned.began_ns + interval_ns).max(now_ns.saturating_add(planned.budget.wait_ns()));
        planned.due_ns - planned.began_ns
    }

    /// Makes a task due soon, if its budget allows it.
    pub(crate) fn hurry(&mut self, task: Task) {
        let planned = self.of(task);
        planned.due_ns = planned.due_ns.min(planned.began_ns + HURRY_NS);
    }

    fn of(&mut self, task: Task) -> &mut Planned {
        let planned = self.planned.iter_mut().find(|planned| planned.task == task);
        planned.expect("every task is planned")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn a_cheap_task_keeps_its_interval_and_an_expensive_one_its_budget() {
        let mut tasks = Tasks::new(0, 0.01);
        assert_eq!(tasks.due(999 * MS), None);
        let mut now_ns = 1_000 * MS;
        assert_eq!(tasks.due(now_ns), Some(Task::Namespaces));
        assert_eq!(tasks.done(Task::Namespaces, now_ns, 1_000), 1_000 * MS);
        assert_eq!(tasks.due(now_ns), Some(Task::Counters));
        tasks.done(Task::Counters, now_ns, 1_000);
        assert_eq!(tasks.due(now_ns), Some(Task::Processes));
        tasks.done(Task::Processes, now_ns, 1_000);
        assert_eq!(tasks.due(now_ns), Some(Task::Walk));
        // 80 ms at 0.4 % of a CPU are earned in 20 s.
        let next_ns = tasks.done(Task::Walk, now_ns + 80 * MS, 80 * MS);
        assert!((19_000 * MS..=20_080 * MS).contains(&next_ns), "{next_ns}");
        tasks.hurry(Task::Walk);
        now_ns += HURRY_NS + 80 * MS;
        assert_ne!(tasks.due(now_ns), Some(Task::Walk));
    }

    #[test]
    fn what_is_hurried_is_done_soon_but_not_at_once() {
        let mut tasks = Tasks::new(0, 0.01);
        tasks.hurry(Task::Owners);
        assert_eq!(tasks.due(HURRY_NS - 1), None);
        assert_eq!(tasks.due(HURRY_NS), Some(Task::Owners));
        tasks.done(Task::Owners, HURRY_NS, 1);
        tasks.hurry(Task::Owners);
        assert_eq!(tasks.next_due_ns(), 2 * HURRY_NS);
    }
}
