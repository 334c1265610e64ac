//! The topic that somebody means.

use super::{Topic, TopicKind, Topics};

/// From which similarity on, 0 to 1, a name is near enough to be offered.
const MIN_SIMILARITY: f64 = 0.6;
/// How many names are offered.
const MAX_SUGGESTIONS: usize = 5;

impl Topics {
    /// The topic of that name. Capitals, blanks, `-` and `_` do not matter; a
    /// sysctl's path (`/proc/sys/net/ipv4/tcp_syncookies`) is a name of it, so
    /// is the last part of a sysctl's or a counter's, and that without `tcp_`
    /// or `ip_` where nothing else is called so.
    pub fn find(&self, asked: &str) -> Option<&Topic> {
        let key = key(asked);
        let found = |key: &str| {
            [full_names, last_names, short_names]
                .iter()
                .find_map(|names| self.iter().find(|topic| names(topic).iter().any(|n| n == key)))
        };
        // Of a scenario and a concept that differ in a `-` alone, the one that was
        // written.
        let written = asked.trim().to_lowercase();
        let as_written = self.iter().find(|topic| topic.name.to_lowercase() == written);
        // `phantoms` are a phantom.
        as_written
            .or_else(|| found(&key))
            .or_else(|| found(key.strip_suffix('s').filter(|one| !one.is_empty())?))
    }

    /// The names of the topics that somebody may have meant, likeliest first:
    /// a slip of the pen, or a part of the name.
    pub fn similar(&self, asked: &str) -> Vec<&str> {
        let asked = key(asked);
        let mut similar: Vec<_> = self
            .iter()
            .map(|topic| (similarity(&asked, topic), topic.name.as_str()))
            .filter(|(similarity, _)| *similarity >= MIN_SIMILARITY)
            .collect();
        similar.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        similar.truncate(MAX_SUGGESTIONS);
        similar.into_iter().map(|(_, name)| name).collect()
    }
}

fn similarity(asked: &str, topic: &Topic) -> f64 {
    let names = || [full_names(topic), last_names(topic), short_names(topic)].into_iter().flatten();
    let by_part = names()
        .filter(|name| asked.len() > 2 && (name.contains(asked) || asked.contains(name.as_str())))
        .map(|name| {
            let (short, long) = (asked.len().min(name.len()), asked.len().max(name.len()));
            MIN_SIMILARITY + (1.0 - MIN_SIMILARITY) * short as f64 / long as f64
        });
    let by_slip = names().map(|name| strsim::normalized_damerau_levenshtein(asked, &name));
    by_part.chain(by_slip).fold(0.0, f64::max)
}

/// A name as it is compared.
fn key(name: &str) -> String {
    let name = name.trim().to_lowercase().replace('/', ".");
    let name = name.strip_prefix(".proc.sys.").unwrap_or(&name);
    name.chars().filter(|c| !matches!(c, ' ' | '-' | '_')).collect()
}

fn full_names(topic: &Topic) -> Vec<String> {
    [&topic.name].into_iter().chain(&topic.aliases).map(|name| key(name)).collect()
}

/// What follows the last dot; of a counter, also with its table before it as
/// people and nstat(8) write it.
fn last_names(topic: &Topic) -> Vec<String> {
    let Some((table, last)) = topic.name.rsplit_once('.') else { return Vec::new() };
    match (topic.kind, table) {
        (TopicKind::Sysctl, _) => vec![key(last)],
        (TopicKind::Counter, "TcpExt") => {
            vec![key(last), key(&format!("TcpExt{last}")), key(&format!("Tcp.{last}"))]
        }
        (TopicKind::Counter, "Tcp") => vec![key(last), key(&format!("Tcp{last}"))],
        _ => Vec::new(),
    }
}

fn short_names(topic: &Topic) -> Vec<String> {
    let last = topic.name.rsplit_once('.').map_or("", |(_, last)| last).to_lowercase();
    let prefixes: &[&str] = match topic.kind {
        TopicKind::Sysctl => &["tcp_", "ip_"],
        TopicKind::Counter => &["tcp"],
        _ => &[],
    };
    prefixes.iter().filter_map(|prefix| last.strip_prefix(prefix)).map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_found_by_what_people_call_it() {
        let topics = Topics::built_in();
        for (asked, name) in [
            ("net.core.somaxconn", "net.core.somaxconn"),
            ("SOMAXCONN", "net.core.somaxconn"),
            ("/proc/sys/net/ipv4/tcp_syncookies", "net.ipv4.tcp_syncookies"),
            ("net/ipv4/tcp_syncookies", "net.ipv4.tcp_syncookies"),
            ("tcp_syncookies", "net.ipv4.tcp_syncookies"),
            ("tcp-tw-reuse", "net.ipv4.tcp_tw_reuse"),
            ("abort_on_overflow", "net.ipv4.tcp_abort_on_overflow"),
            ("local_port_range", "net.ipv4.ip_local_port_range"),
            ("ListenOverflows", "TcpExt.ListenOverflows"),
            ("listenoverflows", "TcpExt.ListenOverflows"),
            ("tcp.ListenOverflows", "TcpExt.ListenOverflows"),
            ("TcpExtListenOverflows", "TcpExt.ListenOverflows"),
            ("tcpext.tcpreqqfulldrop", "TcpExt.TCPReqQFullDrop"),
            ("ReqQFullDrop", "TcpExt.TCPReqQFullDrop"),
            ("OutRsts", "Tcp.OutRsts"),
            ("TcpOutRsts", "Tcp.OutRsts"),
            ("timed_out", "timed_out"),
            ("timed-out", "timed_out"),
            ("phantoms", "phantom"),
            ("accept queue", "accept queue"),
            ("accept-queue", "accept queue"),
            ("acceptqueue", "accept queue"),
            ("SYN cookies", "SYN cookies"),
            ("syncookies", "SYN cookies"),
            ("time_wait", "TIME_WAIT"),
            ("TIME-WAIT", "TIME_WAIT"),
            ("Address already in use", "SO_REUSEADDR"),
            ("ETIMEDOUT", "timed_out"),
        ] {
            assert_eq!(topics.find(asked).map(|topic| topic.name.as_str()), Some(name), "{asked}");
        }
        for stranger in ["", "s", ".", "tcp", "tcp_", "net.ipv4", "sack", "nonsense"] {
            assert!(topics.find(stranger).is_none(), "{stranger}");
        }
    }

    #[test]
    fn a_slip_and_a_part_of_a_name_are_near_and_nonsense_is_not() {
        let topics = Topics::built_in();
        assert_eq!(topics.similar("somaxcon")[0], "net.core.somaxconn");
        assert_eq!(topics.similar("ListenOverflow")[0], "TcpExt.ListenOverflows");
        assert_eq!(topics.similar("net.ipv4.tcp_fin_timout")[0], "net.ipv4.tcp_fin_timeout");
        assert!(topics.similar("overflow").contains(&"TcpExt.ListenOverflows"));
        assert!(topics.similar("backlogs").contains(&"backlog"));
        assert!(topics.similar("xyzzy").is_empty(), "{:?}", topics.similar("xyzzy"));
        assert!(topics.similar("tcp").len() <= MAX_SUGGESTIONS);
    }

    /// What two topics answer to would find whichever comes first.
    #[test]
    fn no_name_is_that_of_two_topics() {
        let topics = Topics::built_in();
        for names in [full_names, last_names, short_names] {
            let mut all: Vec<_> = topics
                .iter()
                .flat_map(|topic| names(topic).into_iter().map(|n| (n, &topic.name)))
                .collect();
            all.sort();
            all.dedup();
            for pair in all.windows(2) {
                assert_ne!(pair[0].0, pair[1].0, "{} and {}", pair[0].1, pair[1].1);
            }
        }
        for topic in topics.iter() {
            assert_eq!(topics.find(&topic.name), Some(topic));
            for name in &topic.aliases {
                assert_eq!(topics.find(name), Some(topic), "{name}");
            }
        }
    }
}
