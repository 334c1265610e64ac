//! The paths of the pages.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::site::Site;
use crate::{comparison, events, files, list, page, run_page};

pub(crate) fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/", get(list::response))
        .route("/compare", get(comparison::response))
        .route("/runs/{scenario}/{time}", get(run_page::response))
        .route("/runs/{scenario}/{time}/events", get(events::response))
        .route("/runs/{scenario}/{time}/{file}", get(files::file))
        .route("/runs/{scenario}/{time}/{folder}/{file}", get(files::file_in_folder))
        .fallback(async || page::not_found())
        .with_state(site)
}
