//! One parameter's value, whatever kind of file it comes from.
//!
//! Does not know names; `Params` does.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// The name under which the `toml` crate hands a date over: a table with this one key.
const TOML_DATE: &str = "$__toml_private_datetime";

/// A value. Numbers are kept as numbers: `1.50` is filled in as `1.5`.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing: `null` of JSON and YAML.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// Any other number.
    Float(f64),
    /// A text; a date of TOML is one as well.
    Text(String),
    /// Values in order.
    List(Vec<Value>),
    /// Values by name.
    Table(BTreeMap<String, Value>),
}

impl Value {
    /// The text that stands for it in a command; `None` for lists, tables and nothing.
    pub fn plain(&self) -> Option<String> {
        match self {
            Value::Bool(yes) => Some(yes.to_string()),
            Value::Integer(number) => Some(number.to_string()),
            Value::Float(number) => Some(format!("{number:?}")),
            Value::Text(text) => Some(text.clone()),
            Value::Null | Value::List(_) | Value::Table(_) => None,
        }
    }

    /// The values of a list of plain values; `None` for anything else.
    pub fn items(&self) -> Option<Vec<String>> {
        match self {
            Value::List(items) => items.iter().map(Value::plain).collect(),
            _ => None,
        }
    }

    /// A text that is the same for equal values only, for keys: as JSON, tables sorted by name.
    pub fn canonical(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        match self {
            Value::Null => text.push_str("null"),
            Value::Bool(_) | Value::Integer(_) | Value::Float(_) => {
                text.extend(self.plain());
            }
            Value::Text(inner) => write_text(inner, text),
            Value::List(items) => {
                text.push('[');
                for (number, item) in items.iter().enumerate() {
                    text.push_str(if number > 0 { "," } else { "" });
                    item.write(text);
                }
                text.push(']');
            }
            Value::Table(entries) => {
                text.push('{');
                for (number, (name, value)) in entries.iter().enumerate() {
                    text.push_str(if number > 0 { "," } else { "" });
                    write_text(name, text);
                    text.push(':');
                    value.write(text);
                }
                text.push('}');
            }
        }
    }
}

fn write_text(inner: &str, text: &mut String) {
    text.push('"');
    for c in inner.chars() {
        if matches!(c, '"' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('"');
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Value, E> {
        Ok(Value::Bool(yes))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Integer(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Integer(number.into()))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Value, E> {
        Ok(Value::Integer(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if entries.contains_key(&name) {
                return Err(A::Error::custom(format!("`{name}` is given twice")));
            }
            entries.insert(name, value);
        }
        match (entries.len(), entries.get(TOML_DATE)) {
            (1, Some(Value::Text(date))) => Ok(Value::Text(date.clone())),
            _ => Ok(Value::Table(entries)),
        }
    }
}
