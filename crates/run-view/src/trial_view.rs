//! A trial with the settings that it ran under.

use std::str::FromStr;
use std::time::Duration;

use linux_net::{Counter, Sysctl};
use queue_model::syn_queue::SynQueueFull;
use queue_model::syn_retry::SynRetry;
use run_record::{
    ClosedBecause, DestinationRecord, EndedBy, ListenerSummary, Outcome, PeakSource, RunRecord,
    StateSummary,
};
use serde_json::Value;

use crate::listen_limit::{LimitingSetting, ListenLimit};
use crate::trial::Trial;

/// The settings of a server that is not the lab's chat server.
struct OtherServer {
    /// Its key in the section `server`.
    section: &'static str,
    port: &'static str,
    backlog: &'static str,
    paused: &'static str,
}

const OTHER_SERVERS: [OtherServer; 2] = [
    OtherServer {
        section: "command",
        port: "server.command.port",
        backlog: "server.command.backlog",
        paused: "server.command.paused",
    },
    OtherServer {
        section: "image",
        port: "server.image.port",
        backlog: "server.image.backlog",
        paused: "server.image.paused",
    },
];

/// A trial with the settings that it ran under.
#[derive(Debug, Clone, Copy)]
pub struct TrialView<'a> {
    /// Its record.
    pub record: &'a Trial,
    run: &'a RunRecord,
}

impl<'a> TrialView<'a> {
    /// The view of a trial of the run.
    pub fn new(run: &'a RunRecord, record: &'a Trial) -> Self {
        Self { record, run }
    }

    /// The value of a scenario's setting in this trial's cell; `None` if it is not set, or
    /// newer than the run.
    pub fn setting(&self, path: &str) -> Option<&'a Value> {
        let resolved = &self.run.scenario.resolved;
        let fixed = || path.split('.').try_fold(resolved, |value, step| value.get(step));
        self.record.point.get(path).or_else(fixed)
    }

    /// An integer setting.
    pub fn number(&self, path: &str) -> Option<i64> {
        self.setting(path)?.as_i64()
    }

    /// A string setting.
    pub fn text(&self, path: &str) -> Option<&'a str> {
        self.setting(path)?.as_str()
    }

    /// A Boolean setting; false if it is not set.
    pub fn is_set(&self, path: &str) -> bool {
        self.setting(path).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A setting that is a duration.
    pub fn duration(&self, path: &str) -> Option<Duration> {
        humantime::parse_duration(self.text(path)?).ok()
    }

    /// The clients of the load except those of `load.half_open`.
    pub fn clients(&self) -> u64 {
        self.record.attempts.saturating_sub(self.half_open())
    }

    /// The clients of `load.half_open`, which never complete their handshake.
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

    /// The increase of a counter of the server's host.
    pub fn server(&self, counter: Counter) -> u64 {
        self.record.evidence.at_server(counter)
    }

    /// The increase of a counter of the client's host.
    pub fn client(&self, counter: Counter) -> u64 {
        self.record.evidence.at_client(counter)
    }

    /// Whether the counters of the server's host were read: a standalone load cannot. In a
    /// host that was read, some counter always changes.
    pub fn has_server_counters(&self) -> bool {
        self.record.evidence.server.are_read()
    }

    /// Whether the counters of the server's host were read, and this one did not increase.
    pub fn server_counted_none(&self, counter: Counter) -> bool {
        self.has_server_counters() && self.server(counter) == 0
    }

    /// How often accept(2) failed with this errno.
    pub fn accept_errors(&self, errno: &str) -> u64 {
        let server = self.record.server.as_ref();
        server.and_then(|server| server.accept_errors.get(errno)).copied().unwrap_or(0)
    }

    /// The clients that the server gave up because of this.
    pub fn closed(&self, because: ClosedBecause) -> u64 {
        let server = self.record.server.as_ref();
        server.and_then(|server| server.closed.get(&because)).copied().unwrap_or(0)
    }

    /// The messages that the server dropped for clients whose queue was full.
    pub fn dropped(&self) -> u64 {
        self.record.server.as_ref().map_or(0, |server| server.dropped)
    }

    /// The attempts with this outcome.
    pub fn attempts_with(&self, outcome: Outcome) -> u64 {
        self.record.outcomes.get(outcome)
    }

    /// The incomplete attempts that this ended.
    pub fn incomplete_by(&self, by: EndedBy) -> u64 {
        self.record.incomplete_by.get(&by).copied().unwrap_or(0)
    }

    /// The section of a server that is not the lab's chat server.
    fn other_server(&self) -> Option<&'static OtherServer> {
        let server = self.run.scenario.resolved.get("server");
        let is_it = |other: &&OtherServer| {
            let prefix = format!("server.{}.", other.section);
            let is_resolved = server.is_some_and(|server| server.get(other.section).is_some());
            is_resolved || self.record.point.keys().any(|path| path.starts_with(&prefix))
        };
        OTHER_SERVERS.iter().find(is_it)
    }

    /// Whether the server is the lab's own, whose settings are those of the section `server`.
    pub fn is_chat(&self) -> bool {
        self.other_server().is_none()
    }

    /// Whether clients and the server exchanged the messages of a chat.
    pub fn is_chat_dialogue(&self) -> bool {
        self.setting("load.dialogue").is_none_or(|dialogue| dialogue == "chat")
    }

    /// Whether attempts went to several destinations, each with queues of its own: then nothing
    /// that is about the only one is known.
    pub fn has_destinations(&self) -> bool {
        !self.record.destinations.is_empty()
    }

    /// What happened at the destination with this port; `None` unless there are several.
    pub fn destination(&self, port: u16) -> Option<&'a DestinationRecord> {
        self.record.destinations.iter().find(|destination| destination.address.port() == port)
    }

    /// The setting that limits the queues of one of several destinations, if the limit that the
    /// kernel reports follows from the settings.
    pub fn limiting_setting_on(&self, port: u16) -> Option<String> {
        let other = self.other_server()?;
        let path = match self.number(other.port) == Some(port.into()) {
            true => other.backlog.to_owned(),
            false => format!("{}s.{port}", other.backlog),
        };
        let somaxconn = self.server_number(Sysctl::Somaxconn)?;
        let limit = ListenLimit::new(other.backlog, self.number(&path)?, somaxconn)?;
        let reported = self.destination(port)?.accept_queue?.limit;
        (limit.limit() == reported).then(|| match limit.limiting() {
            LimitingSetting::Backlog => path,
            LimitingSetting::Somaxconn => Sysctl::Somaxconn.name().to_owned(),
        })
    }

    /// Whether the port of the server's settings is the only destination.
    fn goes_to_own_port(&self) -> bool {
        let own = || self.number(self.other_server().map_or("server.port", |other| other.port));
        match self.setting("load.destinations").and_then(Value::as_array).map(Vec::as_slice) {
            None | Some([]) => true,
            Some([only]) => only.get("port").unwrap_or(only).as_i64() == own(),
            Some(_) => false,
        }
    }

    /// The limit that the first listen(2) set, by the settings: that of the SYN queue while
    /// clients connect. `None` also if the backlog of a program is not stated, or attempts go
    /// elsewhere.
    pub fn first_listen(&self) -> Option<ListenLimit> {
        if !self.goes_to_own_port() {
            return None;
        }
        self.listen(self.other_server().map_or("server.backlog", |other| other.backlog))
    }

    /// The command line of a server that is a program.
    pub fn command(&self) -> Option<Vec<&'a str>> {
        self.setting("server.command.program")?.as_array()?.iter().map(Value::as_str).collect()
    }

    /// The limit that the last listen(2) set, by the settings.
    pub fn last_listen(&self) -> Option<ListenLimit> {
        const RELEASE: &str = "server.release_backlog";
        match self.holds_acks() && self.number(RELEASE).is_some() {
            true => self.listen(RELEASE),
            false => self.first_listen(),
        }
    }

    fn listen(&self, setting: &'static str) -> Option<ListenLimit> {
        let somaxconn = self.server_number(Sysctl::Somaxconn)?;
        ListenLimit::new(setting, self.number(setting)?, somaxconn)
    }

    /// min(backlog, somaxconn), the limit of both queues of a listener after the last
    /// listen(2): as the kernel reported it, else computed.
    pub fn limit(&self) -> Option<u32> {
        let reported = self.record.evidence.accept_queue.map(|queue| queue.limit);
        reported.or_else(|| Some(self.last_listen()?.limit()))
    }

    /// The limit of a listener's SYN queue while clients connect.
    pub fn syn_queue_limit(&self) -> Option<u32> {
        match self.holds_acks() {
            true => Some(self.first_listen()?.limit()),
            false => self.limit(),
        }
    }

    /// Whether the reported limit follows from the settings: a server can call listen(2) with
    /// another backlog.
    pub fn limit_is_that_of_the_settings(&self) -> bool {
        let computed = self.last_listen().map(ListenLimit::limit);
        computed.is_some() && computed == self.limit()
    }

    /// Whether a filter of the listener drops last ACKs until every client has connected.
    pub fn holds_acks(&self) -> bool {
        self.is_set("server.hold_acks")
    }

    /// When this kernel considers a SYN queue full; `None` if the run has not determined it.
    pub fn syn_queue_full(&self) -> Option<SynQueueFull> {
        match self.run.kernel_rules.syn_queue_full.as_deref()? {
            "at_limit" => Some(SynQueueFull::AtOrAbove),
            "more_than_limit" => Some(SynQueueFull::Above),
            _ => None,
        }
    }

    /// The number of listeners.
    pub fn listeners(&self) -> u64 {
        self.number("server.listeners").map_or(1, |n| n.max(1).cast_unsigned())
    }

    /// The probe's summaries of the listeners.
    pub fn listener_summaries(&self) -> &'a [ListenerSummary] {
        self.record.evidence.probe.as_ref().map_or(&[], |probe| &probe.listeners)
    }

    /// The largest number of connections observed in one listener's accept queue: by the
    /// probe or the server, or after the last attempt was decided if nothing was accepted
    /// before. A counter that says that it was full is no observation.
    pub fn max_depth(&self) -> Option<u32> {
        let sampled = self.listener_summaries().iter().map(|listener| listener.deepest).max();
        let is_single = self.listeners() == 1 && !self.has_destinations();
        let is_final = self.accepts_nothing() && is_single;
        let last = self.record.evidence.accept_queue.filter(|_| is_final);
        let peak = self.record.evidence.deepest_queue;
        let read = peak.filter(|peak| is_single && peak.shown_by != PeakSource::Overflow);
        sampled.max(last.map(|queue| queue.depth)).max(read.map(|peak| peak.at_least))
    }

    /// Whether no accept queue can have held more than [`Self::max_depth`]: samples can miss a
    /// queue that was deeper between two of them.
    pub fn depth_is_exact(&self) -> bool {
        let peak = self.record.evidence.deepest_queue;
        let is_bounded = peak.is_some_and(|peak| peak.at_most == Some(peak.at_least));
        !self.has_destinations() && self.listeners() == 1 && (is_bounded || self.accepts_nothing())
    }

    /// Whether nothing is accepted before every attempt is decided.
    pub fn accepts_nothing(&self) -> bool {
        self.is_set(self.other_server().map_or("server.accept_paused", |other| other.paused))
    }

    /// The attempts that timed out, except those of `load.half_open`.
    pub fn timed_out(&self) -> u64 {
        self.attempts_with(Outcome::TimedOut).saturating_sub(self.half_open())
    }

    /// How many sockets of the server's host were in a state; `None` if none were observed.
    pub fn state(&self, name: &str) -> Option<StateSummary> {
        let summary = self.record.evidence.probe.as_ref()?.state(name)?;
        (summary.most > 0).then_some(summary)
    }

    /// The retransmissions of an unanswered SYN by the client's sysctls.
    pub fn syn_retry(&self) -> Option<SynRetry> {
        self.syn_retry_after(self.client_number(Sysctl::TcpSynLinearTimeouts).unwrap_or(0))
    }

    /// As [`Self::syn_retry`], if tcp_syn_linear_timeouts were `linear`.
    pub fn syn_retry_after(&self, linear: u8) -> Option<SynRetry> {
        let retries = self.client_number(Sysctl::TcpSynRetries)?;
        // A kernel without this sysctl has its default.
        if self.client_sysctl(Sysctl::TcpRtoMaxMs).is_none() {
            return Some(SynRetry::new(retries, linear));
        }
        let longest = Duration::from_millis(self.client_number(Sysctl::TcpRtoMaxMs)?);
        Some(SynRetry::with_rto_max(retries, linear, longest))
    }

    /// A sysctl of the client's host that is a number.
    fn client_number<T: FromStr>(&self, sysctl: Sysctl) -> Option<T> {
        self.client_sysctl(sysctl)?.trim().parse().ok()
    }

    /// The nominal times of an unanswered SYN's retransmissions, since connect(2).
    pub fn syn_retransmit_times(&self) -> Vec<Duration> {
        self.syn_retry().map(|retry| retry.retransmits).unwrap_or_default()
    }

    /// The attempts that retransmitted their SYN, less those of `load.half_open`.
    pub fn retransmitting_attempts(&self) -> u64 {
        self.record.retransmitting_attempts().saturating_sub(self.half_open())
    }

    /// The largest number of SYN retransmissions of an attempt.
    pub fn max_retransmits(&self) -> u32 {
        self.record.syn_retransmits.last_key_value().map_or(0, |(&most, _)| most)
    }
}
