//! The recorded watches in the list, and the page of one.

use maud::{Markup, PreEscaped, html};
use run_record::RunDirectoryError;
use run_view::number::{count, gibibytes};
use run_view::prose::several;
use watch_recording::{LINES_FILE, RecordEnd, Review, WatchHeader, WatchRecord};

use crate::page::{self, Page};
use crate::run_folder::RunFolder;
use crate::run_index;
use crate::site::Site;

/// The watches in the list; older ones are in their directories.
const MAX_LISTED: usize = 20;

/// The charts on the page of a watch; its report has more.
const MAX_CHARTS: usize = 12;

/// The page of a recording in progress that is not larger is reloaded by the browser: it is made
/// from all that is recorded.
const MAX_RELOADED_BYTES: u64 = 4 << 20;

/// What the page of a watch shows.
#[derive(Debug)]
pub(crate) struct WatchText {
    /// The answer and the charts, as HTML.
    top: String,
    /// The document as text.
    text: String,
    is_recording: bool,
}

/// The newest watches; empty if there are none.
pub(crate) fn section(site: &Site) -> Markup {
    let watches = run_index::list_watches(&site.runs).unwrap_or_default();
    html! {
        @if !watches.is_empty() {
            h2 { "Recorded watches" }
            ul {
                @for folder in watches.iter().take(MAX_LISTED) { li { (item(folder)) } }
            }
            @if watches.len() > MAX_LISTED {
                p.quiet { "… and " (watches.len() - MAX_LISTED) " older" }
            }
        }
    }
}

fn item(folder: &RunFolder) -> Markup {
    html! {
        a href=(folder.link()) { (folder.name()) }
        @match read(folder) {
            Ok((record, bytes)) => {
                " " span.quiet {
                    "started " (record.header().started.strftime("%Y-%m-%d %H:%M:%S")) " UTC · "
                    (state(record.header(), record.is_recording())) " · " (size(bytes))
                }
                @if folder.has_report() {
                    " " a href=(format!("{}/report.html", folder.link())) { "report" }
                }
            }
            Err(error) => { ": " span.failed { "✗ failed to " (error) } }
        }
    }
}

/// A record with the bytes of its lines.
fn read(folder: &RunFolder) -> Result<(WatchRecord, u64), String> {
    let opened = folder.open_records()?;
    let read = || -> Result<_, RunDirectoryError> {
        let lines = opened.read(LINES_FILE)?;
        let bytes = lines.and_then(|lines| lines.metadata().ok()).map_or(0, |found| found.len());
        Ok((WatchRecord::open_in(opened.clone())?, bytes))
    };
    read().map_err(|error| error.to_string())
}

fn state(header: &WatchHeader, is_recording: bool) -> &'static str {
    match header.end {
        Some(RecordEnd::Stopped) => "ended",
        Some(RecordEnd::LimitReached) => "ended at its limit",
        Some(RecordEnd::Failed) => "ended because a line could not be written",
        None if is_recording => "still recording",
        None => "not ended: the program or the machine stopped",
    }
}

fn size(bytes: u64) -> String {
    match bytes >> 20 {
        0 => format!("{} KiB", count((bytes >> 10) as i64)),
        mebibytes => format!("{} MiB", count(mebibytes as i64)),
    }
}

/// The page of a watch.
pub(crate) fn page(site: &Site, folder: &RunFolder) -> Page {
    let title = format!("{} {}", folder.scenario, folder.time);
    let made = site.watches.get([folder], |_| {
        let (record, bytes) = read(folder)?;
        let review = Review::read(&record).map_err(|error| error.to_string())?;
        Ok::<_, String>((WatchText::new(&review), bytes))
    });
    let (text, head) = match &made {
        Ok(made) => {
            let reloads = made.0.is_recording && made.1 <= MAX_RELOADED_BYTES;
            let refresh = html! { @if reloads { meta http-equiv="refresh" content="5"; } };
            (made.0.html(folder, reloads), refresh)
        }
        Err(error) => (html! { p.failed { "failed to " (error) } }, html! {}),
    };
    let body = html! {
        (page::all_runs())
        p.quiet { (folder.name()) }
        h1 { "Which listeners were in trouble?" }
        @if folder.has_report() {
            p { a href=(format!("{}/report.html", folder.link())) { "The report as it was made last" } }
        }
        (text)
    };
    let head = html! { style { (PreEscaped(charts::STYLE)) } (head) };
    Page { head, ..Page::new(title, body) }
}

impl WatchText {
    fn new(review: &Review) -> Self {
        let charts = report::watch_charts(review);
        let header = &review.header;
        let machine = &header.machine;
        let top = html! {
            p.answer { (report::watch_headline(review)) }
            dl {
                dt { "started" }
                dd { (header.started.strftime("%Y-%m-%d %H:%M:%S")) " UTC" }
                dt { "recording" }
                dd { (state(header, review.is_recording)) }
                dt { "machine" }
                dd {
                    "Linux " (machine.kernel) ", " (several(machine.cpus.into(), "CPU")) ", "
                    (gibibytes(machine.memory_bytes))
                }
                dt { "program" }
                dd { "queuelab " (header.tool.version) }
            }
            @for chart in charts.iter().take(MAX_CHARTS) { (chart.inline()) }
            @if charts.len() > MAX_CHARTS {
                p.quiet { "… and " (charts.len() - MAX_CHARTS) " more charts in the report" }
            }
        };
        Self { top: top.0, text: report::watch_summary(review), is_recording: review.is_recording }
    }

    fn html(&self, folder: &RunFolder, reloads: bool) -> Markup {
        html! {
            @if self.is_recording {
                p.running {
                    "The recording goes on. This page shows what it had when the page was made; "
                    @if reloads { "it is made again every 5 s." }
                    @else { a href=(folder.link()) { "reload it" } " for what came since." }
                }
            }
            (PreEscaped(&self.top))
            pre { (self.text) }
        }
    }
}
