//! What the forms of the cache save and cost: packs beside a file each, a large file that changed a little, and compression, which
//! the cache does not have.

use super::{measure, measure_in, noise, row};
use pipe::base::content::Content;
use pipe::base::path::ProjectPath;
use pipe::world::observe::Observer;
use pipe::world::store::cache::LocalCache;
use rayon::prelude::*;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

const TINY: u64 = 100_000;

pub(super) fn bench(root: &Path) {
    changed(&root.join("changed"));
    compression(root);
    packs(&root.join("packs"));
}

/// 100,000 files of 100 bytes: a blob each, or one file and the places in it.
fn packs(folder: &Path) {
    let all: Vec<Vec<u8>> = (0..TINY).map(|number| noise(100, number)).collect();
    let (loose, pack) = (folder.join("loose"), folder.join("pack"));
    let place = |kind: &Path, number: usize| kind.join(format!("{:02x}/{number}", number % 256));
    let clear = |kind: &Path| {
        let _ = fs::remove_dir_all(kind);
        for number in 0..256 {
            fs::create_dir_all(place(kind, number).parent().expect("a folder")).expect("a folder");
        }
    };
    let out = folder.join("out");
    clear(&out);
    let write_pack = || {
        let digests: Vec<_> = all.iter().map(|bytes| blake3::hash(bytes)).collect();
        fs::write(&pack, all.concat()).is_ok() && digests.len() == all.len()
    };
    // Twice: each round takes half a minute and more.
    measure_in(
        2,
        "100,000 files of 100 bytes",
        &[
            row(
                "keep as blobs",
                || clear(&loose),
                || {
                    all.iter().enumerate().all(|(number, bytes)| {
                        let digest = blake3::hash(bytes);
                        let made = loose.join(digest.to_hex().as_str());
                        let written =
                            File::create_new(&made).and_then(|mut file| file.write_all(bytes));
                        written
                            .and_then(|()| fs::rename(&made, place(&loose, number)))
                            .is_ok()
                    })
                },
            ),
            row("keep as a pack", || (), write_pack),
            row(
                "restore from blobs",
                || clear(&out),
                || {
                    (0..all.len()).all(|number| {
                        let bytes = fs::read(place(&loose, number)).expect("it was kept");
                        blake3::hash(&bytes) == blake3::hash(&all[number])
                            && fs::write(place(&out, number), bytes).is_ok()
                    })
                },
            ),
            row(
                "restore from a pack",
                || clear(&out),
                || {
                    let from = File::open(&pack).expect("it was kept");
                    let mut bytes = [0; 100];
                    (0..all.len()).all(|number| {
                        let read = from.read_exact_at(&mut bytes, 100 * number as u64);
                        read.is_ok()
                            && blake3::hash(&bytes) == blake3::hash(&all[number])
                            && fs::write(place(&out, number), bytes).is_ok()
                    })
                },
            ),
        ],
    );
    let taken: u64 = walkdir::WalkDir::new(&loose)
        .into_iter()
        .flatten()
        .map(|entry| {
            entry
                .metadata()
                .map_or(0, |metadata| metadata.blocks() * 512)
        })
        .sum();
    let packed = pack
        .metadata()
        .map_or(0, |metadata| metadata.blocks() * 512);
    println!(
        "| room: blobs, pack | {} MB, {} MB | |",
        taken / 1_000_000,
        packed / 1_000_000
    );
    let _ = fs::remove_dir_all(folder);
}

/// A file of 256 MiB, then changed: what keeping and restoring the second version costs, and the room for both.
fn changed(folder: &Path) {
    fs::create_dir_all(folder).expect("a folder");
    let first = noise(256 << 20, 7);
    let mut three = first.clone();
    for at in [1 << 20, 128 << 20, 250 << 20] {
        three[at] ^= 1;
    }
    let mut inserted = first.clone();
    inserted.splice((128 << 20)..(128 << 20), *b"inserted");
    let versions = [
        ("three bytes changed", three),
        ("eight bytes put into the middle", inserted),
        ("changed everywhere", noise(256 << 20, 8)),
    ];
    let (file, path) = (folder.join("f"), ProjectPath::parse("f").expect("a path"));
    let cache = || LocalCache::new(&folder.join("cache"), &folder.join("aside"));
    let keep = |last: Option<&Content>| {
        let kept = cache().keep_output(folder, &path, last);
        kept.expect("it is kept").content
    };
    for (what, bytes) in &versions {
        let second = std::cell::Cell::new(Content::Absent);
        let first_only = || {
            let _ = fs::remove_dir_all(folder.join("cache"));
            fs::write(&file, &first).expect("room");
            let content = keep(None);
            fs::write(&file, bytes).expect("room");
            content
        };
        let prepare = || {
            first_only();
        };
        let old = first_only();
        let restore = || {
            let observer = Observer::new(folder.to_path_buf(), Box::new(|_| None));
            let restored = cache().restore_output(folder, &path, &second.get(), &observer);
            restored.is_ok()
        };
        let copy = || fs::copy(&file, folder.join("copy")).is_ok();
        let away = |name: &str| drop(fs::remove_file(folder.join(name)));
        measure(
            &format!("256 MiB, {what}"),
            &[
                row("cp", || away("copy"), copy),
                row("keep as a whole", prepare, || keep(None) != old),
                row(
                    "restore the whole",
                    || {
                        second.set(keep(None));
                        away("f");
                    },
                    restore,
                ),
                row("keep, knowing the first", prepare, || {
                    second.set(keep(Some(&old)));
                    second.get() != old
                }),
                row("restore it", || away("f"), restore),
            ],
        );
        let walk = walkdir::WalkDir::new(folder.join("cache"))
            .into_iter()
            .flatten();
        let sizes = walk.filter(|entry| entry.file_type().is_file());
        let sizes = sizes.map(|entry| entry.metadata().map_or(0, |file| file.blocks() * 512));
        let room = sizes.sum::<u64>() as f64 / f64::from(1 << 20);
        println!("| 256 MiB, {what}: room for both | {room:.1} MiB | |");
    }
    let _ = fs::remove_dir_all(folder);
}

/// 64 MiB of a table as text, and of noise, compressed by all processors in blocks.
fn compression(root: &Path) {
    let mut text = Vec::new();
    for (row, eight) in noise(32 << 20, 3).chunks(8).enumerate() {
        let value = u64::from_le_bytes(eight.try_into().expect("eight bytes"));
        let [a, b, c] = [value % 50, value % 977, value % 100];
        let _ = writeln!(text, "{row},{a},{b}.{c:02}");
    }
    text.truncate(64 << 20);
    let place = root.join("compressed");
    for (kind, bytes) in [("CSV", text), ("noise", noise(64 << 20, 5))] {
        for level in [1, 3] {
            let squeeze = || -> Vec<Vec<u8>> {
                let blocks = bytes.par_chunks(4 << 20);
                let squeezed = blocks.map(|block| zstd::bulk::compress(block, level));
                squeezed.map(|block| block.expect("memory")).collect()
            };
            let small = squeeze();
            let hash = || blake3::Hasher::new().update_rayon(&bytes).finalize();
            let what = format!("{} MiB of {kind}, zstd {level}", bytes.len() >> 20);
            measure(
                &what,
                &[
                    row(
                        "hash and write",
                        || (),
                        || hash() != blake3::hash(b"") && fs::write(&place, &bytes).is_ok(),
                    ),
                    row(
                        "the same compressed",
                        || (),
                        || {
                            hash() != blake3::hash(b"")
                                && fs::write(&place, squeeze().concat()).is_ok()
                        },
                    ),
                    row(
                        "back from it",
                        || (),
                        || {
                            let back = small.par_iter();
                            let back = back.map(|block| zstd::bulk::decompress(block, 4 << 20));
                            let back: Vec<Vec<u8>> =
                                back.map(|block| block.expect("memory")).collect();
                            fs::write(&place, back.concat()).is_ok()
                        },
                    ),
                ],
            );
            let size: usize = small.iter().map(Vec::len).sum();
            let part = size as f64 / bytes.len() as f64;
            println!("| {what}: room | {part:.2} of its size | |");
        }
    }
}
