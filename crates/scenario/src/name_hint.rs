//! "Did you mean …"

use suggest::nearest;

/// A help text that suggests the nearest name, or lists all names if there are few.
pub(crate) fn did_you_mean(name: &str, names: &[&str]) -> Option<String> {
    if let Some(nearest) = nearest(name, names.iter().copied()) {
        return Some(format!("did you mean `{nearest}`?"));
    }
    (!names.is_empty() && names.len() <= 24).then(|| format!("use one of {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

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
