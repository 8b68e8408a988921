//! Validates a KDL document against a KDL Schema 1.0.0, written against the text of that specification.
//!
//! Knows nothing of pipe's words. Knows those parts of the schema language that our schemas use and panics at others.
//! Where the text leaves something open, it is read so: what a node does not describe (values, properties, children)
//! it does not have; annotations of values are free unless a `tag` says otherwise, those of nodes are not.

use kdl::{KdlDocument, KdlNode, KdlValue};

/// A schema, ready to validate with.
pub(crate) struct Schema {
    document: KdlDocument,
}

impl Schema {
    /// Reads a schema.
    pub(crate) fn parse(text: &str) -> Schema {
        let document = KdlDocument::parse_v2(text);
        Schema {
            document: document
                .map_err(|error| format!("{:?}", error.diagnostics))
                .expect("a schema is KDL 2"),
        }
    }

    /// Everything in `document` that the schema forbids, each with its path.
    pub(crate) fn complaints(&self, document: &KdlDocument) -> Vec<String> {
        let roots: Vec<&KdlNode> = named(&self.document, "document").collect();
        let [root] = roots[..] else {
            panic!("a schema has one `document`")
        };
        let mut complaints = Vec::new();
        self.block(&[root], document, "", &mut complaints);
        complaints
    }

    /// A node of the schema, with what it refers to behind it: what stands first wins.
    fn resolved<'s>(&'s self, definition: &'s KdlNode) -> Vec<&'s KdlNode> {
        let mut chain = vec![definition];
        while let Some(reference) = text_of(chain[chain.len() - 1], "ref") {
            let id = reference
                .strip_prefix("[id=\"")
                .and_then(|rest| rest.strip_suffix("\"]"))
                .unwrap_or_else(|| panic!("the validator does not know the query {reference}"));
            let target = find_id(&self.document, id);
            let target = target.unwrap_or_else(|| panic!("{id} leads nowhere"));
            assert!(!chain.iter().any(|known| std::ptr::eq(*known, target)));
            chain.push(target);
        }
        chain
    }

    /// Children of `document` or of `children` blocks.
    fn block(
        &self,
        blocks: &[&KdlNode],
        document: &KdlDocument,
        path: &str,
        complaints: &mut Vec<String>,
    ) {
        let blocks: Vec<&KdlNode> = blocks
            .iter()
            .flat_map(|block| self.resolved(block))
            .collect();
        let known = ["node", "info", "definitions", "other-nodes-allowed"];
        for part in parts(&blocks) {
            assert!(
                known.contains(&part.name().value()),
                "unknown: {}",
                part.name()
            );
        }
        let others = flag(&blocks, "other-nodes-allowed");
        let definitions: Vec<Vec<&KdlNode>> = parts(&blocks)
            .filter(|part| part.name().value() == "node")
            .map(|part| self.resolved(part))
            .collect();
        for definition in &definitions {
            let name = first_text(definition);
            let is_meant = |node: &&KdlNode| name.is_none_or(|name| node.name().value() == name);
            let count = document.nodes().iter().filter(is_meant).count();
            let shown = name.unwrap_or("any node");
            within(definition, count, &format!("{path}/{shown}"), complaints);
        }
        for node in document.nodes() {
            let path = format!("{path}/{}", node.name().value());
            let mut described = false;
            for definition in &definitions {
                if first_text(definition).is_none_or(|name| name == node.name().value()) {
                    described = true;
                    self.node(definition, node, &path, complaints);
                }
            }
            if !described && !others {
                complaints.push(format!("{path}: unknown"));
            }
        }
    }

    fn node(
        &self,
        definition: &[&KdlNode],
        node: &KdlNode,
        path: &str,
        complaints: &mut Vec<String>,
    ) {
        let described = |name: &'static str| {
            parts(definition)
                .filter(move |part| part.name().value() == name)
                .map(|part| self.resolved(part))
        };
        let known = [
            "min",
            "max",
            "value",
            "prop",
            "children",
            "tag",
            "other-props-allowed",
        ];
        for part in parts(definition) {
            assert!(
                known.contains(&part.name().value()),
                "unknown: {}",
                part.name()
            );
        }
        if let Some(tag) = node.ty() {
            let tags: Vec<Vec<&KdlNode>> = described("tag").collect();
            let tag = KdlValue::from(tag.value());
            if tags.is_empty() {
                complaints.push(format!("{path}: an annotation"));
            }
            for rules in tags {
                self.rules(&rules, &tag, None, path, complaints);
            }
        }

        let values: Vec<Vec<&KdlNode>> = described("value").collect();
        let arguments = node.entries().iter().filter(|entry| entry.name().is_none());
        let count = arguments.clone().count();
        if values.is_empty() && count > 0 {
            complaints.push(format!("{path}: {count} values, but there are none"));
        }
        for rules in &values {
            within(rules, count, &format!("{path}: values"), complaints);
            for entry in arguments.clone() {
                let tag = entry.ty().map(kdl::KdlIdentifier::value);
                self.rules(rules, entry.value(), tag, path, complaints);
            }
        }

        let properties: Vec<Vec<&KdlNode>> = described("prop").collect();
        let others = flag(definition, "other-props-allowed");
        for entry in node.entries() {
            let Some(key) = entry.name().map(kdl::KdlIdentifier::value) else {
                continue;
            };
            let path = format!("{path}: {key}=");
            let named = |rules: &&Vec<&KdlNode>| first_text(rules) == Some(key);
            if !others && !properties.iter().any(|rules| named(&rules)) {
                complaints.push(format!("{path} unknown"));
            }
            for rules in &properties {
                if first_text(rules).is_none_or(|name| name == key) {
                    let tag = entry.ty().map(kdl::KdlIdentifier::value);
                    self.rules(rules, entry.value(), tag, &path, complaints);
                }
            }
        }
        for rules in &properties {
            if let Some(key) = first_text(rules)
                && flag(rules, "required")
                && node.get(key).is_none()
            {
                complaints.push(format!("{path}: {key}= is missing"));
            }
        }

        let blocks: Vec<&KdlNode> = parts(definition)
            .filter(|part| part.name().value() == "children")
            .collect();
        if blocks.is_empty() && node.children().is_some() {
            complaints.push(format!("{path}: a block"));
        }
        if !blocks.is_empty() {
            let empty = KdlDocument::new();
            self.block(&blocks, node.children().unwrap_or(&empty), path, complaints);
        }
    }

    /// The validations of one value.
    fn rules(
        &self,
        rules: &[&KdlNode],
        value: &KdlValue,
        tag: Option<&str>,
        path: &str,
        complaints: &mut Vec<String>,
    ) {
        for rule in parts(rules) {
            let wanted: Vec<&KdlValue> = rule.entries().iter().map(kdl::KdlEntry::value).collect();
            let number = || wanted[0].as_integer().expect("limits are whole numbers");
            let length = || value.as_string().map(|text| text.chars().count() as i128);
            let fine = match rule.name().value() {
                // These are about the number of values, or about properties as such.
                "min" | "max" | "required" => true,
                "tag" => {
                    if let Some(tag) = tag {
                        let rules = self.resolved(rule);
                        self.rules(&rules, &KdlValue::from(tag), None, path, complaints);
                    }
                    true
                }
                "type" => wanted
                    .iter()
                    .any(|kind| kind.as_string() == Some(kind_of(value))),
                "enum" => wanted.contains(&value),
                "min-length" => length().is_none_or(|length| length >= number()),
                "max-length" => length().is_none_or(|length| length <= number()),
                "%" => match value {
                    KdlValue::Integer(value) => value % number() == 0,
                    // A fraction is a multiple of 1 when it has no part behind the point.
                    KdlValue::Float(value) => value % (number() as f64) == 0.0,
                    _ => true,
                },
                "format" => match wanted[0].as_string() {
                    Some("i64") => {
                        matches!(value, KdlValue::Integer(value) if i64::try_from(*value).is_ok())
                    }
                    other => panic!("the validator does not know the format {other:?}"),
                },
                ">=" => as_float(value).is_none_or(|value| value >= number() as f64),
                "<=" => as_float(value).is_none_or(|value| value <= number() as f64),
                other => panic!("the validator does not know `{other}`"),
            };
            if !fine {
                complaints.push(format!("{path}: {value} is not {rule}"));
            }
        }
    }
}

/// What stands in a chain of definitions; of one kind of limit or flag only the first counts, which the callers see to.
fn parts<'s>(chain: &[&'s KdlNode]) -> impl Iterator<Item = &'s KdlNode> + use<'s> {
    let nodes: Vec<&KdlNode> = chain
        .iter()
        .filter_map(|node| node.children())
        .flat_map(KdlDocument::nodes)
        .collect();
    nodes.into_iter()
}

fn named<'s>(document: &'s KdlDocument, name: &'s str) -> impl Iterator<Item = &'s KdlNode> {
    document
        .nodes()
        .iter()
        .filter(move |node| node.name().value() == name)
}

fn first_text<'s>(chain: &[&'s KdlNode]) -> Option<&'s str> {
    chain
        .iter()
        .find_map(|node| node.get(0).and_then(KdlValue::as_string))
}

fn text_of<'s>(node: &'s KdlNode, property: &str) -> Option<&'s str> {
    node.get(property).and_then(KdlValue::as_string)
}

fn flag(chain: &[&KdlNode], name: &str) -> bool {
    parts(chain)
        .find(|part| part.name().value() == name)
        .is_some_and(|part| part.get(0).and_then(KdlValue::as_bool) == Some(true))
}

fn within(chain: &[&KdlNode], count: usize, what: &str, complaints: &mut Vec<String>) {
    let limit = |name: &str| {
        let part = parts(chain).find(|part| part.name().value() == name)?;
        part.get(0).and_then(KdlValue::as_integer)
    };
    if limit("min").is_some_and(|least| (count as i128) < least) {
        complaints.push(format!("{what}: too few, {count}"));
    }
    if limit("max").is_some_and(|most| count as i128 > most) {
        complaints.push(format!("{what}: too many, {count}"));
    }
}

fn find_id<'s>(document: &'s KdlDocument, id: &str) -> Option<&'s KdlNode> {
    document.nodes().iter().find_map(|node| {
        if text_of(node, "id") == Some(id) {
            return Some(node);
        }
        node.children().and_then(|inside| find_id(inside, id))
    })
}

fn kind_of(value: &KdlValue) -> &'static str {
    match value {
        KdlValue::String(_) => "string",
        KdlValue::Integer(_) | KdlValue::Float(_) => "number",
        KdlValue::Bool(_) => "boolean",
        KdlValue::Null => "null",
    }
}

fn as_float(value: &KdlValue) -> Option<f64> {
    match value {
        KdlValue::Integer(value) => Some(*value as f64),
        KdlValue::Float(value) => Some(*value),
        _ => None,
    }
}
