//! History stays within its bounds, and a build that was killed is remembered as such.

use super::super::LedgerWriter;
use super::*;
use crate::base::record::{BuildEnd, Ending, RunOutcome, Usage};
use crate::world::store::entry::Entry;
use std::path::Path;

fn run(node: String, build: u32) -> RunRecord {
    RunRecord {
        node,
        build,
        started_ms: 1,
        duration_ms: 1,
        ending: Ending::Exit(0),
        outcome: RunOutcome::Ran,
        cause: None,
        log: false,
        usage: Usage::default(),
    }
}

const END: BuildEnd = BuildEnd {
    took_ms: 1,
    jobs: 1,
    fresh: 1,
    restored: 1,
    ran: 1,
    failed: 1,
    blocked: 1,
    stopped: 1,
    saved_ms: 1,
    interrupted: false,
};

/// Writes with `write`, and what a compaction leaves of it.
fn compacted(write: impl FnOnce(&mut LedgerWriter)) -> Ledger {
    let folder = tempfile::tempdir().unwrap();
    let open = |folder: &Path| Ledger::open(folder).0;
    let mut writer = LedgerWriter::new(folder.path(), 0);
    write(&mut writer);
    Ledger::of(Found::read(open(folder.path()).found.compacted().into()))
}

#[test]
fn many_nodes_share_what_there_is_room_for() {
    for (nodes, each) in [(4, 20), (2000, 10), (10_000, 3)] {
        let ledger = compacted(|writer| {
            for build in 0..25 {
                let runs: Vec<RunRecord> = (0..nodes)
                    .map(|node| run(node.to_string(), build))
                    .collect();
                let entries: Vec<Entry<'_>> = runs.iter().map(Entry::Run).collect();
                writer.append(&entries).unwrap();
            }
        });
        let builds =
            |node: &str| -> Vec<u32> { ledger.runs(node).iter().map(|run| run.build).collect() };
        let newest: Vec<u32> = (25 - each..25).collect();
        assert_eq!(builds("0"), newest, "{nodes} nodes");
        assert_eq!(builds(&(nodes - 1).to_string()), newest, "{nodes} nodes");
    }
}

#[test]
fn a_thousand_builds_are_kept_with_those_that_were_killed() {
    let ledger = compacted(|writer| {
        for build in 1..=1500 {
            let start = Entry::BuildStart {
                build,
                started_ms: u64::from(build),
            };
            writer.append(&[start]).unwrap();
            if build != 1200 {
                let end = Some(&END);
                writer.append(&[Entry::BuildEnd { build, end }]).unwrap();
            }
        }
    });
    let builds = ledger.builds();
    assert_eq!(builds.len(), 1000);
    assert_eq!(builds.last().map(|last| last.build), Some(1500));
    let unfinished: Vec<u32> = builds
        .iter()
        .filter(|build| build.end.is_none())
        .map(|build| build.build)
        .collect();
    assert_eq!(unfinished, [1200]);
    assert_eq!((ledger.last_build(), ledger.unfinished()), (1500, false));
}

#[test]
fn a_build_with_nothing_to_do_ends_the_one_that_was_killed() {
    let ledger = compacted(|writer| {
        let start = Entry::BuildStart {
            build: 1,
            started_ms: 5,
        };
        let end = Entry::BuildEnd {
            build: 1,
            end: None,
        };
        writer.append(&[start, end]).unwrap();
    });
    assert!(!ledger.unfinished());
    let builds = ledger.builds();
    assert_eq!((builds[0].build, builds[0].end.is_none()), (1, true));
}
