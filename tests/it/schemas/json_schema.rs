//! A validator for those words of JSON Schema 2020-12 that the files in `schemas/` use; panics at any other.
//!
//! Does not know what the documents mean.

use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// One of `schemas/`.
pub(crate) struct JsonSchema(pub(super) Value);

impl JsonSchema {
    pub(crate) fn named(name: &str) -> JsonSchema {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
        let text = fs::read_to_string(folder.join(name).with_extension("json"));
        let text = text.expect("the schema can be read");
        JsonSchema(serde_json::from_str(&text).expect("the schema is JSON"))
    }

    /// Everything in `value` that the schema forbids, each with its place.
    pub(super) fn complaints(&self, value: &Value) -> Vec<String> {
        complaints(&self.0, &self.0, value, "")
    }

    /// Reads one line of a stream of types, each with a schema of its own; it must fit.
    #[track_caller]
    pub(crate) fn valid_line(&self, text: &str) -> Value {
        let value: Value = serde_json::from_str(text)
            .unwrap_or_else(|error| panic!("no JSON document: {error}\n{text}"));
        // Of the right one of many schemas the complaints can be read.
        let own = &self.0["$defs"][value["type"].as_str().unwrap_or_default()];
        assert!(own.is_object(), "no schema for {text}");
        let found = complaints(&self.0, own, &value, "");
        assert!(found.is_empty(), "{}\n{text}", found.join("\n"));
        self.valid(text)
    }

    /// Reads what the program printed; it must fit.
    #[track_caller]
    pub(crate) fn valid(&self, text: &str) -> Value {
        let value: Value = serde_json::from_str(text)
            .unwrap_or_else(|error| panic!("no JSON document: {error}\n{text}"));
        let found = self.complaints(&value);
        assert!(found.is_empty(), "{}\n{text}", found.join("\n"));
        value
    }
}

/// Everything in `value` that `schema` forbids, each with its place.
fn complaints(root: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    let words = schema.as_object().expect("a schema is an object");
    for (word, wanted) in words {
        let fine = match word.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" => true,
            "additionalProperties" | "properties" => continue,
            "$ref" => {
                let name = wanted.as_str().expect("a reference is a text");
                let target = root.pointer(name.trim_start_matches('#'));
                let target = target.unwrap_or_else(|| panic!("{name} leads nowhere"));
                found.extend(complaints(root, target, value, place));
                true
            }
            "type" => match wanted {
                Value::Array(kinds) => kinds.iter().any(|kind| is_kind(value, kind)),
                kind => is_kind(value, kind),
            },
            "anyOf" | "oneOf" => {
                let choices = wanted.as_array().expect("a list of schemas");
                let fit = |schema: &&Value| complaints(root, schema, value, place).is_empty();
                let count = choices.iter().filter(fit).count();
                count == 1 || (count > 1 && word == "anyOf")
            }
            "const" => value == wanted,
            "enum" => wanted.as_array().is_some_and(|all| all.contains(value)),
            "minimum" => value.is_null() || value.as_i64() >= wanted.as_i64(),
            "minItems" => value
                .as_array()
                .is_none_or(|items| items.len() as u64 >= wanted.as_u64().unwrap_or(0)),
            "minLength" => value
                .as_str()
                .is_none_or(|text| text.chars().count() as u64 >= wanted.as_u64().unwrap_or(0)),
            "pattern" => value.as_str().is_none_or(|text| {
                let only = |part: &str, fine: fn(&u8) -> bool| part.bytes().all(|b| fine(&b));
                match wanted.as_str().expect("a pattern is a text") {
                    "^[a-z0-9]+(-[a-z0-9]+)*$" => text.split('-').all(|part| {
                        let fine = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
                        !part.is_empty() && only(part, fine)
                    }),
                    "^[0-9a-f]{64}$" => {
                        let fine = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
                        text.len() == 64 && only(text, fine)
                    }
                    other => panic!("the validator does not know the pattern `{other}`"),
                }
            }),
            "required" => {
                let names = wanted.as_array().expect("a list of names");
                names
                    .iter()
                    .all(|name| value.get(name.as_str().expect("a name")).is_some())
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(complaints(root, wanted, item, &format!("{place}/{index}")));
                }
                true
            }
            other => panic!("the validator does not know `{other}`"),
        };
        if !fine {
            found.push(format!("{place}: not {word} {wanted}"));
        }
    }
    let known = words.get("properties").and_then(Value::as_object);
    for (name, item) in value.as_object().into_iter().flatten() {
        let place = format!("{place}/{name}");
        match known.and_then(|known| known.get(name)) {
            Some(schema) => found.extend(complaints(root, schema, item, &place)),
            None if words.get("additionalProperties") == Some(&json!(false)) => {
                found.push(format!("{place}: not allowed"));
            }
            None => {}
        }
    }
    found
}

fn is_kind(value: &Value, kind: &Value) -> bool {
    match kind.as_str().expect("a kind is a text") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("the validator does not know the kind `{other}`"),
    }
}
