//! "Did you mean …"

/// The name nearest to a mistyped one, where one is near enough to be meant.
pub(crate) fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likely = |candidate: &str| strsim::jaro_winkler(name, candidate);
    names
        .into_iter()
        .map(|candidate| (likely(candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// A help text that offers the nearest name, or lists them all where they are
/// few.
pub(crate) fn did_you_mean(name: &str, names: &[&str]) -> Option<String> {
    if let Some(nearest) = nearest(name, names.iter().copied()) {
        return Some(format!("did you mean `{nearest}`?"));
    }
    (!names.is_empty() && names.len() <= 20).then(|| format!("choose from {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_a_stranger_finds_none() {
        let names = ["backlog", "largest_body", "reuse_address"];
        assert_eq!(nearest("bakclog", names), Some("backlog"));
        assert_eq!(nearest("reuseaddr", names), Some("reuse_address"));
        assert_eq!(nearest("somaxconn", names), None);
    }
}
