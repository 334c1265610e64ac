//! Troubles over time.

use watch_record::{Severity, Trouble, TroubleKind};

use crate::line::Span;

/// A trouble that is missing for longer than this has ended, microseconds.
const PAUSE_US: u64 = 5_000_000;

/// Episodes of one listener or namespace that are kept: those after them extend the last one of
/// their kind.
const MAX_EPISODES: usize = 200;

/// A time in which something was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode {
    /// What.
    pub kind: TroubleKind,
    /// The worst that it was.
    pub severity: Severity,
    /// The first and last line at which it was as severe as that.
    pub worst: Span,
    /// The first and last line that have it, microseconds since the watch began.
    pub from_us: u64,
    /// The last line that has it.
    pub to_us: u64,
    /// What the evidence showed when it was worst, at the last of these lines.
    pub text: String,
    /// What would help.
    pub advice: String,
}

/// Adds the troubles of a line.
pub(crate) fn add(episodes: &mut Vec<Episode>, troubles: &[Trouble], at_us: u64, before_us: u64) {
    for Trouble { kind, severity, text, advice } in troubles {
        let is_full = episodes.len() >= MAX_EPISODES;
        let mut earlier = episodes.iter_mut().rev();
        let known = earlier.find(|episode| episode.kind == *kind);
        // It goes on if the line before had it, however long ago that is.
        let goes_on = |episode: &&mut Episode| {
            is_full || episode.to_us >= before_us || at_us.saturating_sub(episode.to_us) <= PAUSE_US
        };
        match known.filter(goes_on) {
            Some(episode) => {
                episode.to_us = at_us;
                if *severity >= episode.severity {
                    let is_worse = *severity > episode.severity;
                    let from_us = if is_worse { at_us } else { episode.worst.0 };
                    episode.worst = Span(from_us, at_us);
                    episode.severity = *severity;
                    episode.text.clone_from(text);
                    episode.advice.clone_from(advice);
                }
            }
            None if is_full => {}
            None => episodes.push(Episode {
                kind: *kind,
                severity: *severity,
                worst: Span(at_us, at_us),
                from_us: at_us,
                to_us: at_us,
                text: text.clone(),
                advice: advice.clone(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(severity: Severity, text: &str) -> Trouble {
        let text = text.to_owned();
        Trouble { kind: TroubleKind::QueueFull, severity, text, advice: String::new() }
    }

    #[test]
    fn an_episode_keeps_its_worst_sentence_and_ends_with_a_pause() {
        let mut episodes = Vec::new();
        let second = 1_000_000;
        for (at, severity, text) in [
            (1, Severity::Warning, "3 wait"),
            (2, Severity::Critical, "4 lost"),
            (3, Severity::Critical, "9 lost"),
            (6, Severity::Notice, "were lost"),
            (20, Severity::Notice, "again"),
        ] {
            add(&mut episodes, &[trouble(severity, text)], at * second, (at - 1) * second);
        }
        let short: Vec<_> = episodes
            .iter()
            .map(|it| (it.from_us / second, it.to_us / second, it.severity, it.text.as_str()))
            .collect();
        let expected = [(1, 6, Severity::Critical, "9 lost"), (20, 20, Severity::Notice, "again")];
        assert_eq!(short, expected);
        assert_eq!(episodes[0].worst, Span(2 * second, 3 * second));
        // The line before had it.
        add(&mut episodes, &[trouble(Severity::Notice, "still")], 90 * second, 20 * second);
        assert_eq!((episodes.len(), episodes[1].to_us / second), (2, 90));
    }
}
