//! Two runs side by side.
//!
//! | module | holds |
//! |---|---|
//! | `facts` | what each ran on, and what of it is not the same |
//! | `charts` | charts of the same name beside each other |

mod charts;
mod facts;

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use compare::{Conclusion, Criteria, Verdict};
use maud::{Markup, html};
use run_record::RunRecord;

use self::facts::Fact;
use crate::page::{self, Page};
use crate::runs::{self, Place};
use crate::site::Site;

/// `?base=<scenario>/<time>&new=<scenario>/<time>`.
pub(crate) async fn response(
    State(site): State<Arc<Site>>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    page::answered(move || compared(&site, &query).unwrap_or_else(|page| page)).await
}

/// A run, and what it holds.
struct Side {
    place: Place,
    record: RunRecord,
    run: run_view::Run,
}

fn compared(site: &Site, query: &[(String, String)]) -> Result<Page, Page> {
    let [base, new] = [side(site, query, "base")?, side(site, query, "new")?];
    let comparison = compare::compare(&base.run, &new.run, &Criteria::default());
    let (class, sign) = match comparison.conclusion() {
        Conclusion::Failed | Conclusion::Judged(Verdict::Regressed) => ("failed", "✗ "),
        Conclusion::Judged(Verdict::Held) => ("held", "✓ "),
        Conclusion::Judged(_) => ("", ""),
    };
    let title = format!("{} against {}", new.place.name(), base.place.name());
    let questions = [&base, &new].map(|side| side.record.scenario.question.as_str());
    let differ = facts::differing(&base.record, &new.record, comparison.differences());
    let body = html! {
        (page::all_runs())
        p.quiet { "Two runs of " (base.place.scenario)
            @if base.place.scenario != new.place.scenario { " and " (new.place.scenario) } }
        h1 { (questions[0]) }
        @if questions[1] != questions[0] { h1 { (questions[1]) } }
        p.verdict class=(class) { (sign) (comparison.conclusion()) }
        p.answer { (comparison.describe()) }
        (sides(&base, &new, &differ))
        h2 { "Charts" }
        (charts::pairs(&site.runs, &base.place, &new.place))
        div.comparison { (comparison.html()) }
        details {
            summary { "Where they ran" }
            (facts::all(&base.record, &new.record))
        }
        p { a href=(new.place.link_to_compare(&base.place)) { "The other way round" } }
    };
    Ok(Page { status: StatusCode::OK, ..Page::new(title, body) })
}

/// The two beside each other: what each found, and what is not the same in them.
fn sides(base: &Side, new: &Side, differ: &[Fact]) -> Markup {
    let sides = [base, new];
    let answers = report::findings(&base.run, &new.run);
    let verdicts = sides.map(|side| report::verdict(&side.run));
    let class = |verdict: &str| if verdict.starts_with("Held") { "held" } else { "failed" };
    html! {
        div.wide {
            table.sides {
                thead {
                    tr {
                        td {}
                        @for (side, heading) in sides.iter().zip(["baseline", "new"]) {
                            th scope="col" { (heading) " " (links(&side.place)) }
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
                        @for verdict in &verdicts { td class=(class(verdict)) { (verdict) } }
                    }
                    @for fact in differ { (fact.row()) }
                }
            }
        }
        @if differ.is_empty() {
            p.quiet { "Build, machine, kernel, settings and backend are the same." }
        } @else {
            p.quiet { "Marked is what differs of build, machine, kernel, settings and backend; the rest is the same." }
        }
    }
}

fn links(place: &Place) -> Markup {
    let link = place.link();
    html! {
        a href=(link) { (place.name()) }
        @if place.has_report() { " · " a href=(format!("{link}/report.html")) { "report" } }
    }
}

/// The run that a query names; else the page that says why there is none.
fn side(site: &Site, query: &[(String, String)], key: &str) -> Result<Side, Page> {
    let refused = |status: StatusCode, told: &str| {
        let body = html! {
            (page::all_runs())
            h1 { "There is nothing to compare." }
            p.failed { (told) }
            p { "Choose two runs in the list; or ask for "
                code { "/compare?base=SCENARIO/TIME&new=SCENARIO/TIME" } "." }
        };
        Page::new("Nothing to compare", body).with_status(status)
    };
    let mut named = query.iter().filter(|(name, _)| name == key).map(|(_, value)| value);
    let (name, None) = (named.next(), named.next()) else {
        return Err(refused(StatusCode::BAD_REQUEST, &format!("{key} is named more than once.")));
    };
    let Some((scenario, time)) = name.and_then(|name| name.split_once('/')) else {
        let told = format!("{key} names no run: it is to be SCENARIO/TIME.");
        return Err(refused(StatusCode::BAD_REQUEST, &told));
    };
    let place = match runs::find(&site.runs, scenario, time) {
        Ok(Some(place)) => place,
        Ok(None) => {
            let told = format!("{key}: there is no run {scenario}/{time}.");
            return Err(refused(StatusCode::NOT_FOUND, &told));
        }
        Err(error) => return Err(page::unreadable(&site.runs, &error)),
    };
    match place.read() {
        Ok((record, trials)) => {
            let run = run_view::Run::new(record.clone(), trials);
            Ok(Side { place, record, run })
        }
        Err(error) => {
            let told = format!("{key}: failed to {error}");
            Err(refused(StatusCode::NOT_FOUND, &told))
        }
    }
}
