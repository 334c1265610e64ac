//! "Did you mean …"

/// The name nearest to a mistyped one, where one is near enough to be meant: a
/// slip changes a third of a name at most.
pub(crate) fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .map(|candidate| (likeness(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.66)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// From 0 to 1. What two dotted names share before their last parts makes them
/// no more alike, and a name without a dot may be a last part alone.
fn likeness(name: &str, candidate: &str) -> f64 {
    let split = |name: &str| name.rfind('.').map_or(0, |dot| dot + 1);
    let (parents, last) = name.split_at(split(name));
    let (their_parents, their_last) = candidate.split_at(split(candidate));
    if parents.is_empty() || parents == their_parents {
        strsim::normalized_damerau_levenshtein(last, their_last)
    } else {
        strsim::normalized_damerau_levenshtein(name, candidate)
    }
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

    #[test]
    fn a_prefix_that_all_share_makes_no_name_near() {
        let names = linux_net::Sysctl::NAMES;
        let nearest = |name: &str| nearest(name, names.iter().copied()).unwrap_or("none");
        for stranger in ["tcp_nosuch", "tcp_sack", "tcp_ecn"] {
            let name = format!("net.ipv4.{stranger}");
            assert!(!names.contains(&name.as_str()), "{name}");
            assert_eq!(nearest(&name), "none", "{name}");
        }
        assert_eq!(nearest("net.ipv4.tcp_syncookie"), "net.ipv4.tcp_syncookies");
        assert_eq!(nearest("net.ipv4.tcp_fin_timout"), "net.ipv4.tcp_fin_timeout");
        assert_eq!(nearest("net.ipv4.somaxconn"), "net.core.somaxconn");
        assert_eq!(nearest("somaxconn"), "net.core.somaxconn");
        assert_eq!(nearest("sack"), "none");
    }
}
