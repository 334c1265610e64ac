//! No sentence contradicts the settings in force or the evidence of its trials.
//!
//! The oracle reads the records as JSON, by the names that the files have. It shares nothing
//! with the conditions of the sentences.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use report::{Claim, Paragraph, ParagraphKind, Run, Sentence, why};
use run_record::{EndedBy, LeftSockets, Outcome, Restart, ServerMetrics, TrialRecord};
use serde_json::{Value, json};

use crate::fixture::{Change, Fixture};

/// A trial and its run as files contain them.
struct Record<'a> {
    run: &'a Value,
    trial: Value,
}

impl Record<'_> {
    /// The increase of a counter of a host.
    fn counter(&self, host: &str, name: &str) -> u64 {
        self.trial["evidence"][host][name].as_i64().unwrap_or(0).max(0).unsigned_abs()
    }

    fn is_server_read(&self) -> bool {
        self.trial["evidence"]["server"].as_object().is_some_and(|counters| !counters.is_empty())
    }

    fn sysctl(&self, host: &str, name: &str) -> Option<String> {
        let of = |record: &Value| record["sysctls"][host][name].as_str().map(str::to_owned);
        of(&self.trial).or_else(|| of(self.run))
    }

    fn server_number(&self, name: &str) -> Option<i64> {
        self.sysctl("server", name)?.parse().ok()
    }

    fn setting(&self, path: &str) -> &Value {
        let at = &self.trial["point"][path];
        let pointer = format!("/{}", path.replace('.', "/"));
        let resolved =
            || self.run["scenario"]["resolved"].pointer(&pointer).unwrap_or(&Value::Null);
        if at.is_null() { resolved() } else { at }
    }

    fn number(&self, path: &str) -> i64 {
        self.setting(path).as_i64().unwrap_or(0)
    }

    fn is_set(&self, path: &str) -> bool {
        self.setting(path).as_bool().unwrap_or(false)
    }

    /// The backlog as the kernel compares it: unsigned.
    fn backlog(&self) -> u64 {
        let path = match self.is_set("server.hold_acks") {
            true => "server.release_backlog",
            false => "server.backlog",
        };
        let path = if self.setting(path).is_null() { "server.backlog" } else { path };
        u64::from((self.number(path) as i32).cast_unsigned())
    }

    fn somaxconn(&self) -> u64 {
        self.server_number("net.core.somaxconn").unwrap_or(0).unsigned_abs()
    }

    /// Attempts that retransmitted their SYN, except the half-open ones.
    fn retransmitting(&self) -> i64 {
        let by_times = self.trial["syn_retransmits"].as_object().unwrap();
        let attempts = by_times.iter().filter(|(times, _)| *times != "0");
        let all: i64 = attempts.map(|(_, n)| n.as_i64().unwrap()).sum();
        all - self.number("load.half_open")
    }

    fn accept_errors(&self, errno: &str) -> u64 {
        self.trial["server"]["accept_errors"][errno].as_u64().unwrap_or(0)
    }

    /// Whether a thread could not be started.
    fn no_threads(&self) -> bool {
        let threads = self.trial["server"]["thread_errors"].as_object();
        let failed = threads.is_some_and(|threads| threads.values().any(|n| n.as_u64() > Some(0)));
        failed || self.accept_errors("EAGAIN") > 0
    }

    fn outcome(&self, outcome: Outcome) -> u64 {
        self.trial["outcomes"][outcome.name()].as_u64().unwrap()
    }

    /// Whether a claim is true of this trial.
    fn supports(&self, claim: Claim) -> bool {
        match claim {
            Claim::ServerCounted(counter) => self.counter("server", counter.name()) > 0,
            Claim::ServerCountedNone(counter) => {
                self.is_server_read() && self.counter("server", counter.name()) == 0
            }
            Claim::ClientCounted(counter) => self.counter("client", counter.name()) > 0,
            Claim::Ended(outcome) => self.outcome(outcome) > 0,
            Claim::NoneEnded(outcome) => self.outcome(outcome) == 0,
            Claim::IncompleteBy(by) => {
                self.trial["incomplete_by"][by.name()].as_u64().unwrap_or(0) > 0
            }
            Claim::IncompleteByUnknown => self.trial["incomplete_by"].is_null(),
            Claim::SynRetransmitted => self.retransmitting() > 0,
            Claim::NoSynRetransmitted => self.retransmitting() <= 0,
            Claim::Observed(state) => {
                self.trial["evidence"]["probe"]["states"][state]["most"].as_u64().unwrap_or(0) > 0
            }
            Claim::CloseWait => self.trial["evidence"]["left"]["close_wait"].as_u64() > Some(0),
            Claim::ServerDied => !self.trial["server_died"].is_null(),
            Claim::ThreadFailed => self.no_threads(),
            Claim::AcceptFailed(errno) => self.accept_errors(errno) > 0,
            Claim::NoAcceptFailed => {
                let errnos = ["EMFILE", "ENFILE", "ENOMEM", "ENOBUFS"];
                !self.no_threads() && errnos.iter().all(|errno| self.accept_errors(errno) == 0)
            }
            Claim::ServerSysctl(name, value) => self.server_number(name.name()) == Some(value),
            Claim::SetServerSysctl(name, value) => {
                self.server_number(name.name()).is_some_and(|now| now != value)
            }
            Claim::RaiseServerSysctl(name, 0) if name.name() == "net.ipv4.tcp_max_syn_backlog" => {
                let max = self.server_number(name.name()).unwrap_or(0).unsigned_abs();
                max - max / 4 < self.backlog().min(self.somaxconn())
            }
            Claim::RaiseServerSysctl(_, 0) => self.somaxconn() < self.backlog(),
            Claim::RaiseServerSysctl(name, to) => {
                self.server_number(name.name()).is_some_and(|now| now.unsigned_abs() < to)
            }
            Claim::RaiseBacklog(0) => self.backlog() < self.somaxconn(),
            Claim::RaiseBacklog(to) => self.backlog() < to,
            Claim::RaiseLimit(0) => self.backlog() == self.somaxconn(),
            Claim::RaiseLimit(to) => self.backlog().min(self.somaxconn()) < to,
            Claim::Set(path, to) => match self.setting(path) {
                Value::String(now) => now != to,
                now => *now != json!(to == "true"),
            },
            Claim::WidenPortRange => {
                let range = self.sysctl("client", "net.ipv4.ip_local_port_range");
                range.is_some_and(|range| range.split_whitespace().ne(["1", "65535"]))
            }
        }
    }

    /// Whether a sentence with these words may be said of this trial.
    fn allows(&self, words: &str) -> Result<(), String> {
        let server = |name: &str| self.counter("server", name);
        let incomplete = |by: EndedBy| self.supports(Claim::IncompleteBy(by));
        for (phrase, holds) in [
            ("retransmitted SYN-ACK", server("TcpExt.TCPSynRetrans") > 0),
            ("SYN-ACKs are still retransmitted", server("TcpExt.TCPSynRetrans") > 0),
            (
                "SYN-ACKs are still retransmitted",
                self.server_number("net.ipv4.tcp_syncookies") != Some(2),
            ),
            ("no SYN-ACK was repeated", server("TcpExt.TCPSynRetrans") == 0),
            (
                "tcp_abort_on_overflow 1 the clients get",
                self.server_number("net.ipv4.tcp_abort_on_overflow") == Some(0),
            ),
            (
                "1 a SYN that finds it full gets a cookie",
                self.server_number("net.ipv4.tcp_syncookies") == Some(0),
            ),
            ("cookie that finds it full leaves nothing", server("TcpExt.SyncookiesRecv") > 0),
            ("were forgotten", server("TcpExt.SyncookiesRecv") > 0),
            ("found the accept queue full", server("TcpExt.ListenOverflows") > 0),
            ("ListenDrops is 0)", self.is_server_read() && server("TcpExt.ListenDrops") == 0),
            ("A SYN is dropped silently", server("TcpExt.ListenDrops") > 0),
            ("are not known here", !self.is_server_read()),
            ("accepted nothing", self.is_set("server.accept_paused")),
            ("it closes first", self.setting("server.closes_first") == "server"),
            ("were not done at load.finish_deadline", incomplete(EndedBy::FinishDeadline)),
            ("given up at load.connect_deadline", incomplete(EndedBy::ConnectDeadline)),
            ("process closed", incomplete(EndedBy::Server)),
            ("the load had not written", incomplete(EndedBy::LateLoad)),
            ("with EMFILE", self.accept_errors("EMFILE") > 0),
            ("in CLOSE_WAIT after", self.supports(Claim::CloseWait)),
            ("reject", self.is_server_read() && server("Tcp.OutRsts") == 0),
            ("answered SYNs with an RST", server("Tcp.OutRsts") > 0),
        ] {
            if words.contains(phrase) && !holds {
                return Err(format!("{phrase:?} does not hold: {words}"));
            }
        }
        Ok(())
    }
}

/// Settings and evidence from a list of random numbers; values at the limits are frequent.
struct Source<'a> {
    numbers: std::slice::Iter<'a, u32>,
    /// One count of so many is not 0: with few of them, most causes are shown.
    sparsity: u32,
}

impl Source<'_> {
    fn number(&mut self) -> u32 {
        self.numbers.next().copied().unwrap_or(0)
    }

    fn one_of<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.number() as usize % values.len()].clone()
    }

    /// A count, 0 in most cases.
    fn count(&mut self) -> u64 {
        match self.number() {
            n if n % self.sparsity > 0 => 0,
            n => u64::from(n / self.sparsity % 40),
        }
    }

    fn rarely(&mut self) -> bool {
        self.number().is_multiple_of(self.sparsity)
    }
}

const SETTINGS: usize = 26;

/// The values of a cell on all axes.
fn point(from: &mut Source<'_>) -> [(&'static str, Value); SETTINGS] {
    let sizes = [-1, 0, 1, 4, 5, 128, 4096];
    let sysctl_sizes = [0, 1, 4, 5, 16, 128, 4096];
    [
        ("server.backlog", json!(from.one_of(&sizes))),
        (sysctl!("server", "core.somaxconn"), json!(from.one_of(&sysctl_sizes))),
        (sysctl!("server", "ipv4.tcp_max_syn_backlog"), json!(from.one_of(&sysctl_sizes))),
        (sysctl!("server", "ipv4.tcp_syncookies"), json!(from.one_of(&[0, 0, 1, 2, 3]))),
        (sysctl!("server", "ipv4.tcp_abort_on_overflow"), json!(from.one_of(&[0, 1]))),
        (sysctl!("server", "ipv4.tcp_synack_retries"), json!(from.one_of(&[0, 1, 3, 5, 255]))),
        (sysctl!("server", "ipv4.tcp_fin_timeout"), json!(from.one_of(&[0, 1, 5, 60, 61, 70]))),
        (sysctl!("server", "ipv4.tcp_tw_reuse"), json!(from.one_of(&[0, 1, 2]))),
        (
            sysctl!("client", "ipv4.ip_local_port_range"),
            json!(from.one_of(&["1\t65535", "32768\t60999", "20000\t20000"])),
        ),
        (sysctl!("client", "ipv4.tcp_syn_linear_timeouts"), json!(from.one_of(&[0, 1, 4]))),
        ("server.listeners", json!(from.one_of(&[1, 1, 2]))),
        ("server.defer_accept", json!(from.one_of(&[0, 0, 1, 5]))),
        ("server.accept_paused", json!(from.one_of(&[true, false]))),
        ("server.hold_acks", json!(from.one_of(&[true, false, false]))),
        ("server.release_backlog", json!(from.one_of(&sizes))),
        ("server.closes_first", json!(from.one_of(&["client", "server"]))),
        ("server.reuse_address", json!(from.one_of(&[true, false]))),
        ("server.sigpipe", json!(from.one_of(&["default", "ignore"]))),
        ("server.design", json!(from.one_of(&["snapshot", "global-lock"]))),
        ("after.restart_reuse_address", from.one_of(&[json!(true), json!(false), Value::Null])),
        ("load.half_open", json!(from.one_of(&[0, 0, 1, 20]))),
        ("load.slow_readers", json!(from.one_of(&[0, 0, 1]))),
        ("load.pattern", json!(from.one_of(&["burst", "one_by_one"]))),
        ("load.connect_deadline", json!(from.one_of(&["500ms", "2s", "200s"]))),
        ("load.finish_deadline", json!("20s")),
        ("load.source_addresses", json!(1)),
    ]
}

const SERVER: [&str; 15] = [
    "TcpExt.ListenOverflows",
    "TcpExt.ListenDrops",
    "TcpExt.TCPReqQFullDrop",
    "TcpExt.TCPReqQFullDoCookies",
    "TcpExt.SyncookiesSent",
    "TcpExt.SyncookiesRecv",
    "TcpExt.EmbryonicRsts",
    "TcpExt.TCPDeferAcceptDrop",
    "TcpExt.TCPTimeWaitOverflow",
    "TcpExt.TCPSynRetrans",
    "TcpExt.TCPAbortOnClose",
    "TcpExt.TCPAbortOnData",
    "TcpExt.TWRecycled",
    "Tcp.OutRsts",
    "Tcp.InSegs",
];

fn fill(trial: &mut TrialRecord, from: &mut Source<'_>) {
    let outcomes: Vec<_> =
        Outcome::ALL.into_iter().map(|outcome| (outcome, from.count() as usize)).collect();
    trial.set_outcomes(&outcomes);
    trial.set_syn_retransmits(&[(0, from.count()), (1, from.count()), (5, from.count())]);
    let is_read = from.one_of(&[true, true, true, false]);
    let server = SERVER.map(|name| (name.to_owned(), from.count() as i64));
    trial.evidence.server = match is_read {
        // Unchanged counters are not recorded.
        true => server.into_iter().filter(|(_, change)| *change > 0).collect(),
        false => BTreeMap::new(),
    };
    let client = ["TcpExt.TCPSynRetrans", "TcpExt.TWRecycled", "TcpExt.TW"];
    trial.evidence.client =
        client.iter().map(|name| ((*name).to_owned(), from.count() as i64)).collect();
    if from.one_of(&[true, false]) {
        let limit = from.one_of(&[0, 1, 4, 5, 128, 4096]);
        trial.set_accept_queue(from.count() as u32, limit);
        trial.add_listeners(&[(from.count() as u32, limit), (from.count() as u32, limit)]);
    }
    for state in ["time_wait", "fin_wait_2", "syn_recv"] {
        let seconds = from.one_of(&[0.01, 1.1, 2.0, 5.2, 60.3]);
        trial.add_state(state, from.count() as u32, seconds, from.count() as u32);
    }
    trial.set_slowest_connect(from.one_of(&[0.0, 0.5, 1.02, 5.1]));
    trial.set_accept_wait(from.one_of(&[0.0, 0.6, 3.1]));
    trial.accepted = from.one_of(&[None, Some(0), Some(7)]);
    trial.held_bytes = from.rarely().then(|| from.one_of(&[0, 100_000]));
    trial.incomplete_by = EndedBy::ALL
        .into_iter()
        .map(|by| (by, from.count()))
        .filter(|(_, attempts)| *attempts > 0)
        .collect();
    if from.one_of(&[true, false, false]) {
        trial.incomplete_by.clear();
    }
    let left = LeftSockets { close_wait: from.count() as u32, queued: from.count() as u32 };
    trial.evidence.left = from.one_of(&[None, Some(left)]);
    trial.restart = from.rarely().then(|| Restart {
        seconds: from.one_of(&[None, Some(0.1), Some(60.4)]),
        refused: from.count() as u32,
        ..Restart::default()
    });
    trial.server_died = from.rarely().then(|| "SIGPIPE".to_owned());
    if trial.server_died.is_none() {
        trial.set_lock_times(from.number().into(), 3, from.number().into());
        let errors = ["EMFILE", "ENFILE", "ENOBUFS", "EAGAIN", "ECONNABORTED"];
        let errors = errors.map(|errno| (errno.to_owned(), from.count() * from.count()));
        let server = trial.server.get_or_insert_with(ServerMetrics::default);
        server.thread_errors =
            from.rarely().then(|| ("EAGAIN".to_owned(), from.count())).into_iter().collect();
        server.accept_errors = errors.into_iter().filter(|(_, times)| *times > 0).collect();
    }
}

/// Sets a setting of the trial's cell, or a sysctl in force.
fn set(trial: &mut TrialRecord, path: &str, value: Value) {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if let Some(sysctl) = path.strip_prefix("hosts.server.sysctls.") {
        trial.sysctls.server.insert(sysctl.to_owned(), text);
    } else if let Some(sysctl) = path.strip_prefix("hosts.client.sysctls.") {
        trial.sysctls.client.insert(sysctl.to_owned(), text);
    }
    if !value.is_null() {
        trial.point.insert(path.to_owned(), value);
    }
}

fn run(trials: &[Vec<u32>]) -> Run {
    // Only the number of a case is an axis, because the cells of a run are all combinations.
    let cell = |fixture: Fixture, (case, numbers): (usize, &Vec<u32>)| {
        let (first, others) = numbers.split_first().expect("there are numbers");
        let sparsity = [2, 8, 20, 40][*first as usize % 4];
        let mut from = Source { numbers: others.iter(), sparsity };
        fixture.cell([("case", json!(case))], |trial| {
            for (path, value) in point(&mut from) {
                set(trial, path, value);
            }
            fill(trial, &mut from);
        })
    };
    trials.iter().enumerate().fold(Fixture::new(json!({})), cell).run()
}

fn contradiction(run: &Run, paragraphs: &[Paragraph]) -> Result<(), String> {
    let record = serde_json::to_value(&run.record).unwrap();
    let of = |sentence: &Sentence| -> Vec<_> {
        let is_about = |trial: &&TrialRecord| sentence.trials.contains(&trial.execution_id());
        run.trials.iter().filter(is_about).cloned().collect()
    };
    for paragraph in paragraphs {
        let belief = paragraph.kind == ParagraphKind::Misconception;
        let lead = (!belief).then_some(&paragraph.lead);
        for sentence in lead.into_iter().chain(&paragraph.sentences) {
            let trials = of(sentence);
            if trials.is_empty() {
                return Err(format!("it is about no trial: {}", sentence.text));
            }
            for trial in trials {
                let record = Record { run: &record, trial: serde_json::to_value(&trial).unwrap() };
                for &claim in &sentence.claims {
                    if !record.supports(claim) {
                        return Err(format!("{claim:?} is wrong: {}\n{trial:#?}", sentence.text));
                    }
                }
                record.allows(&sentence.text)?;
            }
        }
    }
    let position = |start: &str| {
        paragraphs.iter().position(|paragraph| paragraph.lead.text.starts_with(start))
    };
    let no_files = run.trials.iter().any(|trial| {
        trial.server.as_ref().is_some_and(|server| server.accept_errors.contains_key("EMFILE"))
    });
    if let Some(queue) = position("The accept queue,")
        && no_files
        && position("The server's process could not").is_none_or(|process| process > queue)
    {
        return Err("a full queue is named before EMFILE".to_owned());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_sentence_contradicts_its_trials(trials in vec(vec(any::<u32>(), 120), 1..4)) {
        let run = run(&trials);
        let paragraphs = why(&run);
        prop_assert!(!paragraphs.is_empty());
        if let Err(why) = contradiction(&run, &paragraphs) {
            prop_assert!(false, "{why}");
        }
    }
}

/// The sentences that the property checks are not a few.
#[test]
fn arbitrary_evidence_reaches_every_claim() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = vec(vec(any::<u32>(), 120), 1..3);
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..1500 {
        let trials = strategy.new_tree(&mut runner).unwrap().current();
        for paragraph in why(&run(&trials)) {
            for claim in
                [paragraph.lead].into_iter().chain(paragraph.sentences).flat_map(|s| s.claims)
            {
                let kind = format!("{claim:?}");
                let kind = kind.split('(').next().unwrap_or_default();
                *kinds.entry(kind.to_owned()).or_default() += 1;
            }
        }
    }
    for kind in [
        "ServerCounted",
        "ServerCountedNone",
        "ClientCounted",
        "Ended",
        "NoneEnded",
        "IncompleteBy",
        "IncompleteByUnknown",
        "SynRetransmitted",
        "NoSynRetransmitted",
        "Observed",
        "CloseWait",
        "ServerDied",
        "AcceptFailed",
        "ThreadFailed",
        "NoAcceptFailed",
        "ServerSysctl",
        "SetServerSysctl",
        "RaiseServerSysctl",
        "RaiseBacklog",
        "RaiseLimit",
        "Set",
        "WidenPortRange",
    ] {
        assert!(kinds.contains_key(kind), "{kind}: {kinds:?}");
    }
}
