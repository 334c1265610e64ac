//! The queue over time: the chart of a cell that is picked.

use run_record::ExecutionId;
use run_view::number::count;

use crate::document::{Block, Picture, Section, Source, Tone};
use crate::recorded::{Drawn, MAX_CHART_BYTES, Rows};

/// What a trial's charts are called in the page.
pub(super) fn id(trial: ExecutionId) -> String {
    format!("queue-{}", trial.file_stem())
}

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let rows = source.rows.as_ref()?;
    let has_queues = rows.drawn.iter().any(Drawn::has_queue);
    let is_queue = rows.drawn.is_empty() || has_queues;
    let heading = if is_queue { "The queue over time" } else { "Attempt by attempt" };
    let mut section = Section::new("queues", heading);
    if !rows.drawn.is_empty() {
        section.page(Block::caption(caption(rows, has_queues)));
    } else if rows.damaged.is_empty() && !source.run.trials.is_empty() {
        section.page(Block::caption(
            "This run kept no rows of it: `record: {timelines: true, attempts: true}` in a scenario, \
             or `--set record.timelines=true --set record.attempts=true`, draws each cell's queue \
             and its attempts here.",
        ));
    }
    for damage in rows.damages() {
        section.page(Block::Text(Tone::Warning, damage));
    }
    if !rows.drawn.is_empty() {
        let pictures = rows.drawn.iter().map(picture).collect();
        section.page(Block::Picker { label: "Cell", pictures, first: rows.most_telling() });
    }
    section.if_any()
}

fn caption(rows: &Rows, has_queues: bool) -> String {
    let mut text = "Of each cell the trial with the most ListenDrops; where several have about as \
                    many, the one whose queue was seen fullest."
        .to_owned();
    if has_queues {
        text +=
            " Depth and limit are what the probe saw; times are from the first attempt or sample.";
    }
    if rows.left_out > 0 {
        let (drawn, left_out) = (rows.drawn.len(), rows.left_out);
        text += &format!(
            " {drawn} of {} cells are drawn, since a page has no more than {} MB of charts: those \
             that dropped most, and some from everywhere between the most and the least. The rows \
             of the other {left_out} are in the files listed at the end.",
            drawn + left_out,
            MAX_CHART_BYTES / 1_000_000
        );
    }
    text
}

fn picture(drawn: &Drawn) -> Picture {
    let name = match drawn.drops {
        0 => format!("{}: nothing dropped", drawn.place),
        drops => format!("{}: {} dropped", drawn.place, count(drops)),
    };
    Picture {
        id: id(drawn.trial),
        title: format!("trial {}: {name}", drawn.trial),
        name,
        charts: drawn.charts.clone(),
    }
}
