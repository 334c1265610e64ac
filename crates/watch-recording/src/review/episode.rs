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

/// The troubles of a listener or namespace over time. They are added when they change, not at each
/// line: a record with many listeners costs what changed of them.
#[derive(Debug, Default)]
pub(crate) struct Episodes {
    episodes: Vec<Episode>,
    /// The troubles since the last change.
    now: Vec<Trouble>,
    /// The last line for which they were added.
    added_us: u64,
}

impl Episodes {
    /// At this line the troubles are others than at the line before it.
    pub(crate) fn change(&mut self, troubles: &[Trouble], at_us: u64, before_us: u64) {
        self.extend(before_us);
        add(&mut self.episodes, troubles, at_us, before_us);
        self.now = troubles.to_vec();
        self.added_us = at_us;
    }

    /// They are the same up to this line.
    fn extend(&mut self, to_us: u64) {
        if to_us > self.added_us {
            add(&mut self.episodes, &self.now, to_us, self.added_us);
            self.added_us = to_us;
        }
    }

    /// This line is the last one that has them.
    pub(crate) fn end(&mut self, at_us: u64) {
        self.extend(at_us);
        self.now = Vec::new();
    }

    /// The episodes in the order in which they began.
    pub(crate) fn finish(self) -> Vec<Episode> {
        self.episodes
    }
}

/// Adds the troubles of a line.
fn add(episodes: &mut Vec<Episode>, troubles: &[Trouble], at_us: u64, before_us: u64) {
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

    #[test]
    fn troubles_that_are_added_when_they_change_are_those_of_each_line() {
        let kinds = [TroubleKind::QueueFull, TroubleKind::Stopped];
        let of = |kind: usize, severity, text: &str| Trouble {
            kind: kinds[kind],
            ..trouble(severity, text)
        };
        let changes = [
            (1, vec![of(0, Severity::Notice, "a")]),
            (4, vec![of(1, Severity::Warning, "b"), of(0, Severity::Critical, "c")]),
            (9, vec![of(0, Severity::Warning, "d")]),
            (30, vec![]),
            (36, vec![of(0, Severity::Critical, "e")]),
            (50, vec![of(1, Severity::Notice, "f")]),
        ];
        let (mut eager, mut lazy, mut now) = (Vec::new(), Episodes::default(), Vec::new());
        for at_us in (1..60).map(|second| second * 1_000_000) {
            let before_us = at_us - 1_000_000;
            if let Some((_, new)) = changes.iter().find(|(second, _)| second * 1_000_000 == at_us) {
                now.clone_from(new);
                lazy.change(new, at_us, before_us);
            }
            add(&mut eager, &now, at_us, before_us);
        }
        lazy.end(59_000_000);
        assert_eq!(lazy.finish(), eager);
        assert_eq!(eager.len(), 4);
    }
}
