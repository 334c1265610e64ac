//! The queue over time: one chart for each cell, of which the reader picks one.

use charts::Chart;
use run_record::ExecutionId;
use run_view::number::{count, decimal};

use crate::document::{Block, Picture, Section, Source, Tone};
use crate::recorded::{DrawnTrial, Rows};

/// The id of a trial's charts in the page.
pub(super) fn id(trial: ExecutionId) -> String {
    format!("queue-{}", trial.file_stem())
}

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let Some(rows) = &source.rows else {
        let line = Block::Preformatted(source.queue_over_time.clone()?);
        let mut section = Section::new("queues", "The queue over time");
        section.short(line.clone()).report(line);
        return Some(section);
    };
    let has_queues = rows.drawn.iter().any(DrawnTrial::has_queue);
    let is_queue = rows.drawn.is_empty() || has_queues;
    let heading = if is_queue { "The queue over time" } else { "Attempt by attempt" };
    let mut section = Section::new("queues", heading);
    if !rows.drawn.is_empty() {
        section.page(Block::caption(caption(rows, has_queues)));
    } else if rows.damaged.is_empty() && !source.run.trials.is_empty() {
        section.page(Block::caption(
            "This run recorded no rows: with `record: {timelines: true, attempts: true}` in the \
             scenario, or `--set record.timelines=true --set record.attempts=true`, the queue and \
             the attempts of each cell are drawn here.",
        ));
    }
    for damage in rows.describe_damage() {
        section.page(Block::Text(Tone::Warning, damage));
    }
    if !rows.drawn.is_empty() {
        let first = rows.most_informative();
        let mut pictures: Vec<_> = rows.drawn.iter().map(picture).collect();
        let shown = &mut pictures[first];
        if let Some(queue) = shown.charts.iter().position(Chart::is_of_queue) {
            section.lead([shown.charts.remove(queue)]);
            shown.title += " (its queue is drawn below the answer)";
        }
        section.page(Block::Picker { label: "Cell", pictures, first });
    }
    section.if_any()
}

fn caption(rows: &Rows, has_queues: bool) -> String {
    let mut text = "For each cell, the trial with the most ListenDrops; if several have about as \
                    many, the one with the fullest sampled queue."
        .to_owned();
    if has_queues {
        text += " Each says what its depths are from; times are since the first attempt or sample.";
    }
    if rows.omitted > 0 {
        let (drawn, omitted) = (rows.drawn.len(), rows.omitted);
        text += &format!(
            " {drawn} of {} cells are drawn, because the charts of trials take at most {} MB: those \
             with the most drops, and a selection of the others. The rows of the other {omitted} are in \
             the files listed at the end.",
            drawn + omitted,
            decimal(rows.max_chart_bytes as f64 / 1e6)
        );
    }
    text
}

fn picture(drawn: &DrawnTrial) -> Picture {
    let name = match drawn.drops {
        0 => format!("{}: nothing dropped", drawn.place),
        drops => format!("{}: {} dropped", drawn.place, count(drops)),
    };
    Picture {
        id: id(drawn.trial),
        title: format!("trial {}: {name}", drawn.trial),
        name,
        rank: drawn.rank_drawn,
        charts: drawn.charts.clone(),
    }
}
