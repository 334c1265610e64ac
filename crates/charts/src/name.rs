//! Names of charts and their files.

/// Whether a chart can have that name (without an extension).
pub fn is_chart_name(name: &str) -> bool {
    let is_slug = |text: &str| !text.is_empty() && slug(text) == text;
    let of_trial = |text: &str| {
        let (number, retry) = text.split_once("-retry-").unwrap_or((text, "1"));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        number.len() >= 5 && is_number(number) && is_number(retry)
    };
    let of_metric = |text: &str| {
        let rest = run_view::metric_names().filter_map(|metric| text.strip_prefix(metric));
        rest.into_iter().any(|rest| rest.is_empty() || rest.strip_prefix('-').is_some_and(is_slug))
    };
    match name.split_once('-') {
        _ if ["outcomes", "connect-latency", "simulation"].contains(&name) => true,
        Some(("queue" | "burst" | "connects", trial)) => of_trial(trial),
        Some(("heat" | "lines", metric)) => of_metric(metric),
        Some(("law", law)) => is_slug(law),
        Some(("listener", which)) => is_slug(which),
        _ => false,
    }
}

/// The name of the chart of a law, by its id.
pub fn name_of_law(id: &str) -> String {
    format!("law-{}", slug(id))
}

/// The name of a chart of a watched listener, by its rank and address.
pub fn name_of_listener(rank: usize, address: &str) -> String {
    slug(&format!("listener-{rank}-{address}"))
}

/// A name as part of a file name: lowercase letters, digits and hyphens.
pub(crate) fn slug(text: &str) -> String {
    let letters =
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    let letters: String = letters.collect();
    letters.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}
