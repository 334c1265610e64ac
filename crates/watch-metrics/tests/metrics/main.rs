//! The text of a scrape, and the files of `docs` that name its metrics.

mod files;
mod openmetrics;
mod scrapes;
mod served;
mod snapshots;
