//! Warnings that the load generator may have limited the results.

use run_record::LoadUse;
use run_view::number::{nanoseconds, percent};
use run_view::{Run, Trial, has_rates};

/// The smallest median lateness of the generator's writes that is reported, nanoseconds.
const MIN_LATENESS_NS: u64 = 10_000_000;

/// What limited the results, as far as the load generator may have: a thread of it was busy nearly
/// all the time, it used more CPU time than the server, or it wrote late; `None` if nothing did.
pub(crate) fn warnings(run: &Run) -> Option<String> {
    let warnings = [busy(run), busier_than_the_server(run), late(run)];
    let warnings: Vec<_> = warnings.into_iter().flatten().collect();
    (!warnings.is_empty()).then(|| warnings.join("\n"))
}

/// The trials with a thread of the load that was busy nearly all the time.
pub(crate) fn busy(run: &Run) -> Option<String> {
    let use_of = |trial: &Trial| trial.load_use.filter(|of| of.may_be_limit);
    let busy: Vec<_> =
        run.trials.iter().filter_map(|trial| Some((trial, use_of(trial)?))).collect();
    let (busiest, of) = busy.iter().max_by(|(_, a), (_, b)| a.share.total_cmp(&b.share))?;
    // Advice that helps in only some of the trials is none.
    let more = busy.iter().map(|(_, of)| of.more_threads).collect::<Option<Vec<_>>>();
    let more = more.and_then(|threads| threads.into_iter().max());
    Some(format!(
        "In {} of {} trials the busiest thread of the load generator used a CPU for {} % of the \
         time or more (the most: {} %, {}): it may be what limits their rates, not the server.{}",
        busy.len(),
        run.trials.len(),
        percent(LoadUse::BUSY_SHARE),
        percent(of.share.into()),
        run.place(busiest),
        more.map_or(String::new(), |threads| advice(&format!("load.threads: {threads}")))
    ))
}

/// A setting with more threads, after a sentence that warns of a busy one.
pub(crate) fn advice(setting: &str) -> String {
    format!(" `{setting}` lets it read on more of the machine's CPUs.")
}

/// Trials of older builds, which did not record how busy the threads were.
fn busier_than_the_server(run: &Run) -> Option<String> {
    let has_rates = has_rates(run);
    let is_busier = |trial: &&Trial| {
        let server = trial.server.as_ref().map(|server| server.usage.cpu_seconds());
        // Only rates can be misread.
        has_rates
            && trial.load_use.is_none()
            && trial.rates.messages_written > 0
            && server.is_some_and(|server| trial.load.cpu_seconds() > server)
    };
    let busier = run.trials.iter().filter(is_busier).count();
    (busier > 0).then(|| {
        format!(
            "In {busier} of {} trials the load generator used more CPU time than the server: it \
             may be what limits their rates, not the server.",
            run.trials.len()
        )
    })
}

/// The trials in which the load generator wrote late.
fn late(run: &Run) -> Option<String> {
    let lateness = |trial: &Trial| trial.send_lateness.p50_ns;
    let late: Vec<_> =
        run.trials.iter().filter(|trial| lateness(trial) >= MIN_LATENESS_NS).collect();
    let worst = run.trials.iter().map(lateness).max().unwrap_or(0);
    (!late.is_empty()).then(|| {
        format!(
            "In {} of {} trials the load generator wrote later than scheduled (median up to {}){}",
            late.len(),
            run.trials.len(),
            nanoseconds(worst as f64),
            describe_lateness(&late)
        )
    })
}

/// Why the load generator was late in these trials: because of other processes, or because it
/// shares the CPUs with the server.
fn describe_lateness(late: &[&Trial]) -> String {
    let disturbed = late.iter().filter(|trial| trial.is_disturbed()).count();
    let own = late.iter().filter(|trial| !trial.is_disturbed());
    let waited = own.filter_map(|trial| trial.disturbance.as_ref()?.load_run_delay_seconds);
    let waited = waited.reduce(f64::max).map_or(String::new(), |seconds| {
        format!(" (it waited for a CPU for up to {} in a trial)", nanoseconds(seconds * 1e9))
    });
    let shared = format!(
        "it shares the CPUs of this machine with the server{waited}, which limits the offered rate."
    );
    match disturbed {
        0 => format!(": {shared}"),
        n if n == late.len() => ", all of them disturbed.".to_owned(),
        n => format!(", {n} of them disturbed; in the others, {shared}"),
    }
}
