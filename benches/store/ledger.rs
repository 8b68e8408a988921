//! The ledger at 100,000 nodes: opening it, reading every node, finding one, writing all of them, and one more build's entry.

use super::{measure, row};
use pipe::base::content::Content;
use pipe::base::digest::Digest;
use pipe::base::path::ProjectPath;
use pipe::base::record::{Key, KeyParts, Made, NodeRecord, Origin, Row, RunResult, Usage};
use pipe::world::store::ledger::{self, Entry, Ledger, LedgerWriter};
use std::fs;
use std::path::Path;

const NODES: usize = 100_000;

pub(super) fn bench(state: &Path) {
    fs::create_dir_all(state).expect("a folder");
    let nodes: Vec<(String, NodeRecord)> = (0..NODES).map(node).collect();
    let all: Vec<Entry<'_>> = nodes
        .iter()
        .map(|(name, record)| Entry::Node { name, record })
        .collect();
    let (file, index) = (state.join("ledger"), state.join("index"));
    let append = |entries: &[Entry<'_>]| {
        let end = fs::metadata(&file).map_or(0, |metadata| metadata.len());
        let mut writer = LedgerWriter::new(state, end);
        writer.append(entries).is_ok()
    };
    let end_well = || {
        let end = fs::metadata(&file).map_or(0, |metadata| metadata.len());
        let mut writer = LedgerWriter::new(state, end);
        let ended = Entry::BuildEnd {
            build: 1,
            end: None,
        };
        writer.append(&[ended]).is_ok() && writer.finish(false, None).is_ok()
    };
    let left = || {
        let stamp = ledger::stamp(state)?;
        Ledger::as_left(state, &stamp, 1)
    };
    let opened = || Ledger::open(state).0;
    measure(
        "ledger of 100,000 nodes",
        &[
            row(
                "write all",
                || drop(fs::remove_file(&file)),
                || append(&all),
            ),
            row("open", || (), || opened().last_build() == 0),
            row(
                "open and read every node",
                || (),
                || {
                    let ledger = opened();
                    nodes.iter().all(|(name, _)| ledger.node(name).is_some())
                },
            ),
            row(
                "end a build, with a new index",
                || drop(fs::remove_file(&index)),
                end_well,
            ),
            row(
                "find one node of a ledger as it was left",
                || (),
                || left().is_some_and(|ledger| ledger.node(&nodes[NODES / 2].0).is_some()),
            ),
            row("commit one node", || (), || append(&all[..1])),
        ],
    );
}

fn node(number: usize) -> (String, NodeRecord) {
    let digest = Digest::of(&number.to_le_bytes());
    let content = Content::File {
        digest,
        executable: false,
        size: 1000,
    };
    let path = |kind: &str| ProjectPath::parse(&format!("{kind}/{number}.txt")).expect("a path");
    let record = NodeRecord {
        key: Key(digest),
        parts: KeyParts {
            declaration: vec![Row {
                name: "run".to_owned(),
                value: format!("cat in/{number}.txt > out/{number}.txt"),
            }],
            inputs: vec![(path("in"), content)],
        },
        result: RunResult {
            outputs: vec![(path("out"), content)],
            log: None,
            duration_ms: 12,
            usage: Usage::default(),
            made: Made::default(),
        },
        origin: Origin::Ran,
        build: 1,
    };
    (format!("node-{number}"), record)
}
