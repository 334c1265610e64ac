//! What a record supports.
//!
//! It reads the records as JSON, by the names that the files have, and shares nothing with the
//! conditions of the sentences.

use std::ops::RangeInclusive;

use report::Claim;
use run_record::{EndedBy, Outcome, RunRecord, TrialRecord};
use serde_json::{Value, json};

/// A trial and its run as files contain them.
pub(crate) struct Record {
    run: Value,
    trial: Value,
}

impl Record {
    pub(crate) fn new(run: &RunRecord, trial: &TrialRecord) -> Self {
        let [run, trial] = [serde_json::to_value(run), serde_json::to_value(trial)];
        Self { run: run.unwrap(), trial: trial.unwrap() }
    }

    /// The increase of a counter of a host.
    fn counter(&self, host: &str, name: &str) -> u64 {
        self.trial["evidence"][host][name].as_i64().unwrap_or(0).max(0).unsigned_abs()
    }

    fn is_server_read(&self) -> bool {
        self.trial["evidence"]["server"].as_object().is_some_and(|counters| !counters.is_empty())
    }

    fn sysctl(&self, host: &str, name: &str) -> Option<String> {
        let of = |record: &Value| record["sysctls"][host][name].as_str().map(str::to_owned);
        of(&self.trial).or_else(|| of(&self.run))
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

    /// The backlog of the last listen(2).
    fn backlog(&self) -> u64 {
        let released =
            self.is_set("server.hold_acks") && !self.setting("server.release_backlog").is_null();
        self.backlog_at(if released { "server.release_backlog" } else { "server.backlog" })
    }

    /// The backlog of the first listen(2).
    fn first_backlog(&self) -> u64 {
        self.backlog_at("server.backlog")
    }

    /// A backlog as the kernel compares it: unsigned.
    fn backlog_at(&self, path: &str) -> u64 {
        u64::from((self.number(path) as i32).cast_unsigned())
    }

    /// The limit of the SYN queue while clients connect.
    fn syn_limit(&self) -> u64 {
        let reported = self.trial["evidence"]["accept_queue"]["limit"].as_u64();
        let of_first = self.first_backlog().min(self.somaxconn());
        if self.is_set("server.hold_acks") { of_first } else { reported.unwrap_or(of_first) }
    }

    /// What peers without a known round-trip time may use of tcp_max_syn_backlog.
    fn three_quarters(&self) -> u64 {
        let max = self.server_number("net.ipv4.tcp_max_syn_backlog").unwrap_or(0).unsigned_abs();
        max - max / 4
    }

    /// Connections that no accept(2) had returned at the end.
    fn queued(&self) -> Option<u64> {
        self.trial["evidence"]["left"]["queued"].as_u64()
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

    /// Clients that the server gave up because of this.
    fn closed(&self, because: &str) -> u64 {
        self.trial["server"]["closed"][because].as_u64().unwrap_or(0)
    }

    fn outcome(&self, outcome: Outcome) -> u64 {
        self.trial["outcomes"][outcome.name()].as_u64().unwrap()
    }

    /// Whether a claim is true of this trial.
    pub(crate) fn supports(&self, claim: Claim) -> bool {
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
            Claim::Closed(because) => self.closed(because.name()) > 0,
            Claim::Dropped => self.trial["server"]["dropped"].as_u64() > Some(0),
            Claim::AcceptFailed(errno) => self.accept_errors(errno) > 0,
            Claim::NoAcceptFailed => {
                let errnos = ["EMFILE", "ENFILE", "ENOMEM", "ENOBUFS"];
                let closed = ["max_clients", "no_memory"];
                !self.no_threads()
                    && errnos.iter().all(|errno| self.accept_errors(errno) == 0)
                    && closed.iter().all(|because| self.closed(because) == 0)
            }
            Claim::ServerSysctl(name, value) => self.server_number(name.name()) == Some(value),
            Claim::SetServerSysctl(name, value) => {
                self.server_number(name.name()).is_some_and(|now| now != value)
            }
            Claim::RaiseServerSysctl(name, 0) if name.name() == "net.ipv4.tcp_max_syn_backlog" => {
                self.three_quarters() < self.first_backlog().min(self.somaxconn())
            }
            Claim::RaiseServerSysctl(_, 0) => {
                self.somaxconn() < self.first_backlog() && self.somaxconn() < self.three_quarters()
            }
            Claim::RaiseServerSysctl(name, to) => {
                self.server_number(name.name()).is_some_and(|now| now.unsigned_abs() < to)
            }
            Claim::RaiseBacklog(0) => {
                let backlog = self.first_backlog();
                backlog < self.somaxconn() && backlog < self.three_quarters()
            }
            Claim::RaiseBacklog(to) => self.backlog() < to,
            Claim::RaiseLimit(0) => {
                let backlog = self.first_backlog();
                backlog == self.somaxconn() && backlog < self.three_quarters()
            }
            Claim::RaiseLimit(to) => self.backlog().min(self.somaxconn()) < to,
            Claim::RaiseLimitAndMaxSynBacklog => {
                self.three_quarters() <= self.first_backlog().min(self.somaxconn())
            }
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

    /// The last ACKs that can have found the accept queue full: not the SYNs that did, where
    /// the kernel had chosen a cookie.
    fn overflowed_acks(&self) -> u64 {
        let server = |name: &str| self.counter("server", &format!("TcpExt.{name}"));
        let not_sent = server("TCPReqQFullDoCookies").saturating_sub(server("SyncookiesSent"));
        server("ListenOverflows").saturating_sub(not_sent)
    }

    /// Whether a full accept queue caused every drop.
    fn only_overflows(&self) -> bool {
        let server = |name: &str| self.counter("server", &format!("TcpExt.{name}"));
        server("ListenOverflows") > 0 && server("ListenDrops") == server("ListenOverflows")
    }

    /// Whether what the server accepts never waits at its end.
    fn accepts_all(&self) -> bool {
        self.queued().unwrap_or(0) == 0 && self.supports(Claim::NoAcceptFailed)
    }

    /// Whether clients waited for the server, or a lock was held for long.
    fn was_delayed(&self) -> bool {
        let held = self.trial["server"]["lock_hold"]["max_ns"].as_u64().unwrap_or(0);
        let by = self.trial["incomplete_by"].as_object();
        by.is_none()
            || self.supports(Claim::IncompleteBy(EndedBy::FinishDeadline))
            || held >= 100_000_000
    }

    /// Whether a sentence with these words can be about this trial.
    pub(crate) fn allows(&self, words: &str) -> Result<(), String> {
        let limit = "min(backlog, somaxconn), here ";
        if let Some(range) = range_after(words, limit)
            && !range.contains(&self.syn_limit())
        {
            return Err(format!("{limit:?} is not followed by {}: {words}", self.syn_limit()));
        }
        for (phrase, holds) in self.phrases() {
            if words.contains(phrase) && !holds {
                return Err(format!("{phrase:?} does not hold: {words}"));
            }
        }
        Ok(())
    }

    /// Words of sentences, and whether they are true of this trial.
    pub(crate) fn phrases(&self) -> impl IntoIterator<Item = (&'static str, bool)> {
        let server = |name: &str| self.counter("server", &format!("TcpExt.{name}"));
        let incomplete = |by: EndedBy| self.supports(Claim::IncompleteBy(by));
        let is_read = self.is_server_read();
        let none = |name: &str| is_read && server(name) == 0;
        let rsts = self.counter("server", "Tcp.OutRsts");
        let holds_acks = self.is_set("server.hold_acks");
        let half_open = self.number("load.half_open") > 0;
        let deferral = self.number("server.defer_accept").unsigned_abs() * 900_000_000;
        let cookies = self.server_number("net.ipv4.tcp_syncookies");
        let phantoms = self.outcome(Outcome::Phantom);
        [
            // Full queues.
            ("found the accept queue full", server("ListenOverflows") > 0),
            ("The other", self.only_overflows()),
            ("a longer wait would not have helped", self.only_overflows()),
            ("accepted nothing", self.is_set("server.accept_paused")),
            ("finds the queue full gets a cookie", cookies == Some(0)),
            ("still dropped silently", self.only_overflows()),
            // Phantoms.
            ("existed only at the client", self.accepts_all()),
            (
                "existed only at the client",
                self.overflowed_acks() > 0 || server("TCPDeferAcceptDrop") > 0,
            ),
            ("Their last ACKs", self.overflowed_acks() >= phantoms && !holds_acks),
            ("Their last ACKs", self.accepts_all() && !half_open),
            ("A filter dropped their first", holds_acks && self.accepts_all() && !half_open),
            ("retransmitted SYN-ACK", server("TCPSynRetrans") > 0),
            ("SYN-ACKs are still retransmitted", server("TCPSynRetrans") > 0 && !half_open),
            ("SYN-ACKs are still retransmitted", cookies != Some(2)),
            ("no SYN-ACK was retransmitted", none("TCPSynRetrans")),
            ("1 the clients get", self.server_number("net.ipv4.tcp_abort_on_overflow") == Some(0)),
            ("of a last ACK with a cookie", server("SyncookiesRecv") > 0),
            ("cookie that finds it full leaves nothing", server("SyncookiesRecv") > 0),
            ("still waiting for accept(2)", !holds_acks && none("TCPSynRetrans")),
            ("still waiting for accept(2)", self.queued() != Some(0)),
            ("still waited in the accept queue", self.queued() > Some(0)),
            // Retransmissions and drops.
            ("A SYN is dropped silently", server("ListenDrops") > 0),
            ("ListenDrops is 0)", none("ListenDrops")),
            ("lost or late on the way", !half_open && !holds_acks && none("TCPDeferAcceptDrop")),
            (
                "before their first SYN",
                half_open || self.counter("client", "TcpExt.TCPSynRetrans") == 0,
            ),
            ("no counter of the queues", none("ListenDrops") && none("ListenOverflows")),
            ("dropped no SYN and no last ACK", none("ListenDrops") && !holds_acks),
            ("are not known here", !is_read),
            ("and 0 at the server", is_read),
            // Resets and refusals.
            ("each for the last ACK", !half_open),
            ("no RST answered a last ACK", none("EmbryonicRsts")),
            ("none of them for a close", none("TCPAbortOnClose") && none("TCPAbortOnData")),
            (
                "none of them for a close",
                none("EmbryonicRsts") && self.outcome(Outcome::Refused) == 0,
            ),
            ("sent no RST", is_read && rsts == 0),
            ("reject", is_read && rsts == 0),
            ("answered SYNs with an RST", rsts >= self.outcome(Outcome::Refused)),
            // The ends of connections.
            ("it closes first", self.setting("server.closes_first") == "server"),
            ("were not done at load.finish_deadline", incomplete(EndedBy::FinishDeadline)),
            ("given up at load.connect_deadline", incomplete(EndedBy::ConnectDeadline)),
            ("process closed", incomplete(EndedBy::Server)),
            ("server.max_clients (", self.closed("max_clients") > 0),
            ("within server.frame_timeout", self.closed("frame_timeout") > 0),
            ("for server.idle_timeout", self.closed("idle_timeout") > 0),
            ("for server.write_timeout", self.closed("write_timeout") > 0),
            ("more than server.client_queue", self.closed("queue_full") > 0),
            ("miss them", self.supports(Claim::Dropped)),
            ("the load had not written", incomplete(EndedBy::LateLoad)),
            ("with EMFILE", self.accept_errors("EMFILE") > 0),
            ("in CLOSE_WAIT after", self.supports(Claim::CloseWait)),
            ("keeps others out of a full", self.queued() > Some(0)),
            ("delayed other clients", self.was_delayed()),
            ("\u{a0}s became", self.trial["accept_wait"]["p50_ns"].as_u64() >= Some(deferral)),
        ]
    }
}

/// The range of numbers that follows some words, as `7` or `7 to 12`.
fn range_after(text: &str, words: &str) -> Option<RangeInclusive<u64>> {
    let (_, rest) = text.split_once(words)?;
    let rest = rest.replace('\u{a0}', "");
    let mut numbers = rest.split(|c: char| !c.is_ascii_digit());
    let first = numbers.next()?.parse().ok()?;
    let to = rest.strip_prefix(&format!("{first} to "));
    let last = to.and_then(|to| to.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok());
    Some(first..=last.unwrap_or(first))
}
