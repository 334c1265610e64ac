//! What a try prints: two sentences with figures, and a table.

use std::time::Duration;

use diagnosis::KnownServer;
use report::Table;
use run_record::Outcome;
use run_view::prose::counted;

use super::findings::{Findings, Needs, Spread};
use crate::commands::accept_pace::CountedPace;

/// What was tried.
pub(super) struct Tried<'a> {
    /// The program's name.
    pub(super) name: &'a str,
    pub(super) port: u16,
    pub(super) clients: u32,
    pub(super) somaxconn: u32,
    /// How the program is configured, if it is known.
    pub(super) known: Option<&'a KnownServer>,
}

/// The answer in two sentences.
pub(super) fn answer(tried: &Tried<'_>, findings: &Findings) -> String {
    let Tried { name, clients, .. } = tried;
    let holds = match (findings.limit, findings.capacity) {
        (None, _) => format!("{name} did not listen when the bursts were over"),
        (Some(limit), capacity) => {
            let holds = capacity.map_or_else(
                || format!("{} (by the kernel's rule)", number(u64::from(limit) + 1)),
                |capacity| number(capacity.into()),
            );
            let set_by = set_by(findings, tried).map_or(String::new(), |by| format!(", {by}"));
            format!(
                "{name} can have {holds} connections waiting to be accepted: its limit is {}{set_by}",
                number(limit.into())
            )
        }
    };
    let burst = match lost(findings) {
        None => format!("no burst of {} clients was measured", number((*clients).into())),
        Some(lost) => format!("Of a burst of {} clients, {lost}", number((*clients).into())),
    };
    let needs = match &findings.needs {
        None => {
            "how fast it accepts, and so which backlog this burst needs, is not known: too few \
                 connections waited"
                .to_owned()
        }
        Some(needs) => format!("this burst needs a backlog of {}", needs_text(needs)),
    };
    format!("{holds}. {burst}; {needs}.")
}

/// What became of the clients of a burst.
fn lost(findings: &Findings) -> Option<String> {
    let bursts = &findings.bursts;
    let (connected, late) = (bursts.connected.as_ref()?, bursts.retransmitted.as_ref()?);
    let late = match *late.end() {
        0 => "all of them at the first attempt".to_owned(),
        _ => format!("{} had to repeat their SYN, after 1 s", range(late)),
    };
    // What else became of those that connected, as the client sees it: with a SYN cookie, the
    // server may have no socket for it.
    let others: String = bursts
        .outcomes
        .iter()
        .filter_map(|(outcome, spread)| {
            let spread = range(spread);
            Some(match outcome {
                Outcome::Phantom => format!(", {spread} were never accepted"),
                Outcome::Incomplete => format!(", {spread} got no complete answer"),
                Outcome::Reset => format!(", {spread} were reset"),
                Outcome::ServerDown => format!(", {spread} ended with the server"),
                Outcome::Unconfirmed => {
                    format!(", and of {spread} it is not known whether they were accepted")
                }
                _ => return None,
            })
        })
        .collect();
    Some(format!("{} connected, {late}{others}", range(connected)))
}

/// What sets the limit.
fn set_by(findings: &Findings, tried: &Tried<'_>) -> Option<String> {
    let (limit, large) = (findings.limit?, findings.large_limit?);
    let somaxconn = number(tried.somaxconn.into());
    Some(match limit == large {
        true => "the backlog that it passes to listen(2)".to_owned(),
        false if large >= super::listener::LARGE_SOMAXCONN => {
            format!("net.core.somaxconn ({somaxconn}), which it takes as its backlog")
        }
        false => format!(
            "net.core.somaxconn ({somaxconn}); the backlog that it passes to listen(2) is {}",
            number(large.into())
        ),
    })
}

fn needs_text(needs: &Needs) -> String {
    let Needs { usual, least, most } = needs;
    let number = |backlog: u32| number(backlog.into());
    match usual {
        Some(usual) if least == most => number(*usual),
        Some(usual) => format!("{} ({} to {})", number(*usual), number(*least), number(*most)),
        None => format!("at most {}", number(*most)),
    }
}

/// The figures.
pub(super) fn table(tried: &Tried<'_>, findings: &Findings) -> Table {
    let somaxconn = number(tried.somaxconn.into());
    let mut rows = vec![vec!["port".to_owned(), tried.port.to_string()]];
    let mut row = |name: &str, value: Option<String>| {
        rows.extend(value.map(|value| vec![name.to_owned(), value]));
    };
    row(&format!("limit, somaxconn {somaxconn}"), findings.limit.map(|limit| number(limit.into())));
    row(
        &format!("limit, somaxconn {}", number(super::listener::LARGE_SOMAXCONN.into())),
        findings.large_limit.map(|limit| number(limit.into())),
    );
    row("queue while stopped", findings.capacity.map(|capacity| number(capacity.into())));
    let bursts = &findings.bursts;
    let of = format!("connected, of {}", number(tried.clients.into()));
    row(&of, bursts.connected.as_ref().map(range));
    row("repeated their SYN", bursts.retransmitted.as_ref().map(range));
    for (outcome, spread) in &bursts.outcomes {
        row(described(*outcome), Some(range(spread)));
    }
    row("deepest queue seen", bursts.deepest.as_ref().map(range));
    row("time per accept", findings.pace.as_ref().map(pace_text));
    row("backlog needed", findings.needs.as_ref().map(needs_text));
    Table {
        head: vec!["figure".to_owned(), "value".to_owned()],
        rows,
        words: 1,
        ..Table::default()
    }
}

fn described(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "finished",
        Outcome::Refused => "refused",
        Outcome::TimedOut => "timed out",
        Outcome::Reset => "reset",
        Outcome::Phantom => "never accepted",
        Outcome::NoPort => "without a port",
        Outcome::Incomplete => "accepted, not finished",
        Outcome::ServerDown => "the server ended",
        Outcome::SelfConnected => "connected to itself",
        Outcome::Unconfirmed => "accepted or not: unknown",
    }
}

fn pace_text(pace: &CountedPace) -> String {
    let time = |ns: f64| match ns {
        ns if ns < 1e6 => format!("{:.1}", ns / 1e3),
        ns => format!("{:.0}", ns / 1e3),
    };
    let (least, most) = (time(pace.least_ns), time(pace.most_ns));
    match pace.mean_ns {
        None => format!("at most {most} µs"),
        Some(mean) => format!("{} µs ({least} to {most})", time(mean)),
    }
}

/// What the figures mean and where they come from.
pub(super) fn notes(tried: &Tried<'_>, findings: &Findings, deadline: Duration) -> Vec<String> {
    let mut notes = Vec::new();
    let (disturbed, trials) = findings.disturbed;
    if disturbed > 0 {
        notes.push(format!(
            "Other processes disturbed {disturbed} of {trials} trials: times and what a burst \
             loses are no finding then; the limit and the queue of the stopped server are."
        ));
    }
    let several = match findings.bursts.count {
        1 => String::new(),
        count => format!("Of {count} bursts, the smallest and the largest value. "),
    };
    let pace = findings.pace.as_ref().map_or(String::new(), |pace| {
        let uncertain = match pace.mean_ns {
            Some(_) => "",
            None => "; the samples are too rare for a closer figure",
        };
        format!(
            " The time per accept is that of {} accepts while connections waited{uncertain}. The \
             backlog is by simulation of clients that arrive as fast as these, of which 1 in 1,000 \
             may be late, and at least the deepest queue seen.",
            number(pace.accepts)
        )
    });
    let deadline = deadline.as_secs_f64();
    notes.push(format!("{several}A client gives up after {deadline} s.{pace}"));
    let needed = findings.needs.as_ref().map(|needs| needs.usual.unwrap_or(needs.most));
    // The limit with the large somaxconn is the program's own backlog.
    let is_short = needed > findings.large_limit;
    if let Some(known) = tried.known {
        let backlog =
            needed.filter(|_| is_short).map_or("N".to_owned(), |backlog| backlog.to_string());
        let note = known.notes().map_or(String::new(), |notes| format!(" {notes}"));
        notes.push(format!(
            "To change the backlog of {}: {}.{note}",
            known.name,
            known.advice(&backlog)
        ));
    }
    if let Some(needed) = needed.filter(|needed| *needed > tried.somaxconn) {
        let too = if is_short { " too" } else { "" };
        notes.push(format!(
            "net.core.somaxconn has to be at least {}{too}: listen(2) takes the smaller.",
            number(needed.into())
        ));
    }
    notes
}

/// A number with commas; the notes and the table are for people.
fn number(number: u64) -> String {
    counted(number).replace('\u{a0}', ",")
}

fn range(spread: &Spread) -> String {
    match (spread.start(), spread.end()) {
        (least, most) if least == most => number(*least),
        (least, most) => format!("{} to {}", number(*least), number(*most)),
    }
}
