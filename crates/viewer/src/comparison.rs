//! Two runs side by side.
//!
//! | module | holds |
//! |---|---|
//! | `environment` | builds, machines and settings, and how they differ |
//! | `charts` | the charts of both runs, in pairs |

mod charts;
mod environment;

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use compare::{Conclusion, Criteria, Verdict};
use maud::{Markup, html};
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

/// One of the two runs.
struct Side {
    folder: RunFolder,
    run: Run,
}

fn comparison_page(site: &Site, query: &[(String, String)]) -> Result<Page, Page> {
    let [base, new] = [read_side(site, query, "base")?, read_side(site, query, "new")?];
    let comparison = compare::compare(&base.run, &new.run, &Criteria::default());
    let (class, sign) = match comparison.conclusion() {
        Conclusion::Failed | Conclusion::Judged(Verdict::Regressed) => ("failed", "✗ "),
        Conclusion::Judged(Verdict::Held) => ("held", "✓ "),
        Conclusion::Judged(_) => ("", ""),
    };
    let title = format!("{} compared with {}", new.folder.name(), base.folder.name());
    let questions = [&base, &new].map(|side| side.run.record.scenario.question.as_str());
    let differences =
        environment::differing(&base.run.record, &new.run.record, comparison.differences());
    let body = html! {
        (page::all_runs())
        p.quiet { "Two runs of " (base.folder.scenario)
            @if base.folder.scenario != new.folder.scenario { " and " (new.folder.scenario) } }
        h1 { (questions[0]) }
        @if questions[1] != questions[0] { h1 { (questions[1]) } }
        p.verdict class=(class) { (sign) (comparison.conclusion()) }
        p.answer { (comparison.describe()) }
        (sides(&base, &new, &differences))
        h2 { "Charts" }
        (charts::pairs(&site.runs, &base.folder, &new.folder))
        div.comparison { (comparison.html()) }
        details {
            summary { "Build, machine and settings" }
            (environment::all(&base.run.record, &new.run.record))
        }
        p { a href=(new.folder.link_to_comparison(&base.folder)) { "Swap the two" } }
    };
    Ok(Page { status: StatusCode::OK, ..Page::new(title, body) })
}

/// The answer and checks of each run, and what differs between them.
fn sides(base: &Side, new: &Side, differences: &[Fact]) -> Markup {
    let sides = [base, new];
    let answers = report::findings(&base.run, &new.run);
    let class = |verdict: &RunVerdict| match verdict.verdict {
        run_record::Verdict::Held | run_record::Verdict::HeldOnRetry => "held",
        run_record::Verdict::Failed => "failed",
        _ => "",
    };
    html! {
        div.wide {
            table.sides {
                thead {
                    tr {
                        td {}
                        @for (side, heading) in sides.iter().zip(["baseline", "new"]) {
                            th scope="col" { (heading) " " (links(&side.folder)) }
                        }
                    }
                }
                tbody {
                    tr {
                        th scope="row" { "found" }
                        @if answers[0] == answers[1] { td colspan="2" { "both: " (answers[0]) } }
                        @else { @for answer in &answers { td { (answer) } } }
                    }
                    tr {
                        th scope="row" { "checks" }
                        @for side in sides { td class=(class(&side.run.verdict)) { (side.run.verdict.headline()) } }
                    }
                    @for fact in differences { (fact.row()) }
                }
            }
        }
        @if differences.is_empty() {
            p.quiet { "Build, machine, kernel, settings and backend are the same." }
        } @else {
            p.quiet { "Differences in build, machine, kernel, settings and backend are marked; the rest is the same." }
        }
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
fn read_side(site: &Site, query: &[(String, String)], key: &str) -> Result<Side, Page> {
    let refused = |status: StatusCode, reason: &str| {
        let body = html! {
            (page::all_runs())
            h1 { "There is nothing to compare." }
            p.failed { (reason) }
            p { "Choose two runs in the list, or open "
                code { "/compare?base=SCENARIO/TIME&new=SCENARIO/TIME" } "." }
        };
        Page::new("Nothing to compare", body).with_status(status)
    };
    let mut named = query.iter().filter(|(name, _)| name == key).map(|(_, value)| value);
    let (name, None) = (named.next(), named.next()) else {
        return Err(refused(StatusCode::BAD_REQUEST, &format!("{key} is named more than once.")));
    };
    let Some((scenario, time)) = name.and_then(|name| name.split_once('/')) else {
        let reason = format!("{key} names no run: it must be SCENARIO/TIME.");
        return Err(refused(StatusCode::BAD_REQUEST, &reason));
    };
    let folder = match run_index::find_run(&site.runs, scenario, time) {
        Ok(Some(folder)) => folder,
        Ok(None) => {
            let reason = format!("{key}: there is no run {scenario}/{time}.");
            return Err(refused(StatusCode::NOT_FOUND, &reason));
        }
        Err(error) => return Err(page::unreadable(&site.runs, &error)),
    };
    match folder.read() {
        Ok((record, trials)) => Ok(Side { folder, run: Run::new(record, trials) }),
        Err(error) => {
            let reason = format!("{key}: failed to {error}");
            Err(refused(StatusCode::NOT_FOUND, &reason))
        }
    }
}
