//! The question and its answer, and what the page has.

use maud::{Markup, html};

use crate::answer::{answer, unfinished, verdict};
use run_view::Run;

use crate::evidence;

pub(super) fn top(run: &Run) -> Markup {
    let record = &run.record;
    let verdict = verdict(run);
    let class = if verdict.starts_with("Held") { "verdict held" } else { "verdict failed" };
    let overrides = &record.scenario.overrides;
    html! {
        header {
            p.quiet { "queuelab · " (record.scenario.name) @if overrides.quick { " · quick" }
                " · " (record.started.strftime("%Y-%m-%d %H:%M UTC")) }
            h1 { (record.scenario.question) }
            p.answer { (answer(run)) }
            p class=(class) {
                (verdict)
                @if verdict.contains("FAILED") { " " a href="#checks" { "What failed" } }
            }
            @if let Some(told) = unfinished(run) { p class="verdict failed" { (told) } }
            p.quiet { (evidence::outcomes(run)) " " (run.hosts()) }
            @if let Some(fixed) = run.fixed_axes() { p.quiet { (fixed) } }
        }
    }
}
