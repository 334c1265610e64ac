//! A run in progress, followed: what its page shows of it.

mod breaches;
mod cells;
mod queue;

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use jiff::Timestamp;
use maud::{Markup, html};
use run_record::{
    Interleaved, InterleavedRole, Live, LivePhase, LiveTrial, RunDirectory, RunRecord, TrialRecord,
    TryId,
};
use run_view::written_point;
use serde_json::Value;

use self::breaches::Breaches;
use self::cells::Cells;
use self::queue::History;
use crate::runs::Place;

/// How long a run that has ended may take over its report.
const REPORT: Duration = Duration::from_secs(30);

/// The parts of the page, as HTML.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) progress: String,
    pub(crate) now: String,
    pub(crate) cells: String,
    /// There once the run has ended.
    pub(crate) end: Option<String>,
    /// Nothing more will come.
    pub(crate) is_last: bool,
}

/// A run that is followed: of its trials each is read once.
pub(crate) struct Followed {
    place: Place,
    record: RunRecord,
    /// Bytes of its trials that have been read.
    read: u64,
    done: HashSet<TryId>,
    cells: Cells,
    breaches: Breaches,
    /// Why the trials cannot be read.
    fault: Option<String>,
    /// Of each trial that runs side by side with others; else one of all trials.
    histories: BTreeMap<u32, History>,
    /// When it was first seen not to run any more.
    ended: Option<Instant>,
}

impl Followed {
    /// A run from its beginning.
    pub(crate) fn new(place: Place, record: RunRecord) -> Self {
        let cells = Cells::of(&record);
        Self {
            place,
            record,
            read: 0,
            done: HashSet::new(),
            cells,
            breaches: Breaches::default(),
            fault: None,
            histories: BTreeMap::new(),
            ended: None,
        }
    }

    /// How it is now.
    pub(crate) fn look(&mut self) -> Shown {
        // Before the rest: what it has written until then is read below.
        let is_running = self.place.is_running();
        let live = Live::read(&self.place.path).unwrap_or_default();
        self.read_trials();
        let is_ours = |trial: &LiveTrial| !self.done.contains(&trial.try_id());
        let trials: Vec<_> = live.trials.into_iter().filter(is_ours).collect();
        self.remember(&trials);
        let running: HashSet<u32> = trials.iter().map(|trial| trial.cell).collect();
        let mut shown = Shown {
            progress: self.progress(is_running).0,
            now: html! { @for trial in &trials { (self.trial(trial)) } }.0,
            cells: self.cells.written(&running, &self.breaches.by_cell()).0,
            ..Shown::default()
        };
        if !is_running {
            let since = *self.ended.get_or_insert_with(Instant::now);
            let (end, is_last) = self.end(since.elapsed());
            (shown.end, shown.is_last) = (Some(end.0), is_last);
        }
        shown
    }

    fn read_trials(&mut self) {
        let read = self.place.check().and_then(|()| {
            RunDirectory::read_trials_from(&self.place.path, self.read)
                .map_err(|error| error.to_string())
        });
        match read {
            Ok((trials, read)) => {
                (self.read, self.fault) = (read, None);
                trials.iter().for_each(|trial| self.add(trial));
            }
            Err(fault) => self.fault = Some(fault),
        }
    }

    fn add(&mut self, trial: &TrialRecord) {
        self.done.insert(trial.try_id());
        self.cells.add(trial);
        self.breaches.add(trial);
    }

    /// Planned trials that have been run, be it more than once.
    fn trials_done(&self) -> usize {
        self.done.iter().filter(|id| id.retry == 0).count()
    }

    /// What histories trials have: of those in turn there is one of all.
    fn lane(&self, trial: &LiveTrial) -> u32 {
        match self.record.scenario.resolved["side_by_side"] == Value::Bool(true) {
            true => trial.id.saturating_add(1),
            false => 0,
        }
    }

    fn remember(&mut self, trials: &[LiveTrial]) {
        let lanes: HashSet<u32> = trials.iter().map(|trial| self.lane(trial)).collect();
        self.histories.retain(|lane, _| *lane == 0 || lanes.contains(lane));
        for trial in trials {
            if let Some(queues) = &trial.queues {
                self.histories.entry(self.lane(trial)).or_default().add(queues);
            }
        }
    }

    fn progress(&self, is_running: bool) -> Markup {
        let (done, planned) = (self.trials_done(), self.record.planned_trials as usize);
        let failed = self.breaches.number();
        let told = self.breaches.told();
        let again = self.breaches.made_good();
        let left = self.seconds_left().filter(|_| is_running);
        html! {
            p.progress {
                strong { (done) " of " (planned) " trials" }
                progress value=(done) max=(planned.max(1)) {}
                span.quiet {
                    @match left {
                        Some(seconds) => { "about " (duration(seconds)) " left" }
                        None if is_running && done < planned => "time left: not known yet",
                        None => {}
                    }
                }
            }
            @if failed > 0 {
                div.failed role="alert" {
                    strong { "✗ " (run_view::prose::several(failed as u64, "check")) " failed" }
                    ul { @for breach in &told { li { (breach) } } }
                    @if failed > told.len() { p { "… and " (failed - told.len()) " more" } }
                }
            }
            @if again > 0 {
                p { (run_view::prose::several(again as u64, "trial")) " held only when run again" }
            }
            @if let Some(fault) = &self.fault { p.failed { "failed to " (fault) } }
        }
    }

    /// As if the rest took as long for each trial as those of this session, which
    /// may have been resumed after others; counted from the last that ended.
    fn seconds_left(&self) -> Option<f64> {
        let began = self.record.resumed.last().copied().unwrap_or(self.record.started);
        let (done, last) = self.cells.since(began)?;
        let left = (self.record.planned_trials as usize).saturating_sub(self.trials_done());
        let each = last.duration_since(began).as_secs_f64() / done as f64;
        let gone = Timestamp::now().duration_since(last).as_secs_f64();
        (left > 0).then(|| (each * left as f64 - gone).max(1.0))
    }

    fn trial(&self, trial: &LiveTrial) -> Markup {
        let phase = match trial.phase {
            LivePhase::Preparing => "preparing its hosts",
            LivePhase::Connecting => "connecting",
            LivePhase::Lingering => "connections left as they stand",
            LivePhase::Chatting => "accepting and chatting",
            LivePhase::Closing => "closing",
            LivePhase::Restarting => "server stopped",
        };
        let gone = Timestamp::now().duration_since(trial.began).as_secs_f64().max(0.0);
        html! {
            div.trial data-trial=(trial.id) data-phase=(phase) {
                p {
                    strong { (place(&trial.point)) }
                    span.quiet { " · repetition " (u64::from(trial.repetition) + 1) " · " (phase) " · " (format!("{gone:.1} s")) }
                }
                @match &trial.queues {
                    Some(queues) => (queue::bar(queues)),
                    None => p.quiet { "its queues have not been seen yet" },
                }
                @if let Some(history) = self.histories.get(&self.lane(trial)) {
                    (history.sparkline())
                }
            }
        }
    }

    /// The run to go on with: a baseline goes on with the run that it is one of.
    fn to_resume(&self) -> PathBuf {
        match &self.record.interleaved {
            Some(Interleaved { role: InterleavedRole::Baseline, with }) => {
                self.place.path.with_file_name(with)
            }
            _ => self.place.path.clone(),
        }
    }

    /// What a run that runs no more came to, and whether that is all there will be.
    fn end(&mut self, since: Duration) -> (Markup, bool) {
        // Its end, which is not in the record of its beginning; once it is known, only
        // the report is waited for.
        if self.record.ended.is_none()
            && let Ok((record, _)) = self.place.read()
        {
            self.record = record;
        }
        let page = self.place.link();
        let (done, planned) = (self.trials_done(), self.record.planned_trials);
        let report = self.place.has_report().then(|| format!("{page}/report.html"));
        let is_finished = self.record.ended.is_some();
        let is_last = !is_finished || report.is_some() || since >= REPORT;
        let markup = html! {
            p.end {
                @if !is_finished {
                    strong { "The run was stopped: " (done) " of " (planned) " trials are kept." }
                    " " code { "queuelab run --resume " (self.to_resume().display()) } " does the rest. "
                } @else if self.breaches.number() == 0 {
                    strong.held { "✓ The run has ended." } " "
                } @else {
                    strong.failed { "✗ The run has ended." } " "
                }
                @match (&report, is_last) {
                    (Some(report), _) => {
                        a href=(report) { "The report, with its charts" } " · "
                        a href=(page) { "its summary" }
                    }
                    (None, false) => "Its report is being written.",
                    (None, true) => a href=(page) { "Its summary" },
                }
            }
        };
        (markup, is_last)
    }
}

/// A point on the axes in words, as the reports write it.
fn place(point: &IndexMap<String, Value>) -> String {
    match written_point(point.iter().map(|(path, at)| (path.as_str(), at))) {
        nowhere if nowhere.is_empty() => "the only cell".to_owned(),
        place => place,
    }
}

/// A time to wait, roughly: `40 s`, `12 min`, `3 h`.
fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{} s", s.ceil()),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.0} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// What is said of a stopped run of the kept one's first two trials, each twice.
    fn stopped(interleaved: Option<Interleaved>) -> String {
        let root = tempfile::tempdir().unwrap();
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs/sweep");
        let (mut record, mut trials) = RunDirectory::read(&kept).unwrap();
        (record.ended, record.interleaved) = (None, interleaved);
        trials.truncate(2);
        trials.extend(trials.clone().into_iter().map(|trial| TrialRecord { retry: 1, ..trial }));
        let mut directory = RunDirectory::create(root.path(), &record).unwrap();
        trials.iter().for_each(|trial| directory.append(trial).unwrap());
        let path = directory.path().to_owned();
        drop(directory);
        let (scenario, time) = ("sweep".to_owned(), "now".to_owned());
        let mut followed = Followed::new(Place { scenario, time, path }, record);
        followed.look().end.unwrap()
    }

    #[test]
    fn a_stopped_run_tells_its_trials_and_not_their_tries() {
        let told = stopped(None);
        assert!(told.contains("2 of 16 trials are kept"), "{told}");
    }

    #[test]
    fn a_stopped_baseline_goes_on_with_the_run_that_it_is_one_of() {
        let with = "the-new-one".to_owned();
        let told = stopped(Some(Interleaved { role: InterleavedRole::Baseline, with }));
        assert!(told.contains("/the-new-one</code>"), "{told}");
    }
}
