//! What two builds that differ in one thing differ in.

use super::super::samples::{ran, with_jobs};
use super::*;
use crate::base::digest::Digest;

/// A build in which `name` ran for `took` milliseconds, with a key and an output of these contents.
fn build(number: u32, name: &str, took: u64, key: &str, output: &str) -> Story {
    let mut story = with_jobs(1);
    story.build = number;
    let node = ran(&mut story, name, &[], 0, took);
    let node = &mut story.nodes[node as usize];
    node.key = Some(Key(Digest::of(key.as_bytes())));
    node.outputs = vec![OutputStory {
        path: "out".to_owned(),
        digest: Some(Digest::of(output.as_bytes())),
        size: Some(output.len() as u64),
    }];
    story
}

/// A build in which it was fresh.
fn fresh(number: u32, name: &str) -> Story {
    let mut story = with_jobs(1);
    story.build = number;
    story.nodes.push(NodeStory {
        name: name.to_owned(),
        fate: Fate::Fresh,
        ..NodeStory::default()
    });
    story
}

#[test]
fn key_time_and_outputs_are_compared() {
    let old = build(1, "a", 1000, "k", "o");
    let differs = |new: &Story| compare(&[&old, new], 1, 2).nodes.pop();
    assert_eq!(differs(&build(2, "a", 1050, "k", "o")), None);
    let slower = differs(&build(2, "a", 2000, "k", "o")).unwrap();
    assert_eq!(
        slower.now.unwrap().slower_by(&slower.then.unwrap()),
        Some(1000)
    );
    let new = differs(&build(2, "a", 1000, "k2", "o")).unwrap();
    assert_eq!((new.key_differs, new.outputs.len()), (Some(true), 0));
    let output = differs(&build(2, "a", 1000, "k2", "longer"))
        .unwrap()
        .outputs;
    assert_eq!((output[0].then, output[0].now), (Some(1), Some(6)));
    let mut failed = build(2, "a", 1000, "k", "o");
    failed.nodes[0].fate = Fate::Failed;
    failed.nodes[0].key = None;
    let failed = differs(&failed).unwrap();
    assert_eq!(
        (failed.key_differs, failed.now.unwrap().fate),
        (None, Fate::Failed)
    );
}

#[test]
fn a_fresh_node_is_as_it_was_left() {
    let (first, other) = (
        build(1, "a", 1000, "k", "o"),
        build(3, "a", 1000, "k2", "o2"),
    );
    let (second, fourth) = (fresh(2, "a"), fresh(4, "a"));
    // Nothing happened to it.
    let same = compare(&[&first, &second], 1, 2);
    assert_eq!((same.nodes.len(), same.alike), (0, 1));
    // Both builds found it fresh, but a build between them made it anew.
    let told = compare(&[&first, &second, &other, &fourth], 2, 4).nodes;
    assert_eq!(told[0].key_differs, Some(true));
    assert_eq!(told[0].then.as_ref().unwrap().fate, Fate::Fresh);
    assert_eq!(told[0].outputs.len(), 1);
    assert_eq!(told[0].reasons, []);
}

#[test]
fn a_node_of_one_build_only_is_named_unless_the_other_does_not_tell_of_all() {
    let (old, mut new) = (build(1, "a", 100, "k", "o"), build(2, "b", 100, "k", "o"));
    let told = compare(&[&old, &new], 1, 2).nodes;
    let sides: Vec<_> = told
        .iter()
        .map(|node| (&*node.name, node.then.is_some(), node.now.is_some()))
        .collect();
    assert_eq!(sides, [("a", true, false), ("b", false, true)]);
    new.complete = false;
    let told = compare(&[&old, &new], 1, 2);
    assert_eq!(
        (told.nodes.len(), told.alike),
        (1, 1),
        "a is taken to be fresh"
    );
}
