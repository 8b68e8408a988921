//! Stories come back as they were written, or not at all.

use super::*;
use crate::base::digest::Digest;
use crate::base::record::{Key, Peak, PeakSource, RunCause, Usage};
use crate::base::story::{Fate, NodeStory, OutputStory, RoomSpan, Shares, TryStory};

fn story(build: u32) -> Story {
    let node = |name: &str, needs: Vec<u32>| NodeStory {
        name: name.to_owned(),
        needs,
        after: Vec::new(),
        takes: Shares {
            alone: true,
            slots: 2,
            limit: Some((0, 3)),
            draws: vec![(0, 7)],
        },
        fate: Fate::Ran,
        command: "cat a > b".to_owned(),
        inputs: vec!["a".to_owned()],
        outputs: vec![OutputStory {
            path: "b".to_owned(),
            digest: Some(Digest::of(b"b")),
            size: Some(1),
        }],
        key: Some(Key(Digest::of(b"key"))),
        unchanged: true,
        reasons: vec![RunCause {
            kind: "input-changed".to_owned(),
            subject: Some("a".to_owned()),
            more: 1,
        }],
        checked_ms: Some(1),
        queued_ms: None,
        settled_ms: Some(9),
        tries: vec![TryStory {
            started_ms: 2,
            ended_ms: 9,
            took_ms: 6,
        }],
        saved_ms: 4,
        usage: Usage {
            cpu_ms: Some(5),
            peak: Some(Peak {
                bytes: 4096,
                source: PeakSource::Sampled,
            }),
        },
    };
    Story {
        build,
        started_ms: 1_700_000_000_000,
        took_ms: 12,
        jobs: 2,
        interrupted: true,
        fresh: 3,
        complete: true,
        resources: vec![("memory".to_owned(), 100)],
        nodes: vec![node("a", Vec::new()), node("b@1", vec![0])],
        rooms: vec![RoomSpan {
            node: 1,
            from_ms: 3,
            to_ms: 4,
        }],
        memory: vec![(5, 4096)],
    }
}

#[test]
fn a_story_comes_back_and_its_form_is_pinned() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(read(folder.path(), 7), None);
    write(folder.path(), &story(7)).unwrap();
    assert_eq!(read(folder.path(), 7), Some(story(7)));
    assert_eq!(read(folder.path(), 8), None);
    let mut out = FlatWriter::default();
    form::put(&mut out, &story(7));
    assert_eq!(
        Digest::of(&out.0).short().to_string(),
        "0c62b126cba8",
        "the form has changed: count MARK up"
    );
}

#[test]
fn damage_and_cuts_are_no_story_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &story(1)).unwrap();
    let path = file(folder.path(), 1);
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        fs::write(&path, &flipped).unwrap();
        assert!(
            read(folder.path(), 1).is_none_or(|read| read == story(1)),
            "byte {at}"
        );
        fs::write(&path, &whole[..at]).unwrap();
        assert_eq!(read(folder.path(), 1), None, "cut at {at}");
    }
    let mut out = FlatWriter::default();
    let mut unsound = story(1);
    unsound.nodes[0].needs = vec![1];
    form::put(&mut out, &unsound);
    assert_eq!(form::take(&mut FlatReader(&out.0)), None);
}

#[test]
fn the_last_builds_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    for build in [1, 2, KEPT, KEPT + 1] {
        write(folder.path(), &story(build)).unwrap();
    }
    assert_eq!(builds(folder.path()), [2, KEPT, KEPT + 1]);
}
