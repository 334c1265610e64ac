//! What a page has that a link can lead to.

use std::collections::HashSet;

/// The IDs of the elements of a page.
pub(crate) fn ids_in(page: &str) -> HashSet<&str> {
    let parts = page.split(" id=\"").skip(1);
    parts.filter_map(|part| part.split_once('"')).map(|(id, _)| id).collect()
}
