//! A trial that runs now.

use jiff::Timestamp;
use maud::{Markup, html};
use run_record::{LivePhase, LiveTrial};
use run_view::written_point;

use super::queue::{self, History};

/// A trial that runs now, with its accept queue.
pub(super) fn trial(trial: &LiveTrial, history: Option<&History>) -> Markup {
    let phase = match trial.phase {
        LivePhase::Preparing => "preparing its hosts",
        LivePhase::Connecting => "connecting",
        LivePhase::Lingering => "leaving connections open",
        LivePhase::Chatting => "accepting and chatting",
        LivePhase::Closing => "closing",
        LivePhase::Restarting => "server stopped",
    };
    let elapsed = Timestamp::now().duration_since(trial.began).as_secs_f64().max(0.0);
    html! {
        div.trial data-trial=(trial.id) data-phase=(phase) {
            p {
                strong { (place(trial)) }
                span.quiet { " · repetition " (u64::from(trial.repetition) + 1) " · " (phase) " · " (format!("{elapsed:.1} s")) }
            }
            @match &trial.queues {
                Some(queues) => (queue::bar(queues)),
                None => p.quiet { "no sample of its queues yet" },
            }
            @if let Some(history) = history { (history.sparkline()) }
        }
    }
}

fn place(trial: &LiveTrial) -> String {
    let place = written_point(trial.point.iter().map(|(path, at)| (path.as_str(), at)));
    if place.is_empty() { "the only cell".to_owned() } else { place }
}
