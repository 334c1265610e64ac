//! A chart in a page of mdBook, and the style sheet of charts.

use charts::Chart;

/// The smallest scale of a chart: text can still be read on a phone, where its box scrolls.
const MIN_SCALE: f64 = 0.65;

/// The classes of mdBook's dark themes.
const DARK: &str = ":where(html.coal, html.navy, html.ayu)";
/// The page without JavaScript, whose theme is that of the browser.
const WITHOUT_SCRIPT: &str = ":where(html:not(.js))";
const PREFERS_DARK: &str = "@media (prefers-color-scheme: dark) {";

/// The chart in HTML without line breaks, which would end it in Markdown. It has no links: the page
/// lacks what those in a report lead to.
pub(crate) fn chart_in_page(chart: &Chart) -> String {
    chart.relinked(|_| None).inline_from(MIN_SCALE).into_string().replace('\n', " ")
}

/// The style sheet of charts for mdBook, whose reader chooses the theme: the rules for dark
/// browsers apply to dark themes, and in a page without JavaScript.
pub(crate) fn chart_style() -> String {
    let lines = charts::STYLE.lines().map(|line| match line.strip_prefix(PREFERS_DARK) {
        Some(rules) => {
            let rules = rules.replace(":root {", "& {");
            format!("{DARK} {{{rules} {PREFERS_DARK} {WITHOUT_SCRIPT} {{{rules} }}")
        }
        None => line.replace(":root {", ":where(html) {"),
    });
    let style = lines.collect::<Vec<_>>().join("\n");
    format!("<style>\n{style}\n</style>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dark_colours_follow_the_theme_of_the_book() {
        let style = chart_style();
        assert!(style.contains("--paper: #ffffff"), "{style}");
        assert!(!style.contains(":root"), "{style}");
        for line in style.lines().filter(|line| line.contains(PREFERS_DARK)) {
            assert!(line.starts_with(DARK), "{line}");
        }
        assert_eq!(style.matches('{').count(), style.matches('}').count());
    }
}
