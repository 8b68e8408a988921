//! Parameters: values from TOML, JSON and YAML files, and from `--set`, by their dotted names.
//!
//! Does not read files and does not know which node names which parameter.

mod value;

pub use value::Value;

use crate::logic::manifest::{Problem, Source, Span, nearest};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a file of parameters is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `.toml`
    Toml,
    /// `.json`
    Json,
    /// `.yaml` or `.yml`, YAML 1.2: `no` is a text.
    Yaml,
}

impl Format {
    /// By the name's ending.
    pub fn of(path: &str) -> Option<Format> {
        match path.rsplit_once('.')?.1 {
            "toml" => Some(Format::Toml),
            "json" => Some(Format::Json),
            "yaml" | "yml" => Some(Format::Yaml),
            _ => None,
        }
    }
}

/// All parameters of a project.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Params {
    root: BTreeMap<String, Value>,
}

/// Why a `--set` cannot be heeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetFault {
    /// The name that was given.
    pub name: String,
    /// The nearest name that there is.
    pub nearest: Option<String>,
}

impl Params {
    /// Adds what a file holds; what it names again it sets anew, table by table.
    ///
    /// # Errors
    /// The file cannot be read as what its name says it is.
    pub fn add_file(&mut self, source: &Arc<Source>, format: Format) -> Result<(), Problem> {
        let read = match format {
            Format::Toml => from_toml(&source.text),
            Format::Json => from_json(source),
            Format::Yaml => from_yaml(source),
        };
        let value = read.map_err(|(message, span)| {
            Problem::error(source, "params", message)
                .at(span, "here")
                .help("a file of parameters is a table of names and values")
        })?;
        match value {
            Value::Table(entries) => merge(&mut self.root, entries),
            Value::Null => {}
            _ => {
                let message = "this file holds no table of names and values";
                return Err(Problem::error(source, "params", message).at(Span::default(), ""));
            }
        }
        Ok(())
    }

    /// Sets the value of a parameter that is there. The text is read as TOML reads a value, else it is a text.
    ///
    /// # Errors
    /// There is no such parameter: a slip would otherwise change nothing, in silence.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), SetFault> {
        let parsed = toml::from_str::<Value>(&format!("value = {text}"));
        let value = match parsed {
            Ok(Value::Table(mut entries)) if entries.len() == 1 => entries.remove("value"),
            _ => None,
        };
        let value = value.unwrap_or_else(|| Value::Text(text.to_owned()));
        match find_mut(&mut self.root, name) {
            Some(place) => {
                *place = value;
                Ok(())
            }
            None => {
                let keys = self.keys();
                Err(SetFault {
                    name: name.to_owned(),
                    nearest: nearest(name, keys.iter().map(String::as_str)).map(str::to_owned),
                })
            }
        }
    }

    /// The value of a dotted name. A name with dots of its own is found too, the longest first.
    pub fn get(&self, name: &str) -> Option<&Value> {
        find(&self.root, name)
    }

    /// The dotted names of all values, tables included.
    pub fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        collect(&self.root, "", &mut keys);
        keys
    }
}

fn find<'v>(table: &'v BTreeMap<String, Value>, name: &str) -> Option<&'v Value> {
    if let Some(value) = table.get(name) {
        return Some(value);
    }
    let mut cuts: Vec<usize> = name.match_indices('.').map(|(at, _)| at).collect();
    cuts.reverse();
    cuts.into_iter()
        .find_map(|at| match table.get(&name[..at]) {
            Some(Value::Table(inner)) => find(inner, &name[at + 1..]),
            _ => None,
        })
}

fn find_mut<'v>(table: &'v mut BTreeMap<String, Value>, name: &str) -> Option<&'v mut Value> {
    if table.contains_key(name) {
        return table.get_mut(name);
    }
    let mut cuts: Vec<usize> = name.match_indices('.').map(|(at, _)| at).collect();
    cuts.reverse();
    let cut = cuts.into_iter().find(|&at| {
        matches!(table.get(&name[..at]), Some(Value::Table(inner)) if find(inner, &name[at + 1..]).is_some())
    })?;
    match table.get_mut(&name[..cut]) {
        Some(Value::Table(inner)) => find_mut(inner, &name[cut + 1..]),
        _ => None,
    }
}

fn collect(table: &BTreeMap<String, Value>, prefix: &str, keys: &mut Vec<String>) {
    for (name, value) in table {
        let full = format!("{prefix}{name}");
        if let Value::Table(inner) = value {
            collect(inner, &format!("{full}."), keys);
        }
        keys.push(full);
    }
}

fn merge(into: &mut BTreeMap<String, Value>, from: BTreeMap<String, Value>) {
    for (name, value) in from {
        match (into.get_mut(&name), value) {
            (Some(Value::Table(old)), Value::Table(new)) => merge(old, new),
            (_, value) => {
                into.insert(name, value);
            }
        }
    }
}

type Fault = (String, Span);

fn from_toml(text: &str) -> Result<Value, Fault> {
    toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let span = Span {
            start: span.start as u32,
            len: span.len() as u32,
        };
        (
            format!("this is not TOML: {}", first_line(error.message())),
            span,
        )
    })
}

fn from_json(source: &Source) -> Result<Value, Fault> {
    if source.text.trim().is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&source.text).map_err(|error| {
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or(&said);
        let span = place(source, error.line(), error.column());
        (format!("this is not JSON: {said}"), span)
    })
}

fn from_yaml(source: &Source) -> Result<Value, Fault> {
    if source.text.trim().is_empty() {
        return Ok(Value::Null);
    }
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(&source.text, options).map_err(|error| {
        let at = error.location();
        let span = at.map_or_else(Span::default, |at| {
            place(source, at.line() as usize, at.column() as usize)
        });
        let said = error.without_snippet().to_string();
        (format!("this is not YAML: {}", first_line(&said)), span)
    })
}

/// A line and a column, both counted from 1, as a place of one letter.
fn place(source: &Source, line: usize, column: usize) -> Span {
    let Some(range) = source.line(line.saturating_sub(1)) else {
        return Span::default();
    };
    let text = &source.text[range.clone()];
    let before: usize = text
        .chars()
        .take(column.saturating_sub(1))
        .map(char::len_utf8)
        .sum();
    Span {
        start: (range.start + before) as u32,
        len: u32::from(before < text.len()),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or(text)
}

#[cfg(test)]
mod tests;
