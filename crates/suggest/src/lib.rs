//! The names that a mistyped one may stand for: of commands, flags, scenarios, settings and
//! topics, by one measure.

use std::cmp::Reverse;

/// The longest name that is compared, in bytes: the comparison takes time and memory for both
/// lengths multiplied.
const MAX_NAME_BYTES: usize = 200;
/// A typo changes less than this share of a name.
const MAX_CHANGED: f64 = 0.34;
/// The shortest beginning of a name that stands for it, in bytes.
const MIN_ABBREVIATION: usize = 3;

/// The name that is most similar to a mistyped one, or the only one that it begins.
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let similar = similar(name, names);
    let is_typo = similar.first().is_some_and(|first| likeness(name, first).is_some());
    (is_typo || similar.len() == 1).then(|| similar[0])
}

/// The names that a mistyped one may stand for, the most similar first. If none is similar, those
/// that it begins, in their order.
pub fn similar<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let names: Vec<_> = names.into_iter().collect();
    let mut typos: Vec<_> =
        names.iter().filter_map(|known| Some((likeness(name, known)?, *known))).collect();
    if typos.is_empty() {
        let is_long_enough = name.len() >= MIN_ABBREVIATION;
        return names
            .into_iter()
            .filter(|known| is_long_enough && known.starts_with(name))
            .collect();
    }
    // Of equally similar names, one of the same length is more probable (`servre` is `server`, not
    // `serve`), then one with the same beginning.
    let rank =
        |known: &str| (known.len().abs_diff(name.len()), Reverse(common_prefix(name, known)));
    typos.sort_by(|(a, a_name), (b, b_name)| {
        b.total_cmp(a).then_with(|| rank(a_name).cmp(&rank(b_name)))
    });
    typos.into_iter().map(|(_, known)| known).collect()
}

/// How similar a mistyped name is to a known one, up to 1, if it may be a typo for it: if it
/// differs by one letter left out, added, replaced or swapped with the next, or by several
/// within a third of the name. Capital letters make no difference.
///
/// A common prefix of two dotted names does not count, and a name without a dot is compared
/// with the last part only.
pub fn likeness(name: &str, known: &str) -> Option<f64> {
    if name.len() > MAX_NAME_BYTES {
        return None;
    }
    let split = |name: &str| name.rfind('.').map_or(0, |dot| dot + 1);
    let (parents, last) = name.split_at(split(name));
    let (known_parents, known_last) = known.split_at(split(known));
    if parents.is_empty() || parents == known_parents {
        likeness_of_parts(last, known_last)
    } else {
        likeness_of_parts(name, known)
    }
}

fn likeness_of_parts(name: &str, known: &str) -> Option<f64> {
    let (name, known) = (name.to_lowercase(), known.to_lowercase());
    let edits = strsim::damerau_levenshtein(&name, &known);
    let length = name.chars().count().max(known.chars().count());
    let changed = edits as f64 / length.max(1) as f64;
    // One edit of a name of two letters changes half of it.
    let is_typo = changed < MAX_CHANGED || edits == 1 && length > 1;
    is_typo.then_some(1.0 - changed)
}

fn common_prefix(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_finds_its_name_and_an_unrelated_name_finds_none() {
        let names = ["backlog", "largest_body", "reuse_address", "ci"];
        for (typo, name) in [
            ("bakclog", Some("backlog")),
            ("backlg", Some("backlog")),
            ("BackLog", Some("backlog")),
            ("reuseaddr", Some("reuse_address")),
            ("ic", Some("ci")),
            ("c", Some("ci")),
            ("cci", Some("ci")),
            ("cx", Some("ci")),
            ("xy", None),
            ("x", None),
            ("", None),
            ("somaxconn", None),
        ] {
            assert_eq!(nearest(typo, names), name, "{typo}");
        }
    }

    #[test]
    fn the_beginning_of_one_name_stands_for_it() {
        let names = ["compare", "completions", "list"];
        assert_eq!(nearest("compl", names), Some("completions"));
        assert_eq!(nearest("com", names), None);
        assert_eq!(similar("com", names), ["compare", "completions"]);
        assert!(similar("co", names).is_empty());
    }

    #[test]
    fn of_equally_similar_names_the_one_with_the_same_length_then_beginning_is_first() {
        assert_eq!(similar("servre", ["serve", "server"]), ["server", "serve"]);
        assert_eq!(similar("lost", ["host", "list"]), ["list", "host"]);
        assert_eq!(similar("lost", ["list", "host"]), ["list", "host"]);
    }
}
