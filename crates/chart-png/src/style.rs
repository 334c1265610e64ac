//! What the style sheet of a chart says of its elements, in light colours.

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::Node;
use simplecss::{AttributeOperator, PseudoClass, StyleSheet};

/// Red, green and blue.
pub(super) type Colour = [u8; 3];

/// How an element is drawn. Lengths are the chart's.
#[derive(Debug, Clone)]
pub(super) struct Style<'a> {
    pub(super) fill: Option<Colour>,
    pub(super) stroke: Option<Colour>,
    pub(super) stroke_width: f32,
    /// Lengths of dashes and gaps in turn; none of a line without gaps.
    pub(super) dashes: Vec<f32>,
    /// With that of everything around it.
    pub(super) opacity: f32,
    pub(super) font_size: f32,
    pub(super) bold: bool,
    /// The share of a text that is left of its place.
    pub(super) anchor: f32,
    variables: BTreeMap<&'a str, &'a str>,
}

/// The style sheet, without what it says of dark colours and of printing.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    rules: StyleSheet<'a>,
    /// What `:root` has.
    variables: BTreeMap<&'a str, &'a str>,
    /// All that some rule is about.
    classes: BTreeSet<String>,
}

/// Attributes that are no properties: where an element is, and what it means.
const NO_PROPERTIES: [&str; 24] = [
    "aria-label",
    "class",
    "cx",
    "cy",
    "d",
    "data-width",
    "height",
    "href",
    "id",
    "points",
    "r",
    "role",
    "rx",
    "style",
    "tabindex",
    "transform",
    "viewBox",
    "width",
    "x",
    "x1",
    "x2",
    "y",
    "y1",
    "y2",
];

impl<'a> Sheet<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let rules = StyleSheet::parse(text);
        let root = text.split_once(":root").and_then(|(_, rest)| rest.split_once('{'));
        let root = root.and_then(|(_, rest)| rest.split_once('}')).map_or("", |(block, _)| block);
        let variables = declarations(root).filter(|(name, _)| name.starts_with("--")).collect();
        let selectors = rules.rules.iter().map(|rule| rule.selector.to_string());
        let classes = selectors.flat_map(|selector| {
            let named = selector.split("[class~='").skip(1);
            named.filter_map(|rest| Some(rest.split_once('\'')?.0.to_owned())).collect::<Vec<_>>()
        });
        Self { classes: classes.collect(), variables, rules }
    }

    /// Of what is around everything.
    pub(super) fn outermost(&self) -> Style<'a> {
        Style {
            fill: Some([0; 3]),
            stroke: None,
            stroke_width: 1.0,
            dashes: Vec::new(),
            opacity: 1.0,
            font_size: 16.0,
            bold: false,
            anchor: 0.0,
            variables: self.variables.clone(),
        }
    }

    /// Of an element in another; tells what it does not know.
    pub(super) fn of(
        &self,
        element: Node<'a, 'a>,
        around: &Style<'a>,
        unknown: &mut BTreeSet<String>,
    ) -> Style<'a> {
        let mut style = around.clone();
        let classes = element.attribute("class").unwrap_or_default().split_whitespace();
        for class in classes.filter(|&class| !self.classes.contains(class)) {
            unknown.insert(format!("class {class}"));
        }
        let own = || declarations(element.attribute("style").unwrap_or_default());
        style.variables.extend(own().filter(|(name, _)| name.starts_with("--")));
        let attributes = element.attributes().map(|it| (it.name(), it.value()));
        let attributes = attributes.filter(|(name, _)| !NO_PROPERTIES.contains(name));
        let matching = self.rules.rules.iter().filter(|rule| rule.selector.matches(&Of(element)));
        let ruled =
            matching.flat_map(|rule| rule.declarations.iter().map(|it| (it.name, it.value)));
        for (name, value) in attributes.chain(ruled).chain(own()) {
            let value = style.resolved(value);
            if style.apply(name, value, around.opacity).is_none() {
                unknown.insert(format!("{name}: {value}"));
            }
        }
        style
    }
}

impl<'a> Style<'a> {
    /// A value in which variables are what they stand for.
    fn resolved(&self, mut value: &'a str) -> &'a str {
        // One may stand for another, and none for itself.
        for _ in 0..8 {
            let name = value.strip_prefix("var(").and_then(|rest| rest.strip_suffix(')'));
            match name.and_then(|name| self.variables.get(name.trim())) {
                Some(meant) => value = meant.trim(),
                None => break,
            }
        }
        value
    }

    fn apply(&mut self, name: &str, value: &str, opacity_around: f32) -> Option<()> {
        match name {
            "fill" => self.fill = colour(value)?,
            "stroke" => self.stroke = colour(value)?,
            "stroke-width" => self.stroke_width = length(value)?,
            "stroke-dasharray" if value == "none" => self.dashes.clear(),
            "stroke-dasharray" => {
                let lengths = value.split([' ', ',']).filter(|part| !part.is_empty());
                self.dashes = lengths.map(length).collect::<Option<_>>()?;
            }
            "opacity" => self.opacity = opacity_around * length(value)?,
            "font" => {
                self.font_size =
                    value.split(' ').find_map(|part| length(part.strip_suffix("px")?))?;
                self.bold = false;
            }
            "font-size" => self.font_size = length(value)?,
            "font-weight" => {
                self.bold = value == "bold" || length(value).is_some_and(|w| w > 500.0)
            }
            "text-anchor" => {
                self.anchor = match value {
                    "start" => 0.0,
                    "middle" => 0.5,
                    "end" => 1.0,
                    _ => return None,
                }
            }
            // Which digits the font has; of dark and light, this is light.
            "font-variant-numeric" | "color-scheme" => {}
            variable if variable.starts_with("--") => {}
            _ => return None,
        }
        Some(())
    }
}

/// Of one element, variables too, which `simplecss` has no names for.
fn declarations(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = text.split(';').filter_map(|declaration| declaration.split_once(':'));
    pairs.map(|(name, value)| (name.trim(), value.trim()))
}

/// A length in pixels, or a number.
pub(super) fn length(text: &str) -> Option<f32> {
    text.trim().trim_end_matches("px").parse().ok().filter(|length: &f32| length.is_finite())
}

/// The outer is of what is no colour at all, the inner of `none`.
#[expect(clippy::option_option, reason = "both are meant")]
fn colour(text: &str) -> Option<Option<Colour>> {
    if ["none", "transparent"].contains(&text) {
        return Some(None);
    }
    let number = u32::from_str_radix(text.strip_prefix('#').filter(|hex| hex.len() == 6)?, 16);
    let [_, colour @ ..] = number.ok()?.to_be_bytes();
    Some(Some(colour))
}

/// What rules are matched with.
struct Of<'a>(Node<'a, 'a>);

impl simplecss::Element for Of<'_> {
    fn parent_element(&self) -> Option<Self> {
        self.0.parent_element().map(Self)
    }

    fn prev_sibling_element(&self) -> Option<Self> {
        self.0.prev_sibling_element().map(Self)
    }

    fn has_local_name(&self, name: &str) -> bool {
        self.0.tag_name().name() == name
    }

    fn attribute_matches(&self, name: &str, operator: AttributeOperator<'_>) -> bool {
        self.0.attribute(name).is_some_and(|value| operator.matches(value))
    }

    /// Nobody points at a picture.
    fn pseudo_class_matches(&self, _: PseudoClass<'_>) -> bool {
        false
    }
}
