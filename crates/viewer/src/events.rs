//! What those who watch a run are sent: server-sent events, each a part of its
//! page. All parts come at first, and after a connection that was lost; then those
//! that have changed.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path as UrlPath, State};
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};

use crate::live::Shown;
use crate::site::Site;
use crate::watch::{MOST, Watcher};
use crate::{page, runs};

/// From one sign of life to the next, where nothing else is sent.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How soon a browser tries again after a connection that was lost.
const RETRY: Duration = Duration::from_secs(1);

/// A run's events, until it has ended.
pub(crate) async fn response(
    State(site): State<Arc<Site>>,
    UrlPath((scenario, time)): UrlPath<(String, String)>,
) -> Response {
    let root = site.runs.clone();
    let found = page::blocking(move || {
        runs::find(&root, &scenario, &time).map_err(|error| page::unreadable(&root, &error))
    });
    let place = match found.await {
        Ok(Some(place)) => place,
        Ok(None) => return page::not_found().into_response(),
        Err(unreadable) => return unreadable.into_response(),
    };
    match site.watches.watch(&place) {
        Some(watcher) => {
            let alive = KeepAlive::new().interval(HEARTBEAT).text("still here");
            Sse::new(events(watcher)).keep_alive(alive).into_response()
        }
        None => {
            let text = format!("{MOST} pages watch runs here already: close one, and try again.\n");
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], text).into_response()
        }
    }
}

struct Sending {
    watcher: Watcher,
    sent: Arc<Shown>,
    /// Still to be sent.
    events: VecDeque<Event>,
}

fn events(mut watcher: Watcher) -> impl Stream<Item = Result<Event, Infallible>> {
    // What is there already is news to whoever comes.
    watcher.shown.mark_changed();
    let first = VecDeque::from([Event::default().retry(RETRY)]);
    let sending = Sending { watcher, sent: Arc::default(), events: first };
    stream::unfold(sending, async |mut sending| {
        loop {
            if let Some(event) = sending.events.pop_front() {
                return Some((Ok(event), sending));
            }
            if sending.sent.is_last {
                return None;
            }
            sending.watcher.shown.changed().await.ok()?;
            let shown = Arc::clone(&sending.watcher.shown.borrow_and_update());
            sending.events = news(&sending.sent, &shown);
            sending.sent = shown;
        }
    })
}

/// The parts that have changed; and a farewell where no more will come, for a
/// browser takes the end of a stream for an accident.
fn news(sent: &Shown, shown: &Shown) -> VecDeque<Event> {
    let end = |shown: &Shown| shown.end.clone().unwrap_or_default();
    let parts = [
        ("progress", &sent.progress, &shown.progress),
        ("cells", &sent.cells, &shown.cells),
        ("now", &sent.now, &shown.now),
        ("end", &end(sent), &end(shown)),
    ];
    let changed = parts.into_iter().filter(|(_, before, now)| before != now);
    // As JSON, which has no line's end in it.
    let event = |name: &str, html: &str| {
        Event::default().event(name).data(serde_json::Value::from(html).to_string())
    };
    let mut events: VecDeque<_> = changed.map(|(name, _, now)| event(name, now)).collect();
    if shown.is_last {
        events.push_back(event("bye", ""));
    }
    events
}
