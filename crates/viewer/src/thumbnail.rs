//! The most informative chart of a run.

use maud::{Markup, html};

use crate::run_folder::RunFolder;
use crate::url::url_segment;

/// The most informative chart of a run.
pub(crate) fn thumbnail(folder: &RunFolder, is_running: bool) -> Markup {
    let charts = folder.charts();
    match charts.iter().min_by_key(|name| rank(name)) {
        Some(name) => {
            let source = format!("{}/charts/{}.svg", folder.link(), url_segment(name));
            html! { img src=(source) loading="lazy" alt=(name); }
        }
        None => html! {
            span.placeholder { @if is_running { "in progress" } @else { "no chart" } }
        },
    }
}

/// The sort key that puts the most informative chart first: success over the whole matrix,
/// then along an axis, then outcomes.
pub(crate) fn rank(chart: &str) -> usize {
    const ORDER: [&str; 6] =
        ["heat-success", "lines-success", "lines-", "heat-", "outcomes", "connect-latency"];
    ORDER.iter().position(|start| chart.starts_with(start)).unwrap_or(ORDER.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heat_map_of_success_comes_first_and_charts_of_one_trial_last() {
        let order = [
            "heat-success-snapshot",
            "lines-success",
            "lines-throughput",
            "heat-delivered",
            "outcomes",
            "connect-latency",
            "queue-00003",
        ];
        assert!(order.is_sorted_by_key(|name| rank(name)));
    }
}
