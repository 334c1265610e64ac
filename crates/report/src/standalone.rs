//! The summary of a standalone load: the client's side, and what is known of the server's.

use linux_net::Counter;
use run_record::{
    LatencySummary, LoadUse, Outcome, RunRecord, RunVerdict, StandaloneView, TrialRecord,
};
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::peaker::Priority;
use tabled::settings::{Alignment, Style, Width};

use run_view::number::{count, nanoseconds, percent, rate};
use run_view::prose::{several, wrap_to};

use crate::{checks, generator};

/// The columns of a line: a standalone load may run in a narrow terminal, far from a page.
const WIDTH: usize = 60;

/// What a load alone does not know.
const NOT_SEEN: &str = "A load sees only its own side: what the server's kernel dropped is counted \
                        in the server's host (`nstat -az TcpExtListenDrops TcpExtListenOverflows` \
                        there, or `queuelab probe`).";

/// Counters of the client's host that show retransmissions.
const COUNTERS: [(Counter, &str); 2] = [
    (Counter::TcpSynRetrans, "SYN segments retransmitted"),
    (Counter::TcpTimeouts, "retransmission timers that expired"),
];

/// The summary of a standalone load as plain text of 60 columns: outcomes, who was
/// accepted, latencies, messages, and the client's counters with their meaning.
pub fn standalone(record: &RunRecord, trial: &TrialRecord) -> String {
    let mut sections = vec![wrapped(&record.scenario.question)];
    // Records before schema version 4 have no view.
    let view = trial.standalone;
    if let Some(view) = &view {
        let lines = acceptance(trial, view);
        sections.push(lines.iter().map(|line| wrapped(line)).collect::<Vec<_>>().join("\n"));
    }
    sections.push(format!("{}\n{}", outcomes(trial), wrapped(&retransmissions(trial))));
    if !trial.destinations.is_empty() {
        sections.push(destinations(trial));
    }
    sections.extend(
        reasons(record, trial, &view.unwrap_or_default()).iter().map(|reason| wrapped(reason)),
    );
    if view.is_none_or(|view| view.connected > 0) {
        sections.push(latencies(trial));
    }
    if trial.rates.messages_written > 0 {
        sections.push(wrapped(&messages(trial)));
    }
    if trial.response_latency.count > 0 {
        sections.push(wrapped(&answers(trial)));
    }
    if let Some(of) = trial.load_use.filter(|of| of.may_be_limit) {
        sections.push(wrapped(&busy(&of)));
    }
    sections.push(counters(trial));
    if trial.connect_latency.count > 0 {
        sections.push(wrapped(NOT_SEEN));
    }
    if !trial.held() {
        sections.push(wrap_lines(&checks::text(&RunVerdict::new(record, [trial]))));
    }
    sections.join("\n\n")
}

fn wrapped(text: &str) -> String {
    wrap_to(WIDTH, text, "", "").replace('\u{a0}', " ")
}

/// Wraps each line, and keeps its indentation.
fn wrap_lines(text: &str) -> String {
    let line = |line: &str| {
        let indent = &line[..line.len() - line.trim_start().len()];
        wrap_to(WIDTH, line, indent, indent)
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n").replace('\u{a0}', " ")
}

/// What the client knows, and who was accepted.
fn acceptance(trial: &TrialRecord, view: &StandaloneView) -> Vec<String> {
    let mut lines = vec![format!(
        "{} of {} connected, {} finished, {} failed.",
        count(view.connected),
        count(trial.attempts),
        count(view.finished),
        count(view.failed)
    )];
    if view.accepted > 0 {
        lines.push(format!("Accepted by the server: {}.", count(view.accepted)));
    }
    if view.queued > 0 {
        lines.push(format!(
            "Never accepted: {}, in the listener's accept queue. No accept(2) has taken them.",
            count(view.queued)
        ));
    }
    if view.half_open > 0 {
        lines.push(format!(
            "Never accepted: {}, in SYN_RECV at the server. It dropped the last ACK of their \
             handshake, as with a full accept queue or with TCP_DEFER_ACCEPT.",
            count(view.half_open)
        ));
    }
    if let Some(ledger) = trial.evidence.ledger.as_ref().filter(|ledger| ledger.failed_scans > 0) {
        lines.push(format!(
            "{} of {} scans of the server's sockets failed and showed nothing.",
            count(ledger.failed_scans),
            count(ledger.scans.saturating_add(ledger.failed_scans))
        ));
    }
    if view.unknown > 0 {
        let of = if view.unknown < view.connected {
            format!(" for {}", count(view.unknown))
        } else {
            String::new()
        };
        lines.push(format!(
            "Accepted: not known here{of}. No data came back, and {}.",
            match view.listener_here {
                true => "their sockets at the server were not seen in this network namespace",
                false => "the listener is not in this network namespace",
            }
        ));
    }
    lines
}

fn outcomes(trial: &TrialRecord) -> String {
    let mut builder = Builder::default();
    builder.push_record(["outcome", "attempts", "%"]);
    for (outcome, attempts) in trial.outcomes.happened() {
        let share = attempts as f64 / trial.attempts.max(1) as f64;
        builder.push_record([outcome.name().to_owned(), count(attempts), percent(share)]);
    }
    table(builder)
}

/// How the attempts to each destination ended.
fn destinations(trial: &TrialRecord) -> String {
    let happened = trial.outcomes.happened();
    let happened: Vec<_> = happened.into_iter().map(|(outcome, _)| outcome).collect();
    let mut builder = Builder::default();
    let names = happened.iter().map(|outcome| outcome.name());
    builder.push_record(["destination", "attempts"].into_iter().chain(names));
    for at in &trial.destinations {
        let counts = happened.iter().map(|outcome| count(at.outcomes.get(*outcome)));
        let row = [at.address.to_string(), count(at.attempts)].into_iter().chain(counts);
        builder.push_record(row);
    }
    table(builder)
}

fn retransmissions(trial: &TrialRecord) -> String {
    match trial.retransmitting_attempts() {
        0 => "No attempt waited for a SYN retransmission.".to_owned(),
        1 => "1 attempt waited for a SYN retransmission.".to_owned(),
        n => format!("{} attempts waited for a SYN retransmission.", count(n)),
    }
}

/// Why attempts did not end `ok`, as far as the client knows.
fn reasons(record: &RunRecord, trial: &TrialRecord, view: &StandaloneView) -> Vec<String> {
    let mut reasons = Vec::new();
    let has = |outcome| trial.outcomes.get(outcome) > 0;
    if has(Outcome::TimedOut) {
        reasons.push(why_timed_out(trial));
    }
    if has(Outcome::Refused) {
        reasons.push(
            "Why refused? Nothing listens on that port, or a firewall rejects the connection."
                .to_owned(),
        );
    }
    if has(Outcome::SelfConnected) {
        reasons.push(
            "Why self_connected? Nothing listens on that port of this host, and the kernel chose \
             the same port as the client's own, because it is in net.ipv4.ip_local_port_range. \
             Start the server first, or reserve its port in net.ipv4.ip_local_reserved_ports."
                .to_owned(),
        );
    }
    reasons.extend(strange_answer(record, trial, view));
    reasons
}

fn why_timed_out(trial: &TrialRecord) -> String {
    match trial.connect_latency.count {
        0 => "Why timed_out? Nothing answered: check the address, and that no firewall drops the \
              SYNs."
            .to_owned(),
        _ => format!(
            "Why timed_out, and not refused? Full queues drop SYNs silently: see the server's {} \
             (accept queue) and {} (SYN queue). The client can only retransmit its SYN, a second \
             later.",
            Counter::ListenOverflows,
            Counter::TcpReqQFullDrop
        ),
    }
}

/// How the peer shows that it is no chat server, or not with these settings.
fn strange_answer(
    record: &RunRecord,
    trial: &TrialRecord,
    view: &StandaloneView,
) -> Option<String> {
    const ONLY_CONNECTS: &str = "`--dialogue none` measures only connects, of any TCP server.";
    if expects_answers(record) {
        return unexpected_answers(trial);
    }
    if let Some(unframed) = &trial.unframed {
        let framing = record.scenario.resolved["framing"].as_str().unwrap_or("its own");
        let who = if unframed.start.starts_with("HTTP/") { " It is an HTTP server." } else { "" };
        return Some(format!(
            "The peer answered, but not in queuelab's framing ({framing}): `{}` on {}.{who} \
             {ONLY_CONNECTS}",
            unframed.start,
            several(unframed.connections, "connection")
        ));
    }
    if trial.integrity.echoed > 0 {
        return Some(format!(
            "The peer sends messages back to their sender: it is an echo server, no chat server. \
             {ONLY_CONNECTS}"
        ));
    }
    if view.closed_by_peer > 0 {
        let no_answer = if trial.rates.deliveries == 0 { ", and sent no message" } else { "" };
        return Some(format!(
            "The peer closed {} before the client was done{no_answer}.",
            several(view.closed_by_peer, "connection")
        ));
    }
    let never_accepted = view.queued + view.half_open;
    let is_silent = trial.rates.messages_written > 0 && view.answered == 0;
    (is_silent && view.connected > 1 && never_accepted == 0).then(|| {
        format!(
            "Nothing came back, although a chat server sends each message to every other client: \
             the peer is no queuelab server, or it does not read. {ONLY_CONNECTS}"
        )
    })
}

/// Whether the load makes requests, instead of sending messages of the chat.
fn expects_answers(record: &RunRecord) -> bool {
    record.scenario.resolved["load"]["dialogue"].is_object()
}

/// Why attempts did not get the answers that the load expects.
fn unexpected_answers(trial: &TrialRecord) -> Option<String> {
    let causes = &trial.incomplete_causes;
    let counted = causes.iter().map(|(cause, attempts)| format!("{cause}: {}", count(*attempts)));
    let counted = counted.collect::<Vec<_>>().join(", ");
    let sample = trial.unframed.as_ref().map(|answer| {
        let connections = several(answer.connections, "connection");
        format!(" One of the answers on {connections} began with `{}`.", answer.start)
    });
    let sample = sample.unwrap_or_default();
    (!causes.is_empty()).then(|| {
        format!("Why incomplete? Not the answer that the load expects. {counted}.{sample}")
    })
}

fn answers(trial: &TrialRecord) -> String {
    let answers = count(trial.response_latency.count as i64);
    format!("{answers} answers as expected, {} per second.", rate(trial.rates.responses))
}

fn latencies(trial: &TrialRecord) -> String {
    let mut builder = Builder::default();
    builder.push_record(["latency", "median", "99 %", "worst"]);
    let second = match trial.response_latency.count {
        0 => ("until delivery", trial.delivery_latency),
        _ => ("request to answer", trial.response_latency),
    };
    for (name, LatencySummary { count, p50_ns, p99_ns, max_ns, .. }) in
        [("until ESTABLISHED", trial.connect_latency), second]
    {
        let format = |ns: u64| match count {
            0 => "·".to_owned(),
            _ => nanoseconds(ns as f64),
        };
        builder.push_record([name.to_owned(), format(p50_ns), format(p99_ns), format(max_ns)]);
    }
    table(builder)
}

fn messages(trial: &TrialRecord) -> String {
    let written = count(trial.rates.messages_written as i64);
    let deliveries = count(trial.rates.deliveries as i64);
    let mut text = format!(
        "{written} messages written; {deliveries} deliveries (a message goes to every other \
         connected client)."
    );
    if trial.undelivered > 0 {
        let outstanding = count(trial.undelivered as i64);
        text += &format!(" {outstanding} deliveries were outstanding at the finish deadline.");
    }
    text
}

/// That the load may be what limits the rates.
fn busy(of: &LoadUse) -> String {
    let thread = if of.threads == 1 { "thread" } else { "busiest thread" };
    format!(
        "The load's {thread} used a CPU for {} % of the time from its first write to the last \
         arrival: it may be what limits these rates, not the server.{}",
        percent(of.busiest_share),
        of.more_threads.map_or(String::new(), |threads| {
            generator::advice(&format!("--threads {threads}"))
        })
    )
}

fn counters(trial: &TrialRecord) -> String {
    let mut builder = Builder::default();
    builder.push_record(["counter of this host", "", "meaning"]);
    for (counter, meaning) in COUNTERS {
        let change = trial.evidence.at_client(counter);
        builder.push_record([counter.name().to_owned(), count(change), meaning.to_owned()]);
    }
    let mut table = builder.build();
    table.with(Style::rounded()).modify(Columns::one(1), Alignment::right());
    table.with(Width::wrap(WIDTH).keep_words(true).priority(Priority::max(true)));
    table.to_string()
}

fn table(builder: Builder) -> String {
    let mut table = builder.build();
    table.with(Style::rounded()).modify(Columns::new(1..), Alignment::right());
    table.to_string()
}
