//! What became of a load that somebody ran by hand: its client's side alone.

use linux_net::Counter;
use run_record::{LatencySummary, Outcome, TrialRecord};
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Style};

use run_view::Run;
use run_view::number::{count, nanoseconds, percent, total};

use crate::checks;

/// Counters of the client's host that tell whether it had to ask twice.
const COUNTERS: [(Counter, &str); 2] = [
    (Counter::TcpSynRetrans, "SYN segments sent again"),
    (Counter::TcpTimeouts, "retransmission timers that ran out"),
];

/// What a load by hand found, as plain text for whoever just ran it:
/// outcomes, latencies, messages, the client's own counters, and what they
/// mean.
pub fn by_hand(run: &Run) -> String {
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
    let waited = total(trial.syn_retransmits.range(1..).map(|(_, &attempts)| attempts));
    match waited {
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
        0 => "Why timed_out? Nothing ever answered there: is it the right address, and no \
              firewall between?"
            .to_owned(),
        _ => "Why timed_out, and not refused? Full queues drop SYNs in silence: look at the server's \
              TcpExt.ListenOverflows\n(accept queue) and TcpExt.TCPReqQFullDrop (SYN queue). The \
              client can only send its SYN again, a second later, and hope."
            .to_owned(),
    })
}

fn latencies(trial: &TrialRecord) -> String {
    let mut builder = Builder::default();
    builder.push_record(["latency", "median", "99 %", "worst"]);
    for (name, LatencySummary { count, p50_ns, p99_ns, max_ns, .. }) in [
        ("connect(2) to ESTABLISHED", trial.connect_latency),
        ("message, from its intended time to its delivery", trial.delivery_latency),
    ] {
        let written = |ns: u64| match count {
            0 => "·".to_owned(),
            _ => nanoseconds(ns as f64),
        };
        builder.push_record([name.to_owned(), written(p50_ns), written(p99_ns), written(max_ns)]);
    }
    table(builder)
}

fn messages(trial: &TrialRecord) -> String {
    let written = count(trial.rates.messages_written as i64);
    let deliveries = count(trial.rates.deliveries as i64);
    let mut text = format!(
        "{written} messages written; {deliveries} deliveries (a message goes to every other client of its moment)."
    );
    if trial.undelivered > 0 {
        let owed = count(trial.undelivered as i64);
        text += &format!("\n{owed} deliveries were still owed at the finish deadline.");
    }
    text
}

fn counters(trial: &TrialRecord) -> String {
    let mut builder = Builder::default();
    builder.push_record(["this host's kernel counted", "", "which are"]);
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
