//! The accept queue of a trial that runs now, relative to its limit.

use std::collections::VecDeque;

use maud::{Markup, html};
use run_record::LiveQueues;

/// The time span of a sparkline, nanoseconds.
const SPAN_NS: u64 = 60_000_000_000;

/// The samples that are kept: twice as many as arrive in the time span.
const MAX_SAMPLES: usize = 480;

/// A sparkline's size, pixels.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 56.0;

/// The queue now, as a bar with its numbers. The bar ends where the queue is full, which is
/// at one more than its limit (`sk_acceptq_is_full()`). Of several listeners, on one port or on
/// several, it has the sums: one of their queues can be full long before all are.
pub(super) fn bar(queues: &LiveQueues) -> Markup {
    let others = format!(
        "deepest in this trial {} · SYN queue {} · established {} · TIME_WAIT {}",
        queues.deepest, queues.syn_recv, queues.established, queues.time_wait
    );
    let Some(queue) = queues.accept_queue else {
        return html! { p.quiet { "nothing listens · " (others) } };
    };
    let (depth, limit) = (u64::from(queue.depth), u64::from(queue.limit));
    let room = (limit + u64::from(queues.listeners)).max(1);
    let (what, limits, full) = match queues.listeners {
        0 | 1 => ("accept queue".to_owned(), "limit", "full: limit + 1"),
        listeners => {
            (format!("the accept queues of {listeners} listeners, added up"), "limits", "all full")
        }
    };
    let part = |of: u64| format!("{:.1}%", of as f64 / room as f64 * 100.0);
    html! {
        div.queue data-depth=(depth) data-limit=(limit) data-full[depth >= room] {
            span { (what) }
            div.gauge { i style=(format!("width:{}", part(depth.min(room)))) {} b style=(format!("left:{}", part(limit))) {} }
            strong { (depth) }
            span { (limits) " " (limit) }
            @if depth >= room { span.failed { (full) } }
        }
        p.quiet { (others) }
    }
}

/// Samples of a queue in the last minute.
#[derive(Debug, Default)]
pub(super) struct History {
    /// Time in nanoseconds, depth, limit.
    samples: VecDeque<(u64, u32, u32)>,
    /// The deepest depth of the trial at the last sample.
    deepest: u32,
}

impl History {
    /// Adds a sample, unless it is the last one again. If the queue was deeper between two
    /// samples than ever before in its trial, that depth is added.
    pub(super) fn add(&mut self, queues: &LiveQueues) {
        let Some(queue) = queues.accept_queue else { return };
        if self.samples.back().is_some_and(|(at, ..)| *at >= queues.at_ns) {
            return;
        }
        let depth = if queues.deepest > self.deepest { queues.deepest } else { queue.depth };
        self.deepest = queues.deepest;
        self.samples.push_back((queues.at_ns, depth, queue.limit));
        let is_old = |at: u64| queues.at_ns - at > SPAN_NS;
        while self.samples.len() > MAX_SAMPLES
            || self.samples.front().is_some_and(|sample| is_old(sample.0))
        {
            self.samples.pop_front();
        }
    }

    /// The depth over the last minute, and the limit if it is near.
    pub(super) fn sparkline(&self) -> Markup {
        let Some(&(last, ..)) = self.samples.back() else { return html! {} };
        let deepest = self.samples.iter().map(|sample| sample.1).max().unwrap_or(0);
        let near = |limit: u32| limit <= deepest.saturating_mul(2).max(1);
        let limits = self.samples.iter().map(|sample| sample.2).filter(|limit| near(*limit));
        let top = f64::from(limits.max().unwrap_or(0).max(deepest).max(1)) * 1.1;
        let x = |at: u64| WIDTH * (1.0 - (last - at) as f64 / SPAN_NS as f64);
        let y = |depth: u32| HEIGHT * (1.0 - f64::from(depth) / top);
        let point = |at, depth| format!("{:.1},{:.1}", x(at), y(depth));
        let depths: Vec<_> = self.samples.iter().map(|sample| point(sample.0, sample.1)).collect();
        let first = self.samples.front().map_or(last, |sample| sample.0);
        let area = format!("{:.1},{HEIGHT} {} {WIDTH},{HEIGHT}", x(first), depths.join(" "));
        // A limit applies until the next trial has another one.
        let steps =
            self.samples.iter().zip(self.samples.iter().skip(1)).filter(|(one, _)| near(one.2));
        html! {
            figure {
                svg.sparkline viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) preserveAspectRatio="none"
                    role="img" aria-label=(format!("accept queue, deepest {deepest}")) {
                    polygon.area points=(area) {}
                    polyline.depth points=(depths.join(" ")) {}
                    @for (from, to) in steps {
                        line.limit x1=(format!("{:.1}", x(from.0))) x2=(format!("{:.1}", x(to.0)))
                            y1=(format!("{:.1}", y(from.2))) y2=(format!("{:.1}", y(from.2))) {}
                    }
                }
                figcaption.quiet { "the last minute, deepest " (deepest) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use run_record::AcceptQueue;

    use super::*;

    fn sample(milliseconds: u64, depth: u32, limit: u32) -> LiveQueues {
        LiveQueues {
            at_ns: milliseconds * 1_000_000,
            accept_queue: Some(AcceptQueue { depth, limit }),
            listeners: 1,
            deepest: depth,
            syn_recv: 0,
            established: 0,
            time_wait: 0,
        }
    }

    #[test]
    fn a_queue_is_full_with_one_more_than_its_limit() {
        assert!(!bar(&sample(0, 10, 10)).0.contains("full"));
        let full = bar(&sample(0, 11, 10)).0;
        assert!(full.contains("full") && full.contains("width:100.0%"), "{full}");
        assert!(full.contains("left:90.9%"), "{full}");
        assert!(
            bar(&LiveQueues { accept_queue: None, ..sample(0, 0, 0) })
                .0
                .contains("nothing listens")
        );
    }

    #[test]
    fn the_sums_of_several_listeners_are_called_that() {
        let of_three = LiveQueues { listeners: 3, ..sample(0, 12, 10) };
        let shown = bar(&of_three).0;
        let what = "the accept queues of 3 listeners, added up";
        assert!(shown.contains(what) && shown.contains("limits 10"), "{shown}");
        assert!(!shown.contains("full"), "10 and one more for each is 13: {shown}");
        let full = bar(&LiveQueues { listeners: 3, ..sample(0, 13, 10) }).0;
        assert!(full.contains("all full") && !full.contains("limit + 1"), "{full}");
        assert!(!bar(&sample(0, 1, 10)).0.contains("added up"));
    }

    #[test]
    fn a_history_has_each_sample_of_the_last_minute_once() {
        let mut history = History::default();
        for second in 0..100 {
            history.add(&sample(second * 1000, 5, 4));
            history.add(&sample(second * 1000, 5, 4));
        }
        assert_eq!(history.samples.len(), 61);
        let line = history.sparkline().0;
        assert!(line.contains("deepest 5") && line.contains("class=\"limit\""), "{line}");
        for milliseconds in 0..10_000 {
            history.add(&sample(200_000 + milliseconds, 1, 4096));
        }
        assert_eq!(history.samples.len(), MAX_SAMPLES);
        assert!(!history.sparkline().0.contains("class=\"limit\""), "no line for a distant limit");
    }

    #[test]
    fn a_peak_between_two_samples_is_added_once_per_trial() {
        let mut history = History::default();
        for (at, depth, deepest) in [(0, 0, 0), (1, 2, 300), (2, 1, 300), (3, 0, 0), (4, 0, 7)] {
            history.add(&LiveQueues { deepest, ..sample(at, depth, 300) });
        }
        let depths: Vec<_> = history.samples.iter().map(|sample| sample.1).collect();
        assert_eq!(depths, [0, 300, 1, 0, 7]);
    }
}
