//! The links of charts and of the page that has them.

use run_record::ExecutionId;

/// The beginning of a link within a page.
const LINK: &str = " href=\"#";

/// The ID of a trial in a page, to which charts link.
pub fn id_of_trial(trial: ExecutionId) -> String {
    match trial.retry {
        0 => format!("trial-{}", trial.trial),
        _ => format!("trial-{}", trial.file_stem()),
    }
}

/// Sends each link within a page, `href="#ID"`, to the address that `address` has for the ID.
/// Where it has none, the element stays without a link.
pub fn relink(html: &str, address: impl Fn(&str) -> Option<String>) -> String {
    let mut parts = html.split(LINK);
    let mut relinked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // An ID has no quotation marks: they are escaped.
        let (id, rest) = part.split_once('"').unwrap_or((part, ""));
        if let Some(address) = address(id) {
            relinked += " href=\"";
            relinked += &address;
            relinked.push('"');
        }
        relinked += rest;
    }
    relinked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_sent_elsewhere_or_removed() {
        let html =
            "<p>#a</p><a href=\"#a\">x</a><a class=\"y\" href=\"#b\"><i></i></a><a href=\"c\">";
        let only_a = |id: &str| (id == "a").then(|| format!("report.html#{id}"));
        let expected =
            "<p>#a</p><a href=\"report.html#a\">x</a><a class=\"y\"><i></i></a><a href=\"c\">";
        assert_eq!(relink(html, only_a), expected);
        assert_eq!(relink("", only_a), "");
    }
}
