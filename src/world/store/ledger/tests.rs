//! The ledger: what is written is found, damage costs only what it hits, and the byte form is pinned.

use super::*;
use crate::base::digest::Digest;
use crate::base::record::{BuildEnd, BuildRecord, Ending, Key, KeyParts, Made, Origin};
use crate::base::record::{
    Peak, PeakSource, Row, RunCause, RunOutcome, RunRecord, RunResult, Usage,
};
use crate::world::stamps::sample;

pub(super) fn path(text: &str) -> ProjectPath {
    ProjectPath::from_normal(text)
}

pub(super) fn file(text: &str) -> Content {
    Content::File {
        digest: Digest::of(text.as_bytes()),
        executable: false,
        size: text.len() as u64,
    }
}

pub(super) fn record(number: u32) -> NodeRecord {
    NodeRecord {
        key: Key(Digest::of(&number.to_le_bytes())),
        parts: KeyParts {
            declaration: vec![Row {
                name: "command".into(),
                value: format!("run {number}"),
            }],
            inputs: vec![
                (path("in.txt"), file("in")),
                (ProjectPath::root(), file("whole")),
            ],
        },
        result: RunResult {
            outputs: vec![
                (path("o.txt"), file("out")),
                (
                    path("d"),
                    Content::Tree {
                        digest: Digest::of(b"d"),
                        size: 5,
                        files: 2,
                    },
                ),
            ],
            log: number.is_multiple_of(2).then(|| Digest::of(b"log")),
            duration_ms: 12,
            usage: Usage {
                cpu_ms: number.is_multiple_of(2).then_some(40),
                peak: Some(peak(PeakSource::Sampled)),
            },
            made: Made {
                checkout: u64::MAX,
                build: number,
                started_ms: 7,
            },
        },
        origin: Origin::Restored,
        build: number,
    }
}

pub(super) fn run(build: u32) -> RunRecord {
    let ending = [Ending::Exit(3), Ending::Signal(9)][build as usize % 2];
    RunRecord {
        node: "n".into(),
        build,
        started_ms: 99,
        duration_ms: 7,
        ending,
        outcome: RunOutcome::Failed,
        cause: build.is_multiple_of(2).then(|| RunCause {
            kind: "input-changed".into(),
            subject: Some("in.txt".into()),
            more: build,
        }),
        log: true,
        usage: Usage {
            cpu_ms: Some(6),
            peak: build
                .is_multiple_of(2)
                .then(|| peak(PeakSource::LargestProcess)),
        },
    }
}

fn peak(source: PeakSource) -> Peak {
    Peak {
        bytes: 5 << 30,
        source,
    }
}

fn end(build: u32) -> BuildEnd {
    BuildEnd {
        took_ms: u64::from(build) * 1000,
        jobs: 2,
        fresh: 3,
        restored: 4,
        ran: 5,
        failed: 6,
        blocked: 7,
        stopped: 8,
        saved_ms: 9,
        interrupted: build.is_multiple_of(2),
    }
}

fn build_record(build: u32) -> BuildRecord {
    BuildRecord {
        build,
        started_ms: 70 + u64::from(build),
        end: Some(end(build)),
    }
}

/// Two builds' worth of entries.
fn write(state: &Path) {
    for build in [1, 2] {
        let mut writer = LedgerWriter::new(state, Ledger::open(state).0.end());
        let record = record(build);
        let started_ms = 70 + u64::from(build);
        writer
            .append(&[Entry::BuildStart { build, started_ms }])
            .unwrap();
        writer
            .append(&[
                Entry::Written {
                    path: path("o.txt"),
                    content: file("out"),
                },
                Entry::Node {
                    name: "n",
                    record: &record,
                },
                Entry::Run(&run(build)),
            ])
            .unwrap();
        writer
            .append(&[Entry::Stamps(&[(
                b"in.txt".to_vec(),
                sample(u64::from(build)),
            )])])
            .unwrap();
        let end = Some(&end(build));
        writer.append(&[Entry::BuildEnd { build, end }]).unwrap();
        writer.finish(false, None).unwrap();
    }
}

#[test]
fn what_is_written_is_found_and_the_last_word_counts() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let (ledger, damages) = Ledger::open(folder.path());
    assert!(damages.is_empty());
    assert_eq!(ledger.node("n"), Some(record(2)));
    assert_eq!(ledger.node("m"), None);
    assert_eq!(ledger.written("o.txt"), Some(file("out")));
    assert_eq!(ledger.runs("n"), [run(1), run(2)]);
    assert_eq!(ledger.last_run("n"), Some(run(2)));
    assert_eq!(ledger.builds(), [build_record(1), build_record(2)]);
    assert_eq!(ledger.last_build(), 2);
    assert_eq!(ledger.stamps()(b"in.txt"), Some(sample(2)));
}

#[test]
fn a_writer_with_nothing_to_say_touches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    LedgerWriter::new(folder.path(), Ledger::open(folder.path()).0.end())
        .finish(false, None)
        .unwrap();
    assert!(!file_in(folder.path()).exists());
    assert_eq!(Ledger::open(folder.path()).0.last_build(), 0);
}

/// Everything that a ledger of these bytes says is something that was written once.
fn check_honest(bytes: Vec<u8>, what: &str) {
    let ledger = Ledger::of(Found::read(bytes.into()));
    let honest = ledger
        .node("n")
        .is_none_or(|found| [record(1), record(2)].contains(&found))
        && ledger
            .written("o.txt")
            .is_none_or(|found| found == file("out"))
        && ledger
            .runs("n")
            .iter()
            .all(|found| [run(1), run(2)].contains(found))
        && ledger.builds().iter().all(|found| {
            let end = found.end.clone().map(|_| end(found.build));
            *found
                == BuildRecord {
                    end,
                    ..build_record(found.build)
                }
        })
        && ledger.last_build() <= 2;
    let stamp = ledger.stamps()(b"in.txt");
    assert!(
        honest && stamp.is_none_or(|stamp| [sample(1), sample(2)].contains(&stamp)),
        "{what}"
    );
}

#[test]
fn every_truncation_and_every_flipped_bit_costs_only_what_it_hits() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let bytes = fs::read(file_in(folder.path())).unwrap();
    for end in 0..bytes.len() {
        check_honest(bytes[..end].to_vec(), &format!("cut at {end}"));
    }
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        check_honest(damaged, &format!("bit {bit}"));
    }
}

#[test]
fn a_torn_end_is_cut_off_and_written_over() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let place = file_in(folder.path());
    let bytes = fs::read(&place).unwrap();
    fs::write(&place, &bytes[..bytes.len() - 5]).unwrap();
    let (torn, damages) = Ledger::open(folder.path());
    assert!(damages.is_empty(), "a build that was killed is no damage");
    let mut writer = LedgerWriter::new(folder.path(), torn.end());
    writer
        .append(&[Entry::Node {
            name: "later",
            record: &record(3),
        }])
        .unwrap();
    let (ledger, damages) = Ledger::open(folder.path());
    assert!(damages.is_empty());
    assert_eq!(
        (ledger.node("later"), ledger.node("n")),
        (Some(record(3)), Some(record(2)))
    );
}

#[test]
fn damage_is_told_once_and_mended() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let place = file_in(folder.path());
    let mut bytes = fs::read(&place).unwrap();
    bytes[frames::HEADER.len() + 20] ^= 1;
    fs::write(&place, bytes).unwrap();
    let (ledger, damages) = Ledger::open(folder.path());
    assert_eq!(damages.len(), 1);
    assert_eq!(ledger.node("n"), Some(record(2)));
    LedgerWriter::new(folder.path(), ledger.end())
        .finish(true, None)
        .unwrap();
    let (ledger, damages) = Ledger::open(folder.path());
    assert!(damages.is_empty(), "it was mended");
    assert_eq!(ledger.node("n"), Some(record(2)));
}

#[test]
fn compaction_forgets_only_what_is_outdated() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = LedgerWriter::new(folder.path(), Ledger::open(folder.path()).0.end());
    let record = record(7);
    for build in 0..6000 {
        writer
            .append(&[
                Entry::Node {
                    name: "n",
                    record: &record,
                },
                Entry::Run(&run(build)),
            ])
            .unwrap();
    }
    let stamps = [(b"a".to_vec(), sample(1)), (b"b".to_vec(), sample(2))];
    writer
        .append(&[
            Entry::Stamps(&stamps),
            Entry::BuildEnd {
                build: 6000,
                end: None,
            },
        ])
        .unwrap();
    writer
        .append(&[Entry::Written {
            path: path("o"),
            content: Content::Absent,
        }])
        .unwrap();
    writer.finish(false, None).unwrap();
    assert!(fs::metadata(file_in(folder.path())).unwrap().len() < 10_000);
    let (ledger, damages) = Ledger::open(folder.path());
    assert!(damages.is_empty());
    assert_eq!(ledger.node("n"), Some(record));
    assert_eq!(ledger.runs("n"), (5980..6000).map(run).collect::<Vec<_>>());
    assert_eq!(ledger.last_build(), 6000);
    assert_eq!(ledger.written("o"), Some(Content::Absent));
    assert_eq!(ledger.stamps()(b"b"), Some(sample(2)));
}

#[test]
fn a_reader_sees_whole_entries_while_a_writer_writes() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|threads| {
        let writing = threads.spawn(|| {
            let mut writer = LedgerWriter::new(folder.path(), Ledger::open(folder.path()).0.end());
            for build in 0..300 {
                writer
                    .append(&[Entry::Node {
                        name: "n",
                        record: &record(build),
                    }])
                    .unwrap();
            }
        });
        let mut last = 0;
        while !writing.is_finished() {
            let found = Ledger::open(folder.path())
                .0
                .node("n")
                .map_or(0, |record| record.build);
            assert!(found >= last);
            last = found;
        }
    });
    assert_eq!(Ledger::open(folder.path()).0.node("n"), Some(record(299)));
}

#[test]
fn a_ledger_that_cannot_be_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Ledger::open(folder.path()).1.is_empty(), "none is no harm");
    fs::create_dir(file_in(folder.path())).unwrap();
    let (ledger, told) = Ledger::open(folder.path());
    assert_eq!((ledger.end(), told.len()), (0, 1), "{told:?}");
}

/// If this fails, ledgers of the version before are read wrongly: raise `frames::VERSION`.
#[test]
fn golden_bytes() {
    let record = record(2);
    let entries = [
        Entry::Node {
            name: "n",
            record: &record,
        },
        Entry::Written {
            path: path("o.txt"),
            content: file("out"),
        },
        Entry::Run(&run(2)),
        Entry::BuildStart {
            build: 2,
            started_ms: 72,
        },
        Entry::BuildEnd {
            build: 2,
            end: Some(&end(2)),
        },
    ];
    let mut out = frames::HEADER.to_vec();
    for entry in &entries {
        encode(entry, &mut |kind, payload| {
            frames::push(&mut out, 0, kind, payload);
        });
    }
    assert_eq!(Digest::of(&out).short(), "d446e8c60399");
}
