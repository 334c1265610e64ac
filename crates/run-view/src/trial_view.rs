//! A trial with the settings that it ran under.

use std::time::Duration;

use linux_net::{Counter, Sysctl};
use queue_model::accept_queue::listen_limit;
use queue_model::syn_retry::SynRetry;
use run_record::{ListenerSummary, Outcome, RunRecord, StateSummary, TrialRecord};
use serde_json::Value;

use crate::number::total;

/// The listen limit's setting that decided, and the one that did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitingSetting {
    /// What listen(2) was given.
    Backlog,
    /// `net.core.somaxconn`.
    Somaxconn,
}

/// A trial with the settings that it ran under.
#[derive(Debug, Clone, Copy)]
pub struct TrialView<'a> {
    /// The trial as it was recorded.
    pub record: &'a TrialRecord,
    run: &'a RunRecord,
}

impl<'a> TrialView<'a> {
    /// The view of a trial of the run.
    pub fn new(run: &'a RunRecord, record: &'a TrialRecord) -> Self {
        Self { record, run }
    }

    /// The value of a scenario's setting in this trial's cell; none where it was
    /// left out, or is of a later version than the run.
    pub fn setting(&self, path: &str) -> Option<&'a Value> {
        let resolved = &self.run.scenario.resolved;
        let fixed = || path.split('.').try_fold(resolved, |value, step| value.get(step));
        self.record.point.get(path).or_else(fixed)
    }

    /// A setting that is a whole number.
    pub fn number(&self, path: &str) -> Option<i64> {
        self.setting(path)?.as_i64()
    }

    /// A setting that is a text.
    pub fn text(&self, path: &str) -> Option<&'a str> {
        self.setting(path)?.as_str()
    }

    /// A setting that is true or false; false where it is neither.
    pub fn is(&self, path: &str) -> bool {
        self.setting(path).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A setting that is a time.
    pub fn duration(&self, path: &str) -> Option<Duration> {
        humantime::parse_duration(self.text(path)?).ok()
    }

    /// Clients of the load that can answer: all but those of `load.half_open`.
    pub fn clients(&self) -> u64 {
        self.record.attempts.saturating_sub(self.half_open())
    }

    /// Clients that hear nothing, by design.
    pub fn half_open(&self) -> u64 {
        self.number("load.half_open").map_or(0, |n| n.max(0).cast_unsigned())
    }

    /// A sysctl in force at the server's host.
    pub fn server_sysctl(&self, sysctl: Sysctl) -> Option<&'a str> {
        self.record.sysctls.at_server(sysctl).or_else(|| self.run.sysctls.at_server(sysctl))
    }

    /// A sysctl in force at the client's host.
    pub fn client_sysctl(&self, sysctl: Sysctl) -> Option<&'a str> {
        self.record.sysctls.at_client(sysctl).or_else(|| self.run.sysctls.at_client(sysctl))
    }

    /// A sysctl of the server's host that is a number.
    pub fn server_number(&self, sysctl: Sysctl) -> Option<u32> {
        self.server_sysctl(sysctl)?.trim().parse().ok()
    }

    /// By how much a counter of the server's host rose.
    pub fn server(&self, counter: Counter) -> u64 {
        self.record.evidence.at_server(counter)
    }

    /// By how much a counter of the client's host rose.
    pub fn client(&self, counter: Counter) -> u64 {
        self.record.evidence.at_client(counter)
    }

    /// Attempts that ended so.
    pub fn ended(&self, outcome: Outcome) -> u64 {
        self.record.outcomes.get(outcome)
    }

    /// The setting that the last listen(2) took its backlog from, and that.
    pub fn backlog(&self) -> Option<(&'static str, i32)> {
        let released = || {
            let released = self.number("server.release_backlog")?;
            self.is("server.hold_acks").then_some(("server.release_backlog", released))
        };
        let (name, backlog) = released()
            .or_else(|| self.number("server.backlog").map(|backlog| ("server.backlog", backlog)))?;
        Some((name, i32::try_from(backlog).ok()?))
    }

    /// min(backlog, somaxconn), the limit of both queues of a listener: as the
    /// kernel showed it, or by its rule.
    pub fn limit(&self) -> Option<u32> {
        let shown = self.record.evidence.accept_queue.map(|queue| queue.limit);
        let by_rule =
            || Some(listen_limit(self.backlog()?.1, self.server_number(Sysctl::Somaxconn)?));
        shown.or_else(by_rule)
    }

    /// Which of the two it was; the backlog where they are equal.
    pub fn limiting_setting(&self) -> Option<LimitingSetting> {
        let (_, backlog) = self.backlog()?;
        let somaxconn = self.server_number(Sysctl::Somaxconn)?;
        let by_backlog = backlog >= 0 && backlog.cast_unsigned() <= somaxconn;
        Some(if by_backlog { LimitingSetting::Backlog } else { LimitingSetting::Somaxconn })
    }

    /// Whether this kernel's SYN queue is full at its limit already, as before
    /// commit 3479c7549fb1.
    pub fn syn_queue_full_at_limit(&self) -> bool {
        self.run.kernel_rules.syn_queue_full.as_deref() == Some("at_limit")
    }

    /// Listeners of the port.
    pub fn listeners(&self) -> u64 {
        self.number("server.listeners").map_or(1, |n| n.max(1).cast_unsigned())
    }

    /// The listeners, as the probe saw them.
    pub fn listeners_seen(&self) -> &'a [ListenerSummary] {
        self.record.evidence.probe.as_ref().map_or(&[], |probe| &probe.listeners)
    }

    /// The most connections seen in a single listener's accept queue: by the
    /// probe, or when every attempt was decided, where nothing was accepted before.
    pub fn deepest(&self) -> Option<u32> {
        let seen = self.listeners_seen().iter().map(|listener| listener.deepest).max();
        let alone = self.accepts_nothing() && self.listeners() == 1;
        let decided =
            || self.record.evidence.accept_queue.filter(|_| alone).map(|queue| queue.depth);
        seen.max(decided())
    }

    /// Nothing is accepted before every attempt is decided.
    pub fn accepts_nothing(&self) -> bool {
        self.is("server.accept_paused")
    }

    /// Attempts that timed out, but for those of `load.half_open`.
    pub fn timed_out(&self) -> u64 {
        self.ended(Outcome::TimedOut).saturating_sub(self.half_open())
    }

    /// A state that sockets of the server's host were seen in.
    pub fn state(&self, name: &str) -> Option<StateSummary> {
        let seen = *self.record.evidence.probe.as_ref()?.states.get(name)?;
        (seen.most > 0).then_some(seen)
    }

    /// What an unanswered SYN goes through at the client.
    pub fn ladder(&self) -> Option<SynRetry> {
        let number = |name| self.client_sysctl(name)?.trim().parse::<u8>().ok();
        let linear = number(Sysctl::TcpSynLinearTimeouts).unwrap_or(0);
        Some(SynRetry::new(number(Sysctl::TcpSynRetries)?, linear))
    }

    /// When an unanswered SYN is sent again, from connect(2) on; nominal.
    pub fn syn_sent_again(&self) -> Vec<Duration> {
        self.ladder().map(|ladder| ladder.retransmits).unwrap_or_default()
    }

    /// Attempts that sent their SYN again, but for as many as hear nothing.
    pub fn waited(&self) -> u64 {
        let waited = total(self.record.syn_retransmits.range(1..).map(|(_, &attempts)| attempts));
        waited.saturating_sub(self.half_open())
    }

    /// The most SYN retransmissions of an attempt.
    pub fn most_retransmits(&self) -> u32 {
        self.record.syn_retransmits.last_key_value().map_or(0, |(&most, _)| most)
    }
}
