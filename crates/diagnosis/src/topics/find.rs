//! Finding a topic by name.

use super::collection::Topics;
use super::topic::{Topic, TopicKind};

/// The smallest similarity, 0 to 1, of a suggested name.
const MIN_SIMILARITY: f64 = 0.6;
/// The shortest name, without spaces, that is found within an error message or a log line.
const MIN_MENTIONED: usize = 6;
/// The most names that are suggested.
const MAX_SUGGESTIONS: usize = 5;

impl Topics {
    /// The topic with that name. Case, spaces, `-` and `_` are ignored. A sysctl also has
    /// its path (`/proc/sys/net/ipv4/tcp_syncookies`) as a name; a sysctl or counter also
    /// has the last part of its name, with or without `tcp_` or `ip_` if that is
    /// unambiguous. An error message or a log line finds the longest name that it contains.
    pub fn find(&self, name: &str) -> Option<&Topic> {
        let key = key(name);
        let found = |key: &str| {
            [full_names, last_names, short_names]
                .iter()
                .find_map(|names| self.iter().find(|topic| names(topic).iter().any(|n| n == key)))
        };
        // A scenario and a concept may differ only in a `-`: prefer the exact name.
        let written = name.trim().to_lowercase();
        let exact = self.iter().find(|topic| topic.name.to_lowercase() == written);
        // `phantoms` finds `phantom`.
        exact
            .or_else(|| found(&key))
            .or_else(|| found(key.strip_suffix('s').filter(|one| !one.is_empty())?))
            .or_else(|| self.mentioned(name))
    }

    /// The topic with the longest name within a text of several words.
    fn mentioned(&self, text: &str) -> Option<&Topic> {
        let is_text = text.trim().contains(char::is_whitespace);
        let text = key(text);
        let names = self.iter().flat_map(|topic| {
            let names = [full_names(topic), last_names(topic)].into_iter().flatten();
            names.map(move |name| (name.len(), name, topic))
        });
        names
            .filter(|(length, name, _)| {
                is_text && *length >= MIN_MENTIONED && mentions(&text, name)
            })
            .max_by_key(|(length, ..)| *length)
            .map(|(.., topic)| topic)
    }

    /// The names of similar topics, most similar first: for a typing error, or a part of a
    /// name.
    pub fn similar(&self, name: &str) -> Vec<&str> {
        let asked = key(name);
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

/// Whether a text contains a name; `os error 11` is not in `os error 110`.
fn mentions(text: &str, name: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    let is_number = name.ends_with(is_digit);
    text.match_indices(name)
        .any(|(at, _)| !(is_number && text[at + name.len()..].starts_with(is_digit)))
}

fn similarity(asked: &str, topic: &Topic) -> f64 {
    let names = || [full_names(topic), last_names(topic), short_names(topic)].into_iter().flatten();
    let by_part = names()
        .filter(|name| asked.len() > 2 && (name.contains(asked) || asked.contains(name.as_str())))
        .map(|name| {
            let (short, long) = (asked.len().min(name.len()), asked.len().max(name.len()));
            MIN_SIMILARITY + (1.0 - MIN_SIMILARITY) * short as f64 / long as f64
        });
    let by_distance = names().filter_map(|name| suggest::likeness(asked, &name));
    by_part.chain(by_distance).fold(0.0, f64::max)
}

/// A name in the form in which names are compared.
fn key(name: &str) -> String {
    let name = name.trim().to_lowercase().replace('/', ".");
    let name = name.strip_prefix(".proc.sys.").unwrap_or(&name);
    name.chars().filter(|c| !matches!(c, ' ' | '-' | '_')).collect()
}

fn full_names(topic: &Topic) -> Vec<String> {
    [&topic.name].into_iter().chain(&topic.aliases).map(|name| key(name)).collect()
}

/// The part after the last dot; for a counter also with the prefix that people and
/// nstat(8) write.
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
    fn a_topic_is_found_by_its_common_names() {
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
        for unknown in
            ["xyzzy plugh", "port 80", "", "s", ".", "tcp", "tcp_", "net.ipv4", "sack", "nonsense"]
        {
            assert!(topics.find(unknown).is_none(), "{unknown}");
        }
    }

    /// What people copy from a program, a log or another tool.
    #[test]
    fn what_people_type_finds_its_entry() {
        let topics = Topics::built_in();
        for (typed, name) in [
            ("EMFILE", "EMFILE"),
            ("ENFILE", "EMFILE"),
            ("Too many open files", "EMFILE"),
            ("accept: Too many open files (os error 24)", "EMFILE"),
            ("accept4: EMFILE (Too many open files)", "EMFILE"),
            ("ulimit -n", "EMFILE"),
            ("CLOSE_WAIT", "CLOSE_WAIT"),
            ("close-wait", "CLOSE_WAIT"),
            ("EPIPE", "EPIPE"),
            ("SIGPIPE", "EPIPE"),
            ("Broken pipe", "EPIPE"),
            ("write: Broken pipe (os error 32)", "EPIPE"),
            ("errno 32", "EPIPE"),
            ("ECONNRESET", "reset"),
            ("Connection reset by peer", "reset"),
            ("curl: (56) Recv failure: Connection reset by peer", "reset"),
            ("ECONNREFUSED", "refused"),
            ("Connection refused", "refused"),
            ("connect to 10.0.0.1 port 80: Connection refused", "refused"),
            ("ETIMEDOUT", "timed_out"),
            ("Connection timed out", "timed_out"),
            ("os error 110", "timed_out"),
            ("EADDRINUSE", "SO_REUSEADDR"),
            ("Address already in use", "SO_REUSEADDR"),
            ("bind() to 0.0.0.0:80 failed (98: Address already in use)", "SO_REUSEADDR"),
            ("EADDRNOTAVAIL", "no_port"),
            ("Cannot assign requested address", "no_port"),
            ("SYN flooding", "SYN cookies"),
            ("possible SYN flooding on port 80. Sending cookies", "SYN cookies"),
            (
                "TCP: request_sock_TCP: Possible SYN flooding on port 0.0.0.0:8080. Sending cookies.",
                "SYN cookies",
            ),
            ("12 times the listen queue of a socket overflowed", "TcpExt.ListenOverflows"),
            ("34 SYNs to LISTEN sockets dropped", "TcpExt.ListenDrops"),
            ("TcpExtListenDrops", "TcpExt.ListenDrops"),
            ("TCPSynRetrans", "TcpExt.TCPSynRetrans"),
            ("tcp_rto_max_ms", "net.ipv4.tcp_rto_max_ms"),
            ("net.ipv4.tcp_rto_min_us", "net.ipv4.tcp_rto_min_us"),
            ("somaxconn", "net.core.somaxconn"),
            ("TCP_USER_TIMEOUT", "TCP_USER_TIMEOUT"),
            ("TCP_SYNCNT", "TCP_SYNCNT"),
            ("TCP_DEFER_ACCEPT", "TCP_DEFER_ACCEPT"),
            ("SO_REUSEPORT", "SO_REUSEPORT"),
            ("Recv-Q", "accept queue"),
            ("Send-Q", "backlog"),
            ("FIN-WAIT-2", "TIME_WAIT"),
            ("FIN_WAIT_1", "orphan"),
            ("LAST-ACK", "orphan"),
            ("SYN_SENT", "retransmission ladder"),
            ("EAGAIN", "EAGAIN"),
            ("Resource temporarily unavailable (os error 11)", "EAGAIN"),
            ("failed to spawn thread: Os { code: 11 }: os error 11", "EAGAIN"),
            ("fork: Cannot allocate memory", "EAGAIN"),
            ("os error 111", "refused"),
            ("write failed: os error 115", ""),
            ("connect: No route to host (os error 113)", "EHOSTUNREACH"),
            ("Network is unreachable", "EHOSTUNREACH"),
            ("ECONNABORTED", "ECONNABORTED"),
            ("SO_LINGER", "SO_LINGER"),
            ("TCP: too many orphaned sockets", "orphan"),
            ("tcp_max_orphans", "orphan"),
            ("TCP: out of memory -- consider tuning tcp_mem", "TCP memory"),
            ("sk_drops", "sk_drops"),
            ("nf_conntrack: nf_conntrack: table full, dropping packet", "conntrack"),
            ("netdev_max_backlog", "netdev_max_backlog"),
            ("TCP_NODELAY", "TCP_NODELAY"),
            ("tcp_tw_recycle", "net.ipv4.tcp_tw_reuse"),
            ("PAWSEstab", "net.ipv4.tcp_timestamps"),
        ] {
            assert_eq!(topics.find(typed).map_or("", |topic| &topic.name), name, "{typed}");
        }
    }

    #[test]
    fn typing_errors_and_parts_of_names_are_similar_and_nonsense_is_not() {
        let topics = Topics::built_in();
        assert_eq!(topics.similar("somaxcon")[0], "net.core.somaxconn");
        assert_eq!(topics.similar("ListenOverflow")[0], "TcpExt.ListenOverflows");
        assert_eq!(topics.similar("net.ipv4.tcp_fin_timout")[0], "net.ipv4.tcp_fin_timeout");
        assert!(topics.similar("overflow").contains(&"TcpExt.ListenOverflows"));
        assert!(topics.similar("backlogs").contains(&"backlog"));
        assert!(topics.similar("xyzzy").is_empty(), "{:?}", topics.similar("xyzzy"));
        assert!(topics.similar("tcp").len() <= MAX_SUGGESTIONS);
    }

    /// A name that two topics share would find only the first.
    #[test]
    fn no_two_topics_share_a_name() {
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
