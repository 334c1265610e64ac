//! What could not be seen, and how the figures were obtained.

use run_view::number::{count, gibibytes, percent};
use run_view::prose::several;
use watch_recording::{RecordEnd, Review};

use super::words::{clock, duration, sentences};
use crate::document::{Block, Section};

pub(super) fn section(review: &Review) -> Section {
    let mut section = Section::new("effort", "What could not be seen, and how it was watched");
    let unseen: Vec<_> = unseen(review);
    if !unseen.is_empty() {
        section.report(Block::text("Not seen:")).report(Block::Notes(unseen));
    }
    section.report(Block::Facts(facts(review)));
    section
}

fn unseen(review: &Review) -> Vec<String> {
    let described = |what: &str, why: &str| match why {
        "" => sentences(what),
        why => format!("{}: {}", sentences(what), sentences(why)),
    };
    let mut unseen: Vec<_> =
        review.unseen.iter().map(|unseen| described(&unseen.what, &unseen.why)).collect();
    if review.discarded_closed > 0 {
        unseen.push(format!(
            "{} that came and went: too many did at about the same time",
            several(review.discarded_closed, "listener")
        ));
    }
    unseen
}

fn facts(review: &Review) -> Vec<(String, String)> {
    let (header, effort) = (&review.header, &review.effort);
    let machine = &header.machine;
    let milliseconds = |seconds: f64| format!("{:.1} ms", seconds * 1e3);
    let mut facts = vec![
        (
            "looks at the listeners",
            format!(
                "{} since the watch began, one every {} (requested: {}); {} missed",
                count(i128::from(effort.looks)),
                milliseconds(effort.achieved_interval_seconds),
                milliseconds(effort.interval_seconds),
                count(i128::from(effort.missed_looks))
            ),
        ),
        ("times without a look", gaps(review)),
        (
            "walks of all sockets",
            format!(
                "{}, one every {}",
                count(i128::from(effort.walks)),
                duration((effort.walk_interval_seconds * 1e6) as u64)
            ),
        ),
        (
            "CPU time of the watch",
            format!(
                "{} % of one CPU; at most {} % are allowed",
                percent(effort.cpu_share),
                percent(effort.max_cpu_share)
            ),
        ),
        ("Linux", format!("{}, {}", machine.kernel, machine.architecture)),
        (
            "machine",
            format!("{}, {}", several(machine.cpus.into(), "CPU"), gibibytes(machine.memory_bytes)),
        ),
        ("program", format!("queuelab {}", header.tool.version)),
        ("recorded", recorded(review)),
    ];
    facts.extend(filter(review).map(|filter| ("only listeners with", filter)));
    if !header.settings.all_namespaces {
        facts.push(("network namespaces", "only that of the watch".to_owned()));
    }
    facts.into_iter().map(|(name, fact)| (name.to_owned(), sentences(&fact))).collect()
}

fn gaps(review: &Review) -> String {
    let gaps = review.gaps;
    match gaps.number {
        0 => "none".to_owned(),
        number => format!(
            "{}, together {}, the longest {}",
            count(i128::from(number)),
            duration(gaps.total_us),
            duration(gaps.longest_us)
        ),
    }
}

fn recorded(review: &Review) -> String {
    let end = match review.header.end {
        Some(RecordEnd::Stopped) => "",
        Some(RecordEnd::LimitReached) => ", until its limit was reached",
        Some(RecordEnd::Failed) => ", until a line could not be written",
        None if review.is_recording => ", and goes on",
        None => ", and was not ended",
    };
    format!(
        "{} from {} to {} UTC{end}",
        several(review.lines as u64, "line"),
        clock(review, review.span.0),
        clock(review, review.span.1)
    )
}

/// The conditions that listeners had to meet.
fn filter(review: &Review) -> Option<String> {
    let filter = &review.header.settings.filter;
    let joined = |name: &str, values: Vec<String>| match values.is_empty() {
        true => None,
        false => Some(format!("{name} {}", values.join(" or "))),
    };
    let numbers = |values: &[u32]| values.iter().map(u32::to_string).collect();
    let parts = [
        joined("port", filter.ports.iter().map(u16::to_string).collect()),
        joined("process", filter.processes.clone()),
        joined("PID", numbers(&filter.pids)),
        joined("container", filter.containers.clone()),
        joined("network namespace", filter.namespaces.clone()),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
