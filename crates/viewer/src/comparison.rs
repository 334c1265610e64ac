//! Two runs side by side.
//!
//! | module | holds |
//! |---|---|
//! | `environment` | builds, machines and settings, and how they differ |
//! | `pairs` | the charts of both runs, in pairs |

mod environment;
mod pairs;

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use charts::Chart;
use compare::{Conclusion, Criteria, Verdict};
use maud::{Markup, PreEscaped, html};
use run_record::RunVerdict;
use run_view::Run;

use self::environment::Fact;
use crate::page::{self, Page};
use crate::run_folder::RunFolder;
use crate::run_index;
use crate::site::Site;

/// The comparison; its query is `?base=<scenario>/<time>&new=<scenario>/<time>`.
pub(crate) async fn response(
    State(site): State<Arc<Site>>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let pages = site.pages.clone();
    let page = move || comparison_page(&site, &query).unwrap_or_else(|page| page);
    pages.run(page).await.into_response()
}

/// What the page shows of the contents of two runs.
#[derive(Debug)]
pub(crate) struct ComparisonText {
    /// The questions, the verdict and the answer.
    top: Markup,
    /// The rows of the table of both sides.
    rows: Markup,
    /// The charts of both sides.
    charts: [Vec<Chart>; 2],
    /// The tables of the comparison.
    comparison: Markup,
    environment: Markup,
    /// Whether build, machine, kernel, settings and backend differ.
    differs: bool,
}

impl ComparisonText {
    fn new(base: &Run, new: &Run) -> Self {
        let comparison = compare::compare(base, new, &Criteria::default());
        let (class, sign) = match comparison.conclusion() {
            Conclusion::Failed | Conclusion::Judged(Verdict::Regressed) => ("failed", "✗ "),
            Conclusion::Judged(Verdict::Held) => ("held", "✓ "),
            Conclusion::Judged(_) => ("", ""),
        };
        let questions = [base, new].map(|run| run.record.scenario.question.as_str());
        let differences =
            environment::differing(&base.record, &new.record, comparison.differences());
        let top = html! {
            h1 { (questions[0]) }
            @if questions[1] != questions[0] { h1 { (questions[1]) } }
            p.verdict class=(class) { (sign) (comparison.conclusion()) }
            p.answer { (comparison.describe()) }
        };
        Self {
            top,
            rows: rows([base, new], &differences),
            charts: report::charts_side_by_side(base, new),
            comparison: comparison.html(),
            environment: environment::all(&base.record, &new.record),
            differs: !differences.is_empty(),
        }
    }
}

fn comparison_page(site: &Site, query: &[(String, String)]) -> Result<Page, Page> {
    let [base, new] = [find_side(site, query, "base")?, find_side(site, query, "new")?];
    let text = site.comparisons.get([&base, &new], |_| {
        let [base, new] = [read_side(&base, "base")?, read_side(&new, "new")?];
        Ok::<_, Page>(ComparisonText::new(&base, &new))
    })?;
    let title = format!("{} compared with {}", new.name(), base.name());
    let body = html! {
        (page::all_runs())
        p.quiet { "Two runs of " (base.scenario)
            @if base.scenario != new.scenario { " and " (new.scenario) } }
        (text.top)
        (sides([&base, &new], &text))
        h2 { "Charts" }
        (pairs::all([&base, &new], &text.charts))
        div.comparison { (text.comparison) }
        details {
            summary { "Build, machine and settings" }
            (text.environment)
        }
        p { a href=(new.link_to_comparison(&base)) { "Swap the two" } }
    };
    let head = html! { style { (PreEscaped(charts::STYLE)) } };
    Ok(Page { head, ..Page::new(title, body) })
}

/// The answer and checks of each run, and what differs between them.
fn sides(folders: [&RunFolder; 2], text: &ComparisonText) -> Markup {
    html! {
        div.wide {
            table.sides {
                thead {
                    tr {
                        td {}
                        @for (folder, heading) in folders.iter().zip(["baseline", "new"]) {
                            th scope="col" { (heading) " " (links(folder)) }
                        }
                    }
                }
                tbody { (text.rows) }
            }
        }
        @if text.differs {
            p.quiet { "Differences in build, machine, kernel, settings and backend are marked; the rest is the same." }
        } @else {
            p.quiet { "Build, machine, kernel, settings and backend are the same." }
        }
    }
}

fn rows(sides: [&Run; 2], differences: &[Fact]) -> Markup {
    let answers = report::findings(sides[0], sides[1]);
    let class = |verdict: &RunVerdict| match verdict.verdict {
        run_record::Verdict::Held | run_record::Verdict::HeldOnRetry => "held",
        run_record::Verdict::Failed => "failed",
        _ => "",
    };
    html! {
        tr {
            th scope="row" { "found" }
            @if answers[0] == answers[1] { td colspan="2" { "both: " (answers[0]) } }
            @else { @for answer in &answers { td { (answer) } } }
        }
        tr {
            th scope="row" { "checks" }
            @for side in sides { td class=(class(&side.verdict)) { (side.verdict.headline()) } }
        }
        @for fact in differences { (fact.row()) }
    }
}

fn links(folder: &RunFolder) -> Markup {
    let link = folder.link();
    html! {
        a href=(link) { (folder.name()) }
        @if folder.has_report() { " · " a href=(format!("{link}/report.html")) { "report" } }
    }
}

/// The run that a query names, or the page with the reason why there is none.
fn find_side(site: &Site, query: &[(String, String)], key: &str) -> Result<RunFolder, Page> {
    let mut named = query.iter().filter(|(name, _)| name == key).map(|(_, value)| value);
    let (name, None) = (named.next(), named.next()) else {
        return Err(refused(StatusCode::BAD_REQUEST, &format!("{key} is named more than once.")));
    };
    let Some((scenario, time)) = name.and_then(|name| name.split_once('/')) else {
        let reason = format!("{key} names no run: it must be SCENARIO/TIME.");
        return Err(refused(StatusCode::BAD_REQUEST, &reason));
    };
    match run_index::find_run(&site.runs, scenario, time) {
        Ok(Some(folder)) => Ok(folder),
        Ok(None) => {
            let reason = format!("{key}: there is no run {scenario}/{time}.");
            Err(refused(StatusCode::NOT_FOUND, &reason))
        }
        Err(error) => Err(page::unreadable(&error)),
    }
}

fn read_side(folder: &RunFolder, key: &str) -> Result<Run, Page> {
    folder
        .read()
        .map_err(|error| refused(StatusCode::NOT_FOUND, &format!("{key}: failed to {error}")))
}

/// The page without a comparison.
fn refused(status: StatusCode, reason: &str) -> Page {
    let body = html! {
        (page::all_runs())
        h1 { "There is nothing to compare." }
        p.failed { (reason) }
        p { "Choose two runs in the list, or open "
            code { "/compare?base=SCENARIO/TIME&new=SCENARIO/TIME" } "." }
    };
    Page::new("Nothing to compare", body).with_status(status)
}
