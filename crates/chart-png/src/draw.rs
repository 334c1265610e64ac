//! Goes through the elements of a chart, and draws each over those before it.

use std::collections::BTreeSet;

use roxmltree::Node;
use tiny_skia_path::{Path, Stroke, StrokeDash, Transform};

use super::canvas::Canvas;
use super::style::{Sheet, Style, length};
use super::{font, shape};

/// Pixels for one of the chart's.
const SCALE: f32 = 2.0;
/// Pixels of a picture at most: a chart that would need more has smaller ones.
const MOST: f32 = 8e6;

/// A chart that is being drawn.
pub(super) struct Drawing<'a> {
    sheet: Sheet<'a>,
    canvas: Canvas,
    /// The chart's, not the canvas's.
    size: (f32, f32),
    scale: f32,
    unknown: BTreeSet<String>,
}

impl<'a> Drawing<'a> {
    /// A canvas of the size that the chart says.
    pub(super) fn new(chart: Node<'a, 'a>) -> Self {
        let side = |name| chart.attribute(name).and_then(length).unwrap_or(0.0).max(1.0);
        let size = (side("width"), side("height"));
        let scale = SCALE.min((MOST / (size.0 * size.1)).sqrt());
        let pixels = |side: f32| ((side * scale).ceil() as usize).max(1);
        let text = chart.children().find(|child| child.has_tag_name("style"));
        Self {
            sheet: Sheet::new(text.and_then(|style| style.text()).unwrap_or_default()),
            canvas: Canvas::new(pixels(size.0), pixels(size.1)),
            size,
            scale,
            unknown: BTreeSet::new(),
        }
    }

    pub(super) fn draw(&mut self, chart: Node<'a, 'a>) {
        let outermost = self.sheet.outermost();
        self.element(chart, &outermost, Transform::from_scale(self.scale, self.scale));
    }

    /// What was drawn, and what was not as it is not known here.
    pub(super) fn end(self) -> (Canvas, BTreeSet<String>) {
        (self.canvas, self.unknown)
    }

    fn element(&mut self, element: Node<'a, 'a>, around: &Style<'a>, place: Transform) {
        let name = element.tag_name().name();
        // What is not drawn: the style sheet, tooltips.
        if ["style", "title"].contains(&name) {
            return;
        }
        let style = self.sheet.of(element, around, &mut self.unknown);
        let place = self.placed(element, place);
        match name {
            "svg" | "g" | "a" => {
                for child in element.children().filter(Node::is_element) {
                    self.element(child, &style, place);
                }
            }
            "text" => {
                let parts = element.descendants().filter(Node::is_text);
                let text: String = parts.filter_map(|part| part.text()).collect();
                let text = text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
                let at = |name| element.attribute(name).and_then(length).unwrap_or(0.0);
                let font = font::font(style.bold);
                let place_of = (at("x"), at("y"));
                let outline = font.outline(&text, style.font_size, place_of, style.anchor);
                self.paint(outline, &style, place);
                let inside = element.children().filter(Node::is_element);
                self.unknown
                    .extend(inside.map(|it| format!("<{}> in a text", it.tag_name().name())));
            }
            _ => match shape::outline(element, self.size) {
                Ok(outline) => self.paint(outline, &style, place),
                Err(unknown) => {
                    self.unknown.insert(unknown);
                }
            },
        }
    }

    /// Where an element's coordinates are: some are moved.
    fn placed(&mut self, element: Node<'a, 'a>, place: Transform) -> Transform {
        let Some(text) = element.attribute("transform") else { return place };
        let numbers = text.strip_prefix("translate(").and_then(|rest| rest.strip_suffix(')'));
        let numbers =
            numbers.and_then(|it| it.split([' ', ',']).map(length).collect::<Option<Vec<_>>>());
        if let Some([x, y]) = numbers.as_deref() {
            return place.pre_translate(*x, *y);
        }
        self.unknown.insert(format!("transform {text}"));
        place
    }

    fn paint(&mut self, outline: Option<Path>, style: &Style<'_>, place: Transform) {
        let Some(outline) = outline.and_then(|outline| outline.transform(place)) else { return };
        if let Some(colour) = style.fill {
            self.canvas.fill(&outline, colour, style.opacity);
        }
        let Some(colour) = style.stroke.filter(|_| style.stroke_width > 0.0) else { return };
        let stroke = Stroke { width: style.stroke_width * self.scale, ..Stroke::default() };
        let lengths = style.dashes.iter().map(|length| length * self.scale).collect();
        // None where there is no gap.
        let dashed = StrokeDash::new(lengths, 0.0).and_then(|dash| outline.dash(&dash, 1.0));
        if let Some(line) = dashed.as_ref().unwrap_or(&outline).stroke(&stroke, 1.0) {
            self.canvas.fill(&line, colour, style.opacity);
        }
    }
}
