//! A validator for KDL Schema 1.0.0, as far as `schemas/manifest.kdl` uses it: written against the specification, not
//! against the code that makes the schema. Any word that it does not know is a failure of the test.

use kdl::{KdlDocument, KdlEntry, KdlNode, KdlValue};

/// Everything in `document` that the schema does not allow.
pub(crate) fn faults(schema: &KdlDocument, document: &KdlDocument) -> Vec<String> {
    let root = schema.get("document").and_then(KdlNode::children);
    block(root.expect("a schema has a document"), document)
}

fn children(node: &KdlNode) -> &[KdlNode] {
    node.children().map_or(&[], KdlDocument::nodes)
}

fn text(node: &KdlNode) -> &str {
    node.get(0)
        .and_then(KdlValue::as_string)
        .unwrap_or_default()
}

fn number(node: &KdlNode) -> i128 {
    node.get(0)
        .and_then(KdlValue::as_integer)
        .expect("a number")
}

/// Checks the nodes of a document, or of a node's block.
fn block(rules: &KdlDocument, document: &KdlDocument) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = false;
    for rule in rules.nodes() {
        match rule.name().value() {
            "info" => {}
            "other-nodes-allowed" => open = rule.get(0) == Some(&KdlValue::Bool(true)),
            "node" => {
                let named = document.nodes().iter();
                let named: Vec<&KdlNode> = named
                    .filter(|node| node.name().value() == text(rule))
                    .collect();
                for part in children(rule)
                    .iter()
                    .filter(|part| part.name().value() == "max")
                {
                    if named.len() as i128 > number(part) {
                        found.push(format!("`{}` too often", text(rule)));
                    }
                }
                found.extend(named.into_iter().flat_map(|node| node_faults(rule, node)));
            }
            other => panic!("the schema says `{other}`, which this test does not know"),
        }
    }
    let known = |node: &KdlNode| {
        let mut rules = rules.nodes().iter();
        rules.any(|rule| rule.name().value() == "node" && text(rule) == node.name().value())
    };
    let strangers = document.nodes().iter().filter(|node| !open && !known(node));
    found.extend(strangers.map(|node| format!("`{}` is not known", node.name().value())));
    found
}

fn node_faults(rule: &KdlNode, node: &KdlNode) -> Vec<String> {
    let mut found = Vec::new();
    let name = node.name().value();
    let values: Vec<&KdlEntry> = node
        .entries()
        .iter()
        .filter(|entry| entry.name().is_none())
        .collect();
    let properties = node.entries().iter().filter(|entry| entry.name().is_some());
    let (mut takes_values, mut takes_properties, mut takes_block) = (false, false, false);
    for part in children(rule) {
        match part.name().value() {
            "max" => {}
            "value" => {
                takes_values = true;
                found.extend(value_faults(part, &values, name));
            }
            "prop" => {
                for property in properties.clone() {
                    found.extend(kind_faults(part, property.value(), name));
                }
            }
            "other-props-allowed" => takes_properties = true,
            "children" => {
                takes_block = true;
                if let (Some(rules), Some(document)) = (part.children(), node.children()) {
                    found.extend(block(rules, document));
                }
            }
            other => panic!("the schema says `{other}`, which this test does not know"),
        }
    }
    if !takes_values && !values.is_empty() {
        found.push(format!("`{name}` takes no value"));
    }
    if !takes_properties && properties.clone().next().is_some() {
        found.push(format!("`{name}` takes no property"));
    }
    if !takes_block && node.children().is_some() {
        found.push(format!("`{name}` has no block"));
    }
    found
}

fn value_faults(rule: &KdlNode, values: &[&KdlEntry], name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in children(rule) {
        match part.name().value() {
            "min" if (values.len() as i128) < number(part) => {
                found.push(format!("`{name}` has too few values"));
            }
            "max" if (values.len() as i128) > number(part) => {
                found.push(format!("`{name}` has too many values"));
            }
            _ => {}
        }
    }
    let tags = children(rule)
        .iter()
        .filter(|part| part.name().value() == "tag");
    let tags: Vec<String> = tags
        .flat_map(children)
        .flat_map(KdlNode::entries)
        .filter_map(|entry| entry.value().as_string().map(str::to_owned))
        .collect();
    for value in values {
        if value
            .ty()
            .is_some_and(|tag| !tags.is_empty() && !tags.iter().any(|known| known == tag.value()))
        {
            found.push(format!("a value of `{name}` has an unknown annotation"));
        }
        found.extend(kind_faults(rule, value.value(), name));
    }
    found
}

/// Checks one value against `type` and limits.
fn kind_faults(rule: &KdlNode, value: &KdlValue, name: &str) -> Vec<String> {
    let fine = |part: &KdlNode| match part.name().value() {
        "min" | "max" | "tag" => true,
        "type" => match text(part) {
            "string" => value.is_string(),
            "number" => value.is_integer() || value.is_float(),
            other => panic!("the schema says type `{other}`"),
        },
        "%" => {
            value
                .as_integer()
                .is_none_or(|found| found % number(part) == 0)
                && !value.is_float()
        }
        ">=" => value.as_integer().is_none_or(|found| found >= number(part)),
        "<=" => value.as_integer().is_none_or(|found| found <= number(part)),
        other => panic!("the schema says `{other}`, which this test does not know"),
    };
    let broken = children(rule).iter().filter(|part| !fine(part));
    broken
        .map(|part| format!("a value of `{name}` breaks `{}`", part.name().value()))
        .collect()
}
