//! A trial that runs now.

use maud::{Markup, html};
use run_record::{AxisNames, LivePhase, LiveTrial};

use super::queue::{self, History};

/// A trial that runs now, with its accept queue.
pub(super) fn trial(trial: &LiveTrial, names: &AxisNames, history: Option<&History>) -> Markup {
    let phase = match trial.phase {
        LivePhase::Preparing => "preparing its hosts",
        LivePhase::Connecting => "connecting",
        LivePhase::Lingering => "leaving connections open",
        LivePhase::Chatting => "accepting and chatting",
        LivePhase::Closing => "closing",
        LivePhase::Restarting => "server stopped",
    };
    let place = names.place(&trial.point);
    html! {
        div.trial data-trial=(trial.id) data-phase=(phase) {
            p {
                strong { (place) }
                span.quiet { " · repetition " (u64::from(trial.repetition) + 1) " · " (phase) " · " (format!("{:.1} s", trial.running_seconds())) }
            }
            @match &trial.queues {
                Some(queues) => (queue::bar(queues)),
                None => p.quiet { "no sample of its queues yet" },
            }
            @if let Some(history) = history { (history.sparkline()) }
        }
    }
}
