//! `pipe diff --json`: what differs between two builds, as data.
//!
//! Does not compare.

use super::{VERSION, document};
use crate::base::story::Story;
use crate::logic::story::compare::{Difference, NodeDifference, Standing};
use crate::report::build::code;
use crate::report::words;
use serde::Serialize;

#[derive(Serialize)]
struct Document<'d> {
    version: u32,
    first: Build,
    second: Build,
    alike: usize,
    nodes: Vec<Node<'d>>,
}

#[derive(Serialize)]
struct Build {
    build: u32,
    started_ms: u64,
    took_ms: u64,
}

#[derive(Serialize)]
struct Node<'d> {
    node: &'d str,
    first: Option<Side>,
    second: Option<Side>,
    key_differs: Option<bool>,
    slower_by_ms: Option<i64>,
    reasons: Vec<Reason<'d>>,
    outputs: Vec<Output<'d>>,
}

#[derive(Serialize)]
struct Side {
    outcome: &'static str,
    took_ms: Option<u64>,
}

#[derive(Serialize)]
struct Reason<'d> {
    kind: &'d str,
    subject: Option<&'d str>,
    text: String,
}

#[derive(Serialize)]
struct Output<'d> {
    path: &'d str,
    first_size: Option<u64>,
    second_size: Option<u64>,
}

/// See the module.
pub fn diff(first: &Story, second: &Story, difference: &Difference) -> String {
    let build = |story: &Story| Build {
        build: story.build,
        started_ms: story.started_ms,
        took_ms: story.took_ms,
    };
    document(&Document {
        version: VERSION,
        first: build(first),
        second: build(second),
        alike: difference.alike,
        nodes: difference.nodes.iter().map(node).collect(),
    })
}

fn node(node: &NodeDifference) -> Node<'_> {
    let side = |side: &Standing| Side {
        outcome: code(side.fate),
        took_ms: side.took_ms,
    };
    let both = node.then.as_ref().zip(node.now.as_ref());
    Node {
        node: &node.name,
        first: node.then.as_ref().map(side),
        second: node.now.as_ref().map(side),
        key_differs: node.key_differs,
        slower_by_ms: both.and_then(|(then, now)| now.slower_by(then)),
        reasons: node
            .reasons
            .iter()
            .map(|reason| Reason {
                kind: &reason.kind,
                subject: reason.subject.as_deref(),
                text: words::past_cause(reason),
            })
            .collect(),
        outputs: node
            .outputs
            .iter()
            .map(|output| Output {
                path: &output.path,
                first_size: output.then,
                second_size: output.now,
            })
            .collect(),
    }
}
