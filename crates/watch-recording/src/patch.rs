//! The members of an object that changed: a JSON merge patch (RFC 7396).

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use watch_record::{Effort, WatchedListener, WatchedNamespace};

use crate::merge::Merge;

/// The members of a `T` that changed, as a JSON merge patch (RFC 7396): a member that is not in
/// it is as before, one that is null has no value, arrays are complete. The first patch of an
/// object has all its members.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Patch<T> {
    pub(crate) members: Map<String, Value>,
    #[serde(skip)]
    of: PhantomData<T>,
}

/// A type of which changes are recorded.
pub trait Patched: Serialize + DeserializeOwned + JsonSchema + Merge {
    /// The member that identifies an object, which every patch of it has.
    const KEY: Option<&'static str>;
}

impl Patched for WatchedListener {
    const KEY: Option<&'static str> = Some("id");
}

impl Patched for WatchedNamespace {
    const KEY: Option<&'static str> = Some("inode");
}

impl Patched for Effort {
    const KEY: Option<&'static str> = None;
}

impl<T: Patched> Patch<T> {
    pub(crate) fn new(members: Map<String, Value>) -> Self {
        Self { members, of: PhantomData }
    }

    /// The value of the member that identifies the object.
    pub fn key(&self) -> Option<u64> {
        self.members.get(T::KEY?)?.as_u64()
    }

    /// Whether it has a value for this member of the object.
    pub(crate) fn has(&self, member: &str) -> bool {
        self.members.contains_key(member)
    }
}

/// The members of a value.
pub(crate) fn members(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(members)) => members,
        other => unreachable!("what is patched is an object with plain data, not {other:?}"),
    }
}

/// What changes `old` to `new`.
pub(crate) fn difference(old: &Map<String, Value>, new: &Map<String, Value>) -> Map<String, Value> {
    let mut patch = Map::new();
    for (name, value) in new {
        match (old.get(name), value) {
            (Some(before), value) if before == value => {}
            (Some(Value::Object(before)), Value::Object(now)) => {
                patch.insert(name.clone(), difference(before, now).into());
            }
            _ => {
                patch.insert(name.clone(), value.clone());
            }
        }
    }
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        patch.insert(name.clone(), Value::Null);
    }
    patch
}

impl<T: Patched> JsonSchema for Patch<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Patch", T::schema_name()).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut settings = SchemaSettings::draft2020_12();
        settings.inline_subschemas = true;
        let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
        relax(&mut schema);
        let members = schema.as_object_mut().expect("the schema of a structure");
        members.remove("$schema");
        members.remove("title");
        let description = format!(
            "The members of a {} that changed: a JSON merge patch (RFC 7396). The first one of an \
             object has all members.",
            T::schema_name()
        );
        members.insert("description".to_owned(), description.into());
        if let Some(key) = T::KEY {
            members.insert("required".to_owned(), json!([key]));
        }
        Schema::try_from(schema).expect("it is an object")
    }
}

/// Lets each member of an object be absent, and the entries of a map be removed; arrays are
/// complete.
fn relax(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    members.remove("required");
    for name in ["properties", "anyOf", "oneOf"] {
        match members.get_mut(name) {
            Some(Value::Object(all)) => all.values_mut().for_each(relax),
            Some(Value::Array(all)) => all.iter_mut().for_each(relax),
            _ => {}
        }
    }
    if let Some(entry) = members.get_mut("additionalProperties").filter(|it| it.is_object()) {
        *entry = json!({ "anyOf": [entry.clone(), { "type": "null" }] });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_is_the_same_is_not_in_the_difference() {
        let old = object(json!({"a": 1, "b": {"c": 1, "d": 2}, "e": null}));
        assert_eq!(difference(&old, &old), Map::new());
        let new = object(json!({"a": 1, "b": {"c": 1, "d": 3}, "e": null}));
        assert_eq!(difference(&old, &new), object(json!({"b": {"d": 3}})));
    }
}
