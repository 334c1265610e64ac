//! One slide.

use maud::{Markup, html};

/// A slide: what is shown at once, and what further keys show.
#[derive(Debug)]
pub(crate) struct Slide {
    /// What it is for, as a class of the style sheet.
    kind: &'static str,
    heading: Option<String>,
    content: Markup,
    steps: Vec<Markup>,
}

impl Slide {
    /// A slide with its content.
    pub(crate) fn new(kind: &'static str, heading: Option<&str>, content: Markup) -> Self {
        Self { kind, heading: heading.map(str::to_owned), content, steps: Vec::new() }
    }

    /// With something that the next key shows.
    #[must_use]
    pub(crate) fn then(mut self, step: Option<Markup>) -> Self {
        self.steps.extend(step);
        self
    }

    /// As a section of the page.
    pub(crate) fn html(&self) -> Markup {
        html! {
            section class=(format!("slide {}", self.kind)) {
                div.fit {
                    @if let Some(heading) = &self.heading { h2 { (heading) } }
                    div.content { (self.content) }
                    @for step in &self.steps { div.step { (step) } }
                }
            }
        }
    }
}
