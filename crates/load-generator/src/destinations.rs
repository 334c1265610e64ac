//! The destinations of a load: which attempt goes where.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most destinations of a load.
pub(crate) const MAX_DESTINATIONS: usize = 16;

/// The largest share of a destination.
pub(crate) const MAX_SHARE: u32 = 100;

/// Why clients with several destinations do not chat.
pub(crate) const ONE_CHAT: &str = "the clients of a chat get each other's messages, which a single \
                                   server delivers: use dialogue none, http or exchange, or one \
                                   destination";

/// A port of the server's host to which attempts go. In a scenario it is the port, or a mapping
/// of the port and its share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destination {
    /// The port.
    pub port: u16,
    /// How many attempts of each round go there; 1 to [`MAX_SHARE`].
    pub share: u32,
}

/// A destination with a share, as it is written.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Shared {
    /// TCP port.
    #[schemars(range(min = 1))]
    port: u16,
    /// Attempts of each round that go there.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 100))]
    share: u32,
}

fn one() -> u32 {
    1
}

impl Destination {
    /// A port that gets one attempt of each round.
    pub fn new(port: u16) -> Self {
        Self { port, share: one() }
    }
}

impl Serialize for Destination {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self { port, share: 1 } => port.serialize(serializer),
            Self { port, share } => Shared { port, share }.serialize(serializer),
        }
    }
}

// Derived, the error of an untagged enum would not name the wrong field.
impl<'de> Deserialize<'de> for Destination {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DestinationVisitor;

        impl<'de> Visitor<'de> for DestinationVisitor {
            type Value = Destination;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a port, 1 to 65535, or {port: …, share: …}")
            }

            fn visit_u64<E: Error>(self, port: u64) -> Result<Destination, E> {
                let of_range = || E::invalid_value(Unexpected::Unsigned(port), &self);
                u16::try_from(port).map(Destination::new).map_err(|_| of_range())
            }

            fn visit_i64<E: Error>(self, port: i64) -> Result<Destination, E> {
                let of_range = || E::invalid_value(Unexpected::Signed(port), &self);
                u16::try_from(port).map(Destination::new).map_err(|_| of_range())
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Destination, A::Error> {
                let shared = Shared::deserialize(MapAccessDeserializer::new(entries))?;
                Ok(Destination { port: shared.port, share: shared.share })
            }
        }

        deserializer.deserialize_any(DestinationVisitor)
    }
}

impl JsonSchema for Destination {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Destination".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let shared = generator.subschema_for::<Shared>();
        json_schema!({
            "description": "A port of the server's host, and how many attempts of each round go \
                            there.",
            "anyOf": [{ "type": "integer", "minimum": 1, "maximum": 65535 }, shared],
        })
    }
}

/// The ports of one round of attempts: attempt `i` goes to the port at `i` modulo its length.
///
/// Each port is there as often as its share says, shares reduced by their common divisor, and
/// as evenly spread as possible (smooth weighted round robin): 3 and 1 are A A B A.
pub(crate) fn round(destinations: &[Destination]) -> Vec<u16> {
    let divisor = destinations.iter().fold(0, |divisor, it| common_divisor(divisor, it.share));
    let shares: Vec<_> =
        destinations.iter().map(|it| i64::from(it.share / divisor.max(1))).collect();
    let length: i64 = shares.iter().sum();
    // How far each is behind its share.
    let mut behind = vec![0; shares.len()];
    let next = |_| {
        for (behind, share) in behind.iter_mut().zip(&shares) {
            *behind += share;
        }
        // Of equal ones, the first.
        let most = behind.iter().copied().max()?;
        let at = behind.iter().position(|behind| *behind == most)?;
        behind[at] -= length;
        Some(destinations[at].port)
    };
    (0..length).filter_map(next).collect()
}

fn common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

/// The problem of these destinations of a load of `clients`, which chat or do not; `None` if there
/// is none.
pub(crate) fn problem(
    destinations: &[Destination],
    clients: u32,
    chatting: bool,
) -> Option<String> {
    if destinations.len() > MAX_DESTINATIONS {
        let number = destinations.len();
        return Some(format!("{number} destinations: use at most {MAX_DESTINATIONS}"));
    }
    for (position, destination) in destinations.iter().enumerate() {
        let Destination { port, share } = *destination;
        if port == 0 {
            return Some("0 is not a port: use 1 to 65535".to_owned());
        }
        if !(1..=MAX_SHARE).contains(&share) {
            return Some(format!("a share of {share} for port {port}: use 1 to {MAX_SHARE}"));
        }
        if destinations[..position].iter().any(|before| before.port == port) {
            return Some(format!(
                "port {port} is there twice: name it once, with `share` if it is to get more \
                 attempts"
            ));
        }
    }
    if chatting && destinations.len() > 1 {
        return Some(ONE_CHAT.to_owned());
    }
    let round = round(destinations);
    let used = &round[..round.len().min(clients as usize)];
    let unused = destinations.iter().find(|destination| !used.contains(&destination.port));
    // No clients are a problem of their own.
    unused.filter(|_| clients > 0).map(|Destination { port, .. }| {
        format!("{clients} clients are too few: port {port} gets no attempt")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: Value) -> Result<Vec<Destination>, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    fn round_of(shares: &[(u16, u32)]) -> Vec<u16> {
        let of = |&(port, share): &(u16, u32)| Destination { port, share };
        round(&shares.iter().map(of).collect::<Vec<_>>())
    }

    #[test]
    fn a_destination_is_a_port_or_a_port_with_a_share() {
        let written = json!([8080, { "port": 8081, "share": 3 }]);
        let destinations = read(written.clone()).unwrap();
        assert_eq!(destinations, [Destination::new(8080), Destination { port: 8081, share: 3 }]);
        assert_eq!(serde_json::to_value(&destinations).unwrap(), written);
        assert_eq!(read(json!([{ "port": 1 }])).unwrap(), [Destination::new(1)]);
        for wrong in [json!([70000]), json!([-1]), json!(["http"]), json!([{ "share": 2 }])] {
            read(wrong.clone()).expect_err(&wrong.to_string());
        }
        assert!(read(json!([{ "port": 1, "shares": 2 }])).unwrap_err().contains("shares"));
    }

    #[test]
    fn a_round_has_each_port_as_often_as_its_share_and_evenly_spread() {
        assert_eq!(round_of(&[]), [0; 0]);
        assert_eq!(round_of(&[(1, 7)]), [1]);
        assert_eq!(round_of(&[(1, 1), (2, 1), (3, 1)]), [1, 2, 3]);
        assert_eq!(round_of(&[(1, 3), (2, 1)]), [1, 1, 2, 1]);
        assert_eq!(round_of(&[(1, 30), (2, 10)]), [1, 1, 2, 1], "reduced");
        let round = round_of(&[(1, 7), (2, 5), (3, 1)]);
        for (port, share) in [(1, 7), (2, 5), (3, 1)] {
            assert_eq!(round.iter().filter(|other| **other == port).count(), share);
            // Never more than one attempt away from its share, up to any attempt.
            for attempts in 1..=round.len() {
                let got = round[..attempts].iter().filter(|other| **other == port).count() as f64;
                let due = share as f64 * attempts as f64 / round.len() as f64;
                assert!((got - due).abs() <= 1.0, "{port} after {attempts}: {got} of {due}");
            }
        }
    }

    #[test]
    fn a_bad_list_has_a_reason() {
        let problem = |value: Value, clients| problem(&read(value).unwrap(), clients, false);
        assert_eq!(problem(json!([]), 5), None);
        assert_eq!(problem(json!([80, 81]), 2), None);
        for (list, clients, expected) in [
            (json!([80, 81, 80]), 9, "port 80 is there twice"),
            (json!([80, 0]), 9, "0 is not a port"),
            (json!([80, { "port": 81, "share": 0 }]), 9, "a share of 0 for port 81"),
            (json!([80, { "port": 81, "share": 101 }]), 9, "use 1 to 100"),
            (json!((1..=17).collect::<Vec<_>>()), 99, "17 destinations: use at most 16"),
            (json!([80, 81]), 1, "1 clients are too few: port 81 gets no attempt"),
            (json!([{ "port": 80, "share": 3 }, 81]), 2, "port 81 gets no attempt"),
        ] {
            let reason = problem(list, clients).unwrap();
            assert!(reason.contains(expected), "{reason}");
        }
        let both = [Destination::new(1), Destination::new(2)];
        assert!(super::problem(&both, 9, true).unwrap().starts_with("the clients of a chat"));
        assert_eq!(super::problem(&both[..1], 9, true), None);
    }
}
