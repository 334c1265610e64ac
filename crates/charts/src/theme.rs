//! The light theme of a chart, without CSS variables, for readers that have none.

use std::sync::LazyLock;

use crate::style::STYLE;

/// Makes a title bold with the one font of the program, which is not.
const BOLD_TITLE: &str = ".chart text.title { stroke: var(--ink); stroke-width: .5; }\n";

/// The style sheet and the variables of its `:root` rule.
struct LightTheme {
    style: String,
    /// `var(--name)` and its value.
    variables: Vec<(String, &'static str)>,
}

static LIGHT: LazyLock<LightTheme> = LazyLock::new(|| {
    let root = STYLE.lines().find_map(|line| line.strip_prefix(":root {")?.strip_suffix('}'));
    let declarations = root.unwrap_or_default().split(';').filter_map(|it| it.split_once(':'));
    let variables: Vec<_> = declarations
        .map(|(name, value)| (format!("var({})", name.trim()), value.trim()))
        .filter(|(name, _)| name.starts_with("var(--"))
        .collect();
    let is_light = |line: &&str| !line.starts_with("@media") && !line.starts_with(":root");
    let rules: String = STYLE.lines().filter(is_light).flat_map(|line| [line, "\n"]).collect();
    LightTheme { style: with_values(&(rules + BOLD_TITLE), &variables), variables }
});

/// The style sheet of the light theme: no variables and no media queries.
pub(crate) fn light_style() -> &'static str {
    &LIGHT.style
}

/// The elements of a chart with the values of the light theme in place of variables.
/// A series' own `--light` colour becomes its `color`.
pub(crate) fn light_body(body: &str) -> String {
    let mut parts = body.split("style=\"--light:");
    let mut light = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (declarations, rest) = part.split_once('"').unwrap_or((part, ""));
        let colour = declarations.split(';').next().unwrap_or_default();
        light.extend(["style=\"color:", colour, "\"", rest]);
    }
    with_values(&light, &LIGHT.variables)
}

fn with_values(text: &str, variables: &[(String, &str)]) -> String {
    let text = text.replace("var(--light)", "currentColor");
    variables.iter().fold(text, |text, (name, value)| text.replace(name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_style_has_no_variables_and_no_media_queries() {
        assert!(!light_style().contains("var("), "{}", light_style());
        assert!(!light_style().contains('@'), "{}", light_style());
        assert!(light_style().contains(".chart .grid { stroke: #dcdce2;"), "{}", light_style());
        assert!(light_style().contains("stroke: currentColor"), "{}", light_style());
    }

    #[test]
    fn light_colour_of_a_series_becomes_its_color() {
        let body = r#"<g style="--light:#440154;--dark:#fde725"><path fill="var(--paper)"/></g>"#;
        let light = r##"<g style="color:#440154"><path fill="#ffffff"/></g>"##;
        assert_eq!(light_body(body), light);
        let accent = r#"<g style="--light:var(--accent);--dark:var(--accent)"/>"#;
        assert_eq!(light_body(accent), r##"<g style="color:#2a5db0"/>"##);
    }
}
