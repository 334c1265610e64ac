//! `summary.md`: the run in GitHub's Markdown, for a job's summary page.

use crate::answer::{answer, told, unfinished};
use crate::table::{Table, escaped};
use run_record::Verdict;
use run_view::Cell;
use run_view::Run;
use run_view::number::value;
use run_view::{Metric, metrics};
use run_view::{combinations, short_name, written_point};

use crate::{checks, evidence, why};

/// GitHub takes no more than a mebibyte for a job: from so many bytes on no
/// further table is begun.
const ENOUGH: usize = 256 << 10;

/// The longest table, bytes.
const LONGEST: usize = 128 << 10;

/// The file.
pub(crate) fn markdown(run: &Run) -> Vec<u8> {
    whole(run, "#").into_bytes()
}

/// All that there is to say, below a heading of that level.
pub(crate) fn whole(run: &Run, level: &str) -> String {
    let mut text = brief(run, level);
    text += &format!("\n{level}# Figures\n\n");
    text.extend(run.fixed_axes().map(|fixed| format!("{}\n\n", escaped(&fixed))));
    text += "Median, and the range where repetitions differ.\n\n";
    let mut left_out = 0;
    for table in tables(run) {
        let written = table.markdown();
        if text.len() > ENOUGH || written.len() > LONGEST {
            left_out += 1;
            continue;
        }
        text += &format!("**{}**\n\n{written}\n", escaped(&table.title));
    }
    if left_out > 0 {
        text +=
            &format!("{left_out} more tables would be too long here: `cells.csv` has them.\n\n");
    }
    text += &format!("{level}# Why\n\n");
    for paragraph in why(run) {
        let (lead, rest) = told(&paragraph);
        text += &format!("- **{}** {}\n", escaped(&lead), escaped(&rest));
    }
    text += &format!("\n{}\n", escaped(&run.hosts()));
    text.replace('\u{a0}', " ")
}

/// The question, what held and what did not, below a heading of that level.
pub(crate) fn brief(run: &Run, level: &str) -> String {
    let record = &run.record;
    let mut text = format!(
        "{level} {}: {}\n\n{} **{}**\n\n{}\n\n",
        escaped(&record.scenario.name),
        escaped(&record.scenario.question),
        sign(run),
        escaped(&run.verdict.headline()),
        escaped(&answer(run))
    );
    text.extend(unfinished(run).map(|told| format!("{}\n\n", escaped(&told))));
    text += &format!("{}\n\n", escaped(&evidence::outcomes(run)));
    for line in checks::listed(&run.verdict.violation_lines()) {
        text += &format!("- {}\n", escaped(&line));
    }
    for line in checks::listed(&run.verdict.held_on_retry_lines()) {
        text += &format!("- held only when run again: {}\n", escaped(&line));
    }
    text.replace('\u{a0}', " ")
}

/// Whether it held, all of it, and at once.
fn sign(run: &Run) -> &'static str {
    match run.verdict.verdict {
        _ if run.verdict.trials == 0 => "❌",
        Verdict::Failed => "❌",
        Verdict::HeldOnRetry | Verdict::Incomplete => "⚠️",
        Verdict::Held | Verdict::NotChecked => "✅",
    }
}

/// A table for each figure over the last two varying axes; one of all cells
/// where there are fewer.
fn tables(run: &Run) -> Vec<Table> {
    let axes = run.varying_axes();
    let [outer @ .., _, _] = axes.as_slice() else {
        return crate::cells::table(run).into_iter().collect();
    };
    let cells = Cell::all(run);
    let splits = combinations(outer);
    let size = cells.len() / splits.len().max(1);
    let mut tables = Vec::new();
    for (split, cells) in splits.iter().zip(cells.chunks(size.max(1))) {
        let place = written_point(split.iter().copied());
        tables.extend(metrics(run).map(|figure| grid(run, &place, cells, figure)));
    }
    tables
}

fn grid(run: &Run, place: &str, cells: &[Cell<'_>], figure: &Metric) -> Table {
    let axes = run.varying_axes();
    let [.., rows, columns] = axes.as_slice() else { unreachable!("a grid has two axes") };
    let title = match place {
        "" => figure.title.to_owned(),
        place => format!("{} ({place})", figure.title),
    };
    let corner = format!("{} ↓ {} →", short_name(&rows.path), short_name(&columns.path));
    let head = std::iter::once(corner).chain(columns.values.iter().map(value)).collect();
    let written = |cell: &Cell<'_>| {
        let spread = cell.spread(figure.of);
        spread.map_or_else(|| "·".to_owned(), |spread| spread.written(figure.write))
    };
    let lines = cells.chunks(columns.values.len()).zip(&rows.values);
    let lines = lines
        .map(|(cells, at)| std::iter::once(value(at)).chain(cells.iter().map(written)).collect());
    Table { title, head, rows: lines.collect(), words: 0 }
}
