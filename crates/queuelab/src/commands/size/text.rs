//! The answer of `queuelab size` as text.

use command_output::{AcceptBounds, BacklogRow, Sizing, Unprotected};
use report::Table;
use run_view::prose::wrap_to;
use run_view::{Emphasis, Printable};

use crate::commands::screen;

/// The answer as text.
pub(super) fn describe(sizing: &Sizing) -> Printable {
    let wrap = |text: &str| wrap_to(screen().columns, text, "", "");
    let Sizing { burst, arrivals_per_second: arrivals, backlog, .. } = sizing;
    let rate = format!("{:.0}", sizing.accepts_per_second);
    let round_trip = match sizing.round_trip_seconds {
        0.0 => String::new(),
        seconds => format!(", with a round trip of {:.1} ms", 1e3 * seconds),
    };
    let answer = [
        format!(
            "A burst of {burst} connections at {arrivals}/s, accepted at {rate}/s{round_trip}:"
        ),
        format!(
            "a backlog of {backlog} is enough, with net.core.somaxconn at least {backlog} \
             (listen() takes the smaller)."
        ),
    ];
    let answer = match sizing.is_enough {
        true => answer,
        false => [answer[0].clone(), describe_unreachable(sizing)],
    };
    let answer = answer.map(|sentence| wrap(&sentence)).join("\n");
    let without_syncookies = sizing
        .without_syncookies
        .as_ref()
        .filter(|_| sizing.is_enough)
        .map(|needs| wrap(&describe_unprotected(needs, *backlog)));
    let accept_rate = match &sizing.accept_bounds {
        None => format!("Accept rate: {}.", sizing.accept_source),
        Some(bounds) => {
            format!("Accept rate: {}. {}", sizing.accept_source, describe_bounds(bounds))
        }
    };
    let notes = [
        Some(at_half(sizing)),
        Some(accept_rate),
        Some(format!(
            "Simulated with {} random bursts (Poisson arrivals), the same for each backlog; {} % \
             may be late. Two values are the smallest and the largest of the bursts, which have \
             different positions among the slots of the kernel's timer wheel: those of one slot \
             are retransmitted together. A real server accepts less evenly, and a kernel under \
             load handles segments later: measure it with `queuelab run`.",
            sizing.simulated_bursts,
            percent(sizing.max_late_share),
        )),
        compared(sizing),
        unshown(sizing),
    ];
    let notes = notes.into_iter().flatten().map(|note| wrap(&note)).collect::<Vec<_>>().join("\n");
    let answer = [Some(answer), without_syncookies].into_iter().flatten();
    let answer =
        Printable::with(screen(), Emphasis::Strong, &answer.collect::<Vec<_>>().join("\n"));
    Printable::joined([answer, table(sizing), Printable::new(&notes)], "\n\n")
}

/// That no backlog was enough, and why.
fn describe_unreachable(sizing: &Sizing) -> String {
    let late = sizing.rows.iter().find(|row| row.backlog == sizing.backlog);
    format!(
        "no backlog that was tried is enough: even with one of {}, which drops nothing, {} % of the \
         connections are late, because segments arrive faster than the kernel handles them, and \
         it drops those for which netdev_max_backlog has no room.",
        sizing.backlog,
        percent(late.map_or(1.0, |row| row.late_share)),
    )
}

/// With how many bursts smaller backlogs were simulated, if those are fewer.
fn compared(sizing: &Sizing) -> Option<String> {
    let fewest = sizing.rows.iter().map(|row| row.simulated_bursts).min()?;
    (fewest < sizing.simulated_bursts).then(|| {
        format!("Smaller backlogs were simulated with the first {fewest} of these bursts.")
    })
}

/// What the bursts do not show of the share that may be late.
fn unshown(sizing: &Sizing) -> Option<String> {
    let row = sizing.rows.iter().find(|row| row.backlog == sizing.backlog)?;
    (sizing.max_late_share < sizing.smallest_share).then(|| {
        format!(
            "These bursts do not show that at most {} % are late: so many as are simulated at most \
             show no less than {} % for a burst of {}. {} of them had late connections.",
            percent(sizing.max_late_share),
            percent(sizing.smallest_share),
            sizing.burst,
            row.late_bursts,
        )
    })
}

/// What the bounds of the accept rate mean for the backlog.
fn describe_bounds(bounds: &AcceptBounds) -> String {
    let AcceptBounds { slowest_per_second, backlog_if_slowest, .. } = bounds;
    match bounds.fastest_per_second.zip(bounds.backlog_if_fastest) {
        Some((fastest, if_fastest)) => format!(
            "Sized for the mean, which is at least {slowest_per_second:.0}/s and at most \
             {fastest:.0}/s: at the least a backlog of {backlog_if_slowest} is enough, at the most \
             one of {if_fastest}."
        ),
        None => "The samples were too rare for a closer figure: it is the slowest that the server \
                 can be, and a faster one needs no larger backlog."
            .to_owned(),
    }
}

fn table(sizing: &Sizing) -> Printable {
    let row = |row: &BacklogRow| {
        let [least, most] = row.late_share_of_a_burst.map(percent);
        let [shortest, longest] = row.worst_wait_seconds.map(|seconds| format!("{seconds:.3} s"));
        vec![
            format!("{}{}", if row.backlog == sizing.backlog { "→ " } else { "" }, row.backlog),
            row.holds.to_string(),
            percent(row.late_share),
            band(least, most),
            band(shortest, longest),
            row.deepest.to_string(),
        ]
    };
    let head = ["backlog", "holds", "late %", "late % of a burst", "worst wait", "deepest"];
    let is_answer = |(at, row): (usize, &BacklogRow)| {
        (row.backlog == sizing.backlog).then_some(((at, 0), Emphasis::Good))
    };
    let table = Table {
        head: head.map(str::to_owned).into(),
        rows: sizing.rows.iter().map(row).collect(),
        keys: 1,
        emphasis: sizing.rows.iter().enumerate().filter_map(is_answer).collect(),
        ..Table::default()
    };
    table.text(screen())
}

fn at_half(sizing: &Sizing) -> String {
    let half = sizing.backlog / 2;
    match sizing.rows.iter().find(|row| row.backlog == half && sizing.backlog > 0) {
        None => "There is no smaller backlog.".to_owned(),
        Some(row) => format!(
            "Late: its SYN or its ACK finds a full queue, and it waits a second or more to enter the \
             accept queue. At half of the backlog, {half}, {} % of the connections are late.",
            percent(row.late_share)
        ),
    }
}

fn describe_unprotected(needs: &Unprotected, with_cookies: u32) -> String {
    let Unprotected { backlog, half_open, tcp_max_syn_backlog } = needs;
    let also = match *backlog == with_cookies {
        true => String::new(),
        false => format!("a backlog of {backlog} is needed, and "),
    };
    format!(
        "With tcp_syncookies 0, {also}tcp_max_syn_backlog must be at least \
         {tcp_max_syn_backlog}: up to {half_open} connections are half-open, and its \
         three-quarters rule drops more."
    )
}

/// Both ends of a band, or the only value.
fn band(least: String, most: String) -> String {
    if least == most { least } else { format!("{least} – {most}") }
}

/// Formats a share with enough digits that a small one does not look like 0.
pub(super) fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent {
        0.0 | 100.0 => percent.to_string(),
        p if p < 5e-5 => format!("{p:.1e}"),
        p if p < 1.0 => format!("{p:.4}"),
        p if p > 99.0 => format!("{p:.4}"),
        p => format!("{p:.1}"),
    }
}
