//! The two text formats.

use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::registry::Registry;

/// A text format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// OpenMetrics 1.0.0, which Prometheus asks for.
    OpenMetrics,
    /// The format of Prometheus before it, 0.0.4: for `curl`, browsers and
    /// `promtool check metrics`, which do not ask for the other.
    PrometheusText,
}

impl Format {
    /// The one for a client that sends this Accept header.
    pub fn accepted(accept: &str) -> Self {
        let names_it = |range: &str| {
            let mut parts = range.split(';').map(str::trim);
            let is_it = parts.next().is_some_and(|media_type| {
                media_type.eq_ignore_ascii_case("application/openmetrics-text")
            });
            let refused = |part: &str| {
                let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
                weight.is_some_and(|weight| weight.parse() == Ok(0.0))
            };
            is_it && !parts.any(refused)
        };
        match accept.split(',').any(names_it) {
            true => Self::OpenMetrics,
            false => Self::PrometheusText,
        }
    }

    /// Its Content-Type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::PrometheusText => prometheus_text::CONTENT_TYPE,
        }
    }

    pub(crate) fn encode(self, registry: &Registry) -> String {
        let mut output = String::new();
        let encoded = match self {
            Self::OpenMetrics => text::encode(&mut output, registry),
            Self::PrometheusText => prometheus_text::encode(&mut output, registry),
        };
        encoded.expect("a string takes every text");
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_openmetrics_if_it_asks_for_it() {
        let prometheus = "application/openmetrics-text;version=1.0.0,\
                          application/openmetrics-text;version=0.0.1;q=0.75,\
                          text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        for accept in [prometheus, "text/plain, Application/OpenMetrics-Text; q=0.2"] {
            assert_eq!(Format::accepted(accept), Format::OpenMetrics, "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
            "application/openmetrics-text-2",
            "application/openmetrics-text;q=0, text/plain",
            "application/openmetrics-text;version=1.0.0; q=0.000",
        ] {
            assert_eq!(Format::accepted(accept), Format::PrometheusText, "{accept}");
        }
    }
}
