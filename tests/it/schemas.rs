//! The committed schemas are those that the code would write.
//!
//! What is validated against them is in the files below.

mod documents;
mod events;
mod graph;
mod json;
pub(crate) mod json_schema;
mod manifests;
mod validator;

use pipe::logic::manifest::manifest_schema;
use std::path::Path;

#[test]
fn manifest_schema_is_up_to_date() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/manifest.kdl");
    let generated = manifest_schema();
    if std::env::var_os("PIPE_BLESS").is_some() {
        std::fs::write(&file, &generated).expect("the schema can be written");
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == generated,
        "schemas/manifest.kdl is stale; PIPE_BLESS=1 cargo test --test it schemas writes it anew"
    );
}

#[test]
fn manifest_schema_is_kdl_that_names_every_word() {
    let schema = kdl::KdlDocument::parse_v2(&manifest_schema());
    let schema = schema
        .map_err(|error| error.diagnostics[0].span)
        .expect("the schema is KDL 2");
    let document = schema
        .get("document")
        .and_then(kdl::KdlNode::children)
        .expect("a document");
    let words = |block: &kdl::KdlDocument| -> Vec<String> {
        let nodes = block
            .nodes()
            .iter()
            .filter(|node| node.name().value() == "node");
        nodes
            .filter_map(|node| node.get(0)?.as_string().map(str::to_owned))
            .collect()
    };
    assert_eq!(
        words(document),
        [
            "jobs", "env", "pass-env", "defaults", "node", "resource", "params", "include",
            "strict"
        ]
    );
    let node = document
        .nodes()
        .iter()
        .find(|node| node.get(0).and_then(|name| name.as_string()) == Some("node"));
    let block = node
        .and_then(|node| node.children()?.get("children")?.children())
        .expect("a node has a block");
    for word in [
        "about",
        "in",
        "out",
        "run",
        "exec",
        "after",
        "exclusive",
        "dir",
        "env",
        "pass-env",
        "shell",
        "always",
    ] {
        assert!(words(block).iter().any(|known| known == word), "{word}");
    }
}
