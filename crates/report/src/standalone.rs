//! The summary of a standalone load: only the client's side.

use linux_net::Counter;
use run_record::{LatencySummary, Outcome, TrialRecord};
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Style};

use run_view::Run;
use run_view::number::{count, nanoseconds, percent, total};

use crate::checks;

/// Counters of the client's host that show retransmissions.
const COUNTERS: [(Counter, &str); 2] = [
    (Counter::TcpSynRetrans, "SYN segments retransmitted"),
    (Counter::TcpTimeouts, "retransmission timers that expired"),
];

/// The summary of a standalone load as plain text: outcomes, latencies, messages, and the
/// client's counters with their meaning.
pub fn standalone(run: &Run) -> String {
    let mut sections = vec![run.record.scenario.question.clone()];
    for trial in &run.trials {
        sections.push(format!("{}\n{}", outcomes(trial), retransmissions(trial)));
        sections.extend(why_timed_out(trial));
        sections.push(latencies(trial));
        sections.push(messages(trial));
        sections.push(counters(trial));
    }
    sections.push(checks::text(&run.verdict));
    sections.join("\n\n")
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

fn retransmissions(trial: &TrialRecord) -> String {
    match total(trial.syn_retransmits.range(1..).map(|(_, &attempts)| attempts)) {
        0 => "No attempt waited for a SYN retransmission.".to_owned(),
        1 => "1 attempt waited for a SYN retransmission.".to_owned(),
        n => format!("{} attempts waited for a SYN retransmission.", count(n)),
    }
}

fn why_timed_out(trial: &TrialRecord) -> Option<String> {
    if trial.outcomes.get(Outcome::TimedOut) == 0 {
        return None;
    }
    Some(match trial.connect_latency.count {
        0 => "Why timed_out? Nothing answered: check the address, and that no firewall drops the \
              SYNs."
            .to_owned(),
        _ => format!(
            "Why timed_out, and not refused? Full queues drop SYNs silently: see the server's \
             {}\n(accept queue) and {} (SYN queue). The client can only retransmit its SYN, a second \
             later.",
            Counter::ListenOverflows,
            Counter::TcpReqQFullDrop
        ),
    })
}

fn latencies(trial: &TrialRecord) -> String {
    let mut builder = Builder::default();
    builder.push_record(["latency", "median", "99 %", "worst"]);
    for (name, LatencySummary { count, p50_ns, p99_ns, max_ns, .. }) in [
        ("connect(2) to ESTABLISHED", trial.connect_latency),
        ("message, from its scheduled time to its delivery", trial.delivery_latency),
    ] {
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
        "{written} messages written; {deliveries} deliveries (a message goes to every other connected client)."
    );
    if trial.undelivered > 0 {
        let outstanding = count(trial.undelivered as i64);
        text += &format!("\n{outstanding} deliveries were outstanding at the finish deadline.");
    }
    text
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
    table.to_string()
}

fn table(builder: Builder) -> String {
    let mut table = builder.build();
    table.with(Style::rounded()).modify(Columns::new(1..), Alignment::right());
    table.to_string()
}
