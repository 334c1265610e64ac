//! "Did you mean …"

use crate::limits::MAX_PATH_BYTES;

/// The name that is most similar to a mistyped one, if one is similar enough: a
/// typo changes at most a third of a name.
pub(crate) fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The comparison takes time and memory for both lengths multiplied.
    if name.len() > MAX_PATH_BYTES {
        return None;
    }
    names
        .into_iter()
        .map(|candidate| (likeness(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.66)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// Similarity from 0 to 1. A common prefix of two dotted names does not count, and a
/// name without a dot is compared with the last part only.
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

/// A help text that suggests the nearest name, or lists all names if there are few.
pub(crate) fn did_you_mean(name: &str, names: &[&str]) -> Option<String> {
    if let Some(nearest) = nearest(name, names.iter().copied()) {
        return Some(format!("did you mean `{nearest}`?"));
    }
    (!names.is_empty() && names.len() <= 20).then(|| format!("use one of {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_finds_its_name_and_an_unrelated_name_finds_none() {
        let names = ["backlog", "largest_body", "reuse_address"];
        assert_eq!(nearest("bakclog", names), Some("backlog"));
        assert_eq!(nearest("reuseaddr", names), Some("reuse_address"));
        assert_eq!(nearest("somaxconn", names), None);
    }

    #[test]
    fn a_common_prefix_does_not_make_names_similar() {
        let names = linux_net::Sysctl::NAMES;
        let nearest = |name: &str| nearest(name, names.iter().copied()).unwrap_or("none");
        for unrelated in ["tcp_nosuch", "tcp_sack", "tcp_ecn"] {
            let name = format!("net.ipv4.{unrelated}");
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
