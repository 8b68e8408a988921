//! By the saved index names have the answers that reading all of the ledger gives, or none that was never true.

use super::super::super::entry::Entry;
use super::super::tests::{file, path, record, run};
use super::super::{Ledger, LedgerWriter, file_in, stamp};
use super::*;
use crate::base::content::Content;
use crate::base::digest::Digest;
use crate::base::flat::FlatWriter;
use crate::base::record::{NodeRecord, RunRecord, StampedDigest};
use crate::world::stamps::{put, sample};
use std::fs;
use xxhash_rust::xxh3::xxh3_64;

const NAMES: u32 = 60;

fn name(number: u32) -> String {
    format!("n{number:02}")
}

/// A build in which every so many nodes ran.
fn build(state: &Path, number: u32, every: usize, which: fn(u32) -> u32) {
    let mut writer = LedgerWriter::new(state, Ledger::open(state).0.end());
    for node in (0..NAMES).step_by(every) {
        let node = which(node);
        let name = name(node);
        let record = record(number);
        let mut run = run(number);
        run.node.clone_from(&name);
        let written = Entry::Written {
            path: path(&name),
            content: file(&format!("{node} {number}")),
        };
        let stamped = (
            name.clone().into_bytes(),
            sample(u64::from(node + 1000 * number)),
        );
        let node = Entry::Node {
            name: &name,
            record: &record,
        };
        writer
            .append(&[written, node, Entry::Run(&run), Entry::Stamps(&[stamped])])
            .unwrap();
    }
    writer
        .append(&[Entry::BuildEnd {
            build: number,
            end: None,
        }])
        .unwrap();
    writer.finish(false, None).unwrap();
}

fn left(state: &Path) -> Ledger {
    Ledger::as_left(state, &stamp(state).unwrap(), 3).unwrap()
}

type Told = (
    Option<NodeRecord>,
    Option<Content>,
    Vec<RunRecord>,
    Option<StampedDigest>,
);

fn told(ledger: &Ledger, name: &str) -> Told {
    let stamp = ledger.stamps()(name.as_bytes());
    (
        ledger.node(name),
        ledger.written(name),
        ledger.runs(name),
        stamp,
    )
}

fn all_told(ledger: &Ledger) -> Vec<Told> {
    (0..NAMES + 1)
        .map(|number| told(ledger, &name(number)))
        .collect()
}

/// Three builds: an index of the first two, and the last one behind it.
fn three_builds() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    build(folder.path(), 1, 1, |node| node);
    build(folder.path(), 2, 2, |node| node);
    build(folder.path(), 3, 7, |node| node);
    folder
}

#[test]
fn by_the_index_names_have_the_same_answers() {
    let folder = three_builds();
    let ledger = left(folder.path());
    let file = File::open(file_in(folder.path())).unwrap();
    let quick = Quick::open(folder.path(), &file, ledger.end());
    let quick = quick.expect("an index was saved");
    for number in 0..NAMES {
        let hash = xxh3_64(name(number).as_bytes());
        for table in [Table::Nodes, Table::Written, Table::Stamps] {
            let place = quick.last(table, hash);
            assert!(place.unwrap().is_some(), "{table:?} {number}");
        }
        assert!(!quick.all(Table::Runs, hash).unwrap().is_empty());
    }
    assert_eq!(
        quick.tail.index(Table::Nodes).places().len(),
        NAMES.div_ceil(7) as usize
    );
    let whole = all_told(&Ledger::open(folder.path()).0);
    assert_eq!(all_told(&ledger), whole);
    assert_eq!(whole[14].2.len(), 3, "of all builds");
    assert_eq!(whole[NAMES as usize], (None, None, Vec::new(), None));
}

#[test]
fn a_damaged_index_changes_no_answer() {
    let folder = three_builds();
    let whole = all_told(&Ledger::open(folder.path()).0);
    let index = saved::file_in(folder.path());
    let bytes = fs::read(&index).unwrap();
    for at in (0..bytes.len()).step_by(53) {
        let mut harmed = bytes.clone();
        harmed[at] ^= 1 << (at % 8);
        fs::write(&index, harmed).unwrap();
        assert_eq!(all_told(&left(folder.path())), whole, "byte {at}");
    }
    for end in (0..bytes.len()).step_by(509) {
        fs::write(&index, &bytes[..end]).unwrap();
        assert_eq!(all_told(&left(folder.path())), whole, "cut at {end}");
    }
}

#[test]
fn damage_of_the_ledger_is_found_also_behind_an_index() {
    let folder = three_builds();
    let place = file_in(folder.path());
    let bytes = fs::read(&place).unwrap();
    let honest = all_told(&Ledger::open(folder.path()).0);
    for at in (0..bytes.len()).step_by(101) {
        let mut harmed = bytes.clone();
        harmed[at] ^= 1 << (at % 8);
        fs::write(&place, harmed).unwrap();
        // What is found in all of the harmed ledger: an older word, or none.
        let whole = all_told(&Ledger::open(folder.path()).0);
        for (number, told) in all_told(&left(folder.path())).into_iter().enumerate() {
            assert!(
                told == whole[number] || told == honest[number],
                "byte {at}, {number}"
            );
        }
    }
}

#[test]
fn an_index_of_another_ledger_is_none() {
    let one = three_builds();
    let other = tempfile::tempdir().unwrap();
    // Frames of the same sizes at the same places, of other names.
    for (number, every) in [(1, 1), (2, 2), (3, 7)] {
        build(other.path(), number, every, |node| NAMES - 1 - node);
    }
    fs::copy(saved::file_in(one.path()), saved::file_in(other.path())).unwrap();
    let whole = all_told(&Ledger::open(other.path()).0);
    assert_eq!(all_told(&left(other.path())), whole);
}

#[test]
fn stamps_of_another_boot_are_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let mut payload = FlatWriter::default();
    payload.digest(&Digest::of(b"another boot"));
    put(&mut payload, b"n00", &sample(1));
    let mut bytes = frames::HEADER.to_vec();
    frames::push(&mut bytes, 0, STAMPS, &payload.0);
    let start = frames::HEADER.len() + frames::FRAME_HEADER;
    let frame = (
        frames::HEADER.len() as u64,
        *bytes[frames::HEADER.len()..].first_chunk().unwrap(),
    );
    let hash = xxh3_64(b"n00");
    let mut stamps = [(hash, (start as u32, (start + 32) as u32))].into_iter();
    fs::write(file_in(folder.path()), &bytes).unwrap();
    let nothing = || std::iter::empty();
    let tables: [&mut dyn Iterator<Item = _>; _] =
        [&mut nothing(), &mut nothing(), &mut nothing(), &mut stamps];
    saved::save(folder.path(), bytes.len() as u64, [frame, frame], tables);
    let file = File::open(file_in(folder.path())).unwrap();
    let quick = Quick::open(folder.path(), &file, bytes.len() as u64).unwrap();
    assert!(quick.last(Table::Stamps, hash).unwrap().is_none());
}
