//! The id of a law, which has a port in a load with several destinations:
//! `listen-limit-port-8081`.

const PORT: &str = "-port-";

/// The id of a law about the listener of a port, one of several.
pub fn law_id_on(law: &str, port: u16) -> String {
    format!("{law}{PORT}{port}")
}

/// The id without its port, and the port if it has one.
pub fn law_and_port(id: &str) -> (&str, Option<u16>) {
    let with_port = id.rsplit_once(PORT).and_then(|(law, port)| Some((law, port.parse().ok()?)));
    with_port.map_or((id, None), |(law, port)| (law, Some(port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        assert_eq!(law_and_port(&law_id_on("listen-limit", 8081)), ("listen-limit", Some(8081)));
        for id in ["listen-limit", "listen-limit-port-http", "listen-limit-port-70000"] {
            assert_eq!(law_and_port(id), (id, None));
        }
    }
}
