//! Applies a JSON merge patch (RFC 7396) to a value. It costs what the patch has, not what the
//! value has: a file of many small patches of one large object is read in the time of its size.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use watch_record::{
    ConnectionCounts, Effort, Peak, PortUsage, WatchedListener, WatchedNamespace, WatchedSysctls,
};

/// A structure to which a merge patch can be applied.
pub trait Merge {
    /// Applies a patch. Members that the structure does not have are left out.
    ///
    /// # Errors
    /// Which member would have no value of its type. The members before it have been applied.
    fn merge(&mut self, patch: &Map<String, Value>) -> Result<(), String>;
}

/// Implements [`Merge`] for a structure by the names of its members: those that a patch replaces,
/// then those that are objects, of which it has what changed.
macro_rules! merges {
    ($of:ident { $($whole:ident),* ; $($object:ident),* }) => {
        impl Merge for $of {
            fn merge(&mut self, patch: &Map<String, Value>) -> Result<(), String> {
                // Names every member: a new one cannot be forgotten.
                let Self { $($whole,)* $($object,)* } = self;
                for (name, value) in patch {
                    let merged = match name.as_str() {
                        $(stringify!($whole) => read(value).map(|new| *$whole = new),)*
                        $(stringify!($object) => $object.merge_value(value),)*
                        _ => Ok(()),
                    };
                    merged.map_err(|error| format!("{name}: {error}"))?;
                }
                Ok(())
            }
        }
    };
}

merges!(WatchedListener {
    id, address, namespace, processes, container, processes_are_known, limit, limit_from, depth,
    drops_total, drops_watched, drops_last_second, sharing_address, seconds, troubles;
    peak, peak_last_minute, connections
});
merges!(WatchedNamespace {
    inode, is_own, name, container, process, counters_interval_seconds, drops_of_closed, troubles;
    sysctls, counters, counters_last_second, busiest_destination
});
merges!(Effort {
    interval_seconds, achieved_interval_seconds, looks, missed_looks, walks, walk_cost_seconds,
    walk_interval_seconds, cpu_share, recent_cpu_share, max_cpu_share;
});
merges!(Peak { seen, was_full; });
merges!(ConnectionCounts {
    age_seconds, syn_recv, not_accepted, oldest_not_accepted_seconds, established, close_wait,
    close_wait_not_accepted, time_wait, closing, accepted_per_second_at_least, close_wait_growth,
    close_wait_growth_seconds, close_wait_only_grew;
});
merges!(WatchedSysctls {
    somaxconn, tcp_max_syn_backlog, tcp_syncookies, tcp_abort_on_overflow, ip_local_port_range;
});
merges!(PortUsage { destination, ports, in_time_wait, range; });

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    T::deserialize(value).map_err(|error| error.to_string())
}

/// A member that is an object.
trait MergeValue {
    fn merge_value(&mut self, value: &Value) -> Result<(), String>;
}

impl<T: Merge + DeserializeOwned> MergeValue for T {
    fn merge_value(&mut self, value: &Value) -> Result<(), String> {
        match value {
            Value::Object(patch) => self.merge(patch),
            other => read(other).map(|new| *self = new),
        }
    }
}

impl<T: Merge + DeserializeOwned> MergeValue for Option<T> {
    fn merge_value(&mut self, value: &Value) -> Result<(), String> {
        match (self, value) {
            (Some(known), Value::Object(patch)) => known.merge(patch),
            (known, value) => read(value).map(|new| *known = new),
        }
    }
}

impl MergeValue for BTreeMap<String, u64> {
    fn merge_value(&mut self, value: &Value) -> Result<(), String> {
        let Value::Object(patch) = value else { return read(value).map(|new| *self = new) };
        for (name, value) in patch {
            match value {
                Value::Null => drop(self.remove(name)),
                value => drop(self.insert(name.clone(), read(value)?)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::patch::{Patched, difference, members};

    fn changed<T: Patched + Merge + PartialEq + Debug>(old: &Value, new: &Value) {
        let [old, new]: [T; 2] = [old, new].map(|value| T::deserialize(value).unwrap());
        let patch = difference(&members(&old), &members(&new));
        let mut merged = T::deserialize(Value::Object(members(&old))).unwrap();
        merged.merge(&patch).unwrap();
        assert_eq!(merged, new, "by {patch:?}");
    }

    fn namespace(sysctl: Value, counters: Value, busiest: Value) -> Value {
        json!({
            "inode": 7, "is_own": false, "name": "n", "container": null, "process": [3, "p"],
            "sysctls": {"somaxconn": sysctl, "tcp_max_syn_backlog": 2, "tcp_syncookies": null,
                "tcp_abort_on_overflow": 0, "ip_local_port_range": [1, 2]},
            "counters": counters, "counters_last_second": {}, "counters_interval_seconds": 1.5,
            "drops_of_closed": 0, "busiest_destination": busiest, "troubles": []
        })
    }

    #[test]
    fn a_difference_merged_into_the_old_gives_the_new() {
        let usage = |ports| json!({"destination": "1.2.3.4:5", "ports": ports, "in_time_wait": 1, "range": 9});
        let all = [
            namespace(json!(5), json!({}), Value::Null),
            namespace(json!(6), json!({"a": 1, "b": 2}), usage(4)),
            namespace(Value::Null, json!({"b": 3}), usage(5)),
        ];
        for old in &all {
            for new in &all {
                changed::<WatchedNamespace>(old, new);
            }
        }
    }

    #[test]
    fn what_has_no_value_of_its_type_is_an_error_with_its_name() {
        let all = namespace(json!(5), json!({}), Value::Null);
        for (patch, expected) in [
            (json!({"inode": null}), "inode: invalid type: null"),
            (json!({"sysctls": 3}), "sysctls: invalid type"),
            (json!({"sysctls": {"somaxconn": -1}}), "sysctls: somaxconn: invalid value"),
            (json!({"counters": {"a": "b"}}), "counters: invalid type"),
            (json!({"busiest_destination": {"ports": 3}}), "missing field `destination`"),
        ] {
            let mut value = WatchedNamespace::deserialize(&all).unwrap();
            let error = value.merge(patch.as_object().unwrap()).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
