//! The server-sent events of a run in progress, each a part of its page. After a connection,
//! all parts are sent; then those that change.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path as UrlPath, State};
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};

use crate::live::LiveParts;
use crate::site::Site;
use crate::watchers::{MAX_WATCHERS, Watcher};
use crate::{page, run_index};

/// The time between two comments while no events are sent.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How soon a browser reconnects after it lost the connection.
const RECONNECT_DELAY: Duration = Duration::from_secs(1);

/// The events of a run until it ends.
pub(crate) async fn response(
    State(site): State<Arc<Site>>,
    UrlPath((scenario, time)): UrlPath<(String, String)>,
) -> Response {
    let root = site.runs.clone();
    let found = site.lookups.run(move || {
        run_index::find_run(&root, &scenario, &time).map_err(|error| page::unreadable(&error))
    });
    let folder = match found.await {
        Ok(Some(folder)) => folder,
        Ok(None) => return page::not_found().into_response(),
        Err(unreadable) => return unreadable.into_response(),
    };
    match site.watched.watch(&folder, &site.pages) {
        Some(watcher) => {
            let heartbeat = KeepAlive::new().interval(HEARTBEAT).text("heartbeat");
            let events = events(watcher).take_until(tokio::time::sleep(site.events_lifetime));
            Sse::new(events).keep_alive(heartbeat).into_response()
        }
        None => {
            let text =
                format!("{MAX_WATCHERS} pages watch runs already; close one and try again.\n");
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], text).into_response()
        }
    }
}

/// The state of a stream.
struct EventStream {
    watcher: Watcher,
    sent: Arc<LiveParts>,
    /// The events to send next.
    events: VecDeque<Event>,
}

fn events(mut watcher: Watcher) -> impl Stream<Item = Result<Event, Infallible>> {
    // The current parts are new to this browser.
    watcher.parts.mark_changed();
    let first = VecDeque::from([Event::default().retry(RECONNECT_DELAY)]);
    let stream = EventStream { watcher, sent: Arc::default(), events: first };
    stream::unfold(stream, async |mut stream| {
        loop {
            if let Some(event) = stream.events.pop_front() {
                return Some((Ok(event), stream));
            }
            if stream.sent.is_last {
                return None;
            }
            stream.watcher.parts.changed().await.ok()?;
            let parts = Arc::clone(&stream.watcher.parts.borrow_and_update());
            stream.events = changed_parts(&stream.sent, &parts);
            stream.sent = parts;
        }
    })
}

/// The parts that have changed, and a last event if no changes will follow: a browser would
/// reconnect after a stream that ends without one.
fn changed_parts(sent: &LiveParts, new: &LiveParts) -> VecDeque<Event> {
    let end = |parts: &LiveParts| parts.end.clone().unwrap_or_default();
    let parts = [
        ("progress", &sent.progress, &new.progress),
        ("cells", &sent.cells, &new.cells),
        ("now", &sent.now, &new.now),
        ("end", &end(sent), &end(new)),
    ];
    let changed = parts.into_iter().filter(|(_, before, now)| before != now);
    // As JSON, which has no line breaks.
    let event = |name: &str, html: &str| {
        let json = serde_json::Value::from(visible::document(html));
        Event::default().event(name).data(json.to_string())
    };
    let mut events: VecDeque<_> = changed.map(|(name, _, now)| event(name, now)).collect();
    if new.is_last {
        events.push_back(event("bye", ""));
    }
    events
}
