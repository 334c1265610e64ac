//! One listener.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use watch_record::WatchedListener;

use super::theme::Theme;
use super::{connections, depth_chart, method, paragraph, processes, troubles};
use crate::page::Tab;
use crate::state::{Opened, State};
use crate::{describe, number, text};

/// Where the parts of the page are.
struct Parts {
    top: Vec<Line<'static>>,
    chart: Rect,
    tabs: Rect,
    body: Rect,
}

fn parts(opened: &Opened, theme: Theme, area: Rect) -> Parts {
    let width = usize::from(area.width);
    let height = usize::from(area.height);
    let mut top = figures(&opened.listener, theme, width);
    if opened.is_gone {
        let text = "This listener is closed: these are its last figures.";
        top.insert(0, Line::styled(text, theme.reversed()));
    }
    let mut sentences = Vec::new();
    for trouble in &opened.listener.troubles {
        sentences.extend(troubles::sentence(trouble, "", theme, width));
    }
    // At most a quarter of the page; the rest is behind `t`.
    let room = (height / 4).max(2);
    if sentences.len() > room {
        sentences.truncate(room - 1);
        sentences.push(Line::styled("… t shows all of it", theme.dim()));
    }
    top.extend(sentences);
    top.truncate(height);
    let free = height - top.len();
    let chart = if free < 8 { 0 } else { (free * 2 / 5).clamp(5, 16) };
    let tabs = usize::from(free > chart);
    let mut y = area.y + top.len() as u16;
    let mut next = |height: usize| {
        let part = Rect { y, height: height as u16, ..area };
        y += height as u16;
        part
    };
    Parts { chart: next(chart), tabs: next(tabs), body: next(free - chart - tabs), top }
}

/// How many lines of the lower part are visible, and how many it has.
pub(crate) fn visible(state: &State, theme: Theme, area: Rect) -> (usize, usize) {
    let Some(opened) = &state.opened else { return (0, 0) };
    let height = parts(opened, theme, area).body.height;
    (height.into(), body(state, opened, theme, area.width.into()).len())
}

/// Draws the page.
pub(crate) fn details(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let Some(opened) = &state.opened else { return };
    let parts = parts(opened, theme, area);
    for (y, line) in (area.y..).zip(&parts.top) {
        buffer.set_line(area.x, y, line, area.width);
    }
    if let Some(details) = &state.details {
        let limit = opened.listener.limit;
        depth_chart::chart(&details.history, limit, theme, parts.chart, buffer);
    } else if parts.chart.height > 0 {
        let chart = parts.chart;
        let text = "The history of this listener is being collected.";
        buffer.set_stringn(chart.x, chart.y, text, chart.width.into(), theme.dim());
    }
    if parts.tabs.height > 0 {
        buffer.set_line(parts.tabs.x, parts.tabs.y, &tabs(opened.tab, theme), parts.tabs.width);
    }
    let lines = body(state, opened, theme, area.width.into());
    let body = parts.body;
    for (y, line) in (body.y..body.bottom()).zip(lines.iter().skip(state.page().1)) {
        buffer.set_line(body.x, y, line, body.width);
    }
}

fn tabs(present: Tab, theme: Theme) -> Line<'static> {
    let mut spans = Vec::new();
    for tab in Tab::ALL {
        let (text, style) = match tab == present {
            true => (format!("[{}]", tab.name()), theme.reversed()),
            false => (format!(" {} ", tab.name()), Style::new()),
        };
        spans.push(Span::styled(text, style));
        spans.push(Span::raw(" "));
    }
    spans.push(Span::styled(" Tab", theme.key()));
    Line::from(spans)
}

fn body(state: &State, opened: &Opened, theme: Theme, width: usize) -> Vec<Line<'static>> {
    let listener = &opened.listener;
    let details = state.details.as_deref();
    match opened.tab {
        Tab::Connections => connections::lines(listener, details, theme, width),
        Tab::Processes => processes::lines(listener, &state.snapshot, theme, width),
        Tab::Method => method::lines(listener, details, &state.snapshot.effort, width),
    }
}

/// The queue in figures.
fn figures(listener: &WatchedListener, theme: Theme, width: usize) -> Vec<Line<'static>> {
    let peak = |peak: watch_record::Peak| {
        let is_inferred = describe::is_inferred(peak, listener.limit);
        let how = if is_inferred { " (full between two looks)" } else { "" };
        format!("{}{how}", number::exact(peak.depth(listener.limit)))
    };
    let total = listener
        .drops_total
        .map_or("an unknown number".into(), |drops| number::exact(drops.into()));
    let text = format!(
        "Depth {}; limit {}: {}; it holds {}. Peak {}, {} in the last minute. Drops {} in the last \
         second, {} since the watch began, {total} since the socket was made.",
        number::exact(listener.depth.into()),
        number::exact(listener.limit.into()),
        describe::limit_source(listener.limit_from),
        number::exact(u64::from(listener.limit) + 1),
        peak(listener.peak),
        peak(listener.peak_last_minute),
        number::exact(listener.drops_last_second),
        number::exact(listener.drops_watched),
    );
    paragraph::wrapped(&text, width, 2, theme.bold())
}

/// The title of the page.
pub(crate) fn title(state: &State, width: usize) -> String {
    let Some(opened) = &state.opened else { return String::new() };
    let listener = &opened.listener;
    let place = describe::place(listener, &state.snapshot);
    let place = if place.is_empty() { place } else { format!(" in {place}") };
    text::cut(&format!("{} {}{place}", listener.address, describe::processes(listener)), width)
}
