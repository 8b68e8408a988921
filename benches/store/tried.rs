//! Forms that the cache might have and has not: packs of small files, chunks cut by content, compression. What they
//! would cost, without the rest of the cache around them.

use super::{measure, noise, row};
use fastcdc::v2020::FastCDC;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

const TINY: u64 = 100_000;

pub(super) fn bench(root: &Path) {
    packs(&root.join("packs"));
    chunks(&root.join("chunks"));
    compression(root);
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
    measure(
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

/// A file of 256 MiB, then changed: how much of it is new, and what finding that out costs.
fn chunks(folder: &Path) {
    fs::create_dir_all(folder).expect("a folder");
    let whole = noise(256 << 20, 7);
    let cut = |bytes: &[u8]| -> Vec<(blake3::Hash, usize)> {
        FastCDC::new(bytes, 256 << 10, 1 << 20, 4 << 20)
            .map(|chunk| {
                let bytes = &bytes[chunk.offset..][..chunk.length];
                (
                    blake3::Hasher::new().update_rayon(bytes).finalize(),
                    chunk.length,
                )
            })
            .collect()
    };
    let keep = |bytes: &[u8]| {
        for chunk in FastCDC::new(bytes, 256 << 10, 1 << 20, 4 << 20) {
            let bytes = &bytes[chunk.offset..][..chunk.length];
            let digest = blake3::Hasher::new().update_rayon(bytes).finalize();
            let place = folder.join(digest.to_hex().as_str());
            if !place.exists() {
                fs::write(place, bytes).expect("room");
            }
        }
        true
    };
    let one = folder.join("one");
    let clear = || {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).expect("a folder");
    };
    measure(
        "256 MiB",
        &[
            row("keep as one blob", clear, || {
                let digest = blake3::Hasher::new().update_rayon(&whole).finalize();
                digest != blake3::hash(b"") && fs::write(&one, &whole).is_ok()
            }),
            row("keep as chunks", clear, || keep(&whole)),
            row("keep as chunks, all there", || (), || keep(&whole)),
            row(
                "restore from chunks",
                || drop(fs::remove_file(&one)),
                || {
                    let mut to = File::create(&one).expect("a file");
                    cut(&whole).iter().all(|(digest, _)| {
                        let bytes =
                            fs::read(folder.join(digest.to_hex().as_str())).expect("a chunk");
                        to.write_all(&bytes).is_ok()
                    })
                },
            ),
        ],
    );
    let old: HashSet<blake3::Hash> = cut(&whole).into_iter().map(|chunk| chunk.0).collect();
    let mut three = whole.clone();
    for at in [1 << 20, 128 << 20, 250 << 20] {
        three[at] ^= 1;
    }
    let mut inserted = whole.clone();
    inserted.splice((128 << 20)..(128 << 20), *b"inserted");
    for (what, bytes) in [
        ("three bytes changed", three),
        ("eight bytes put into the middle", inserted),
        ("changed everywhere", noise(256 << 20, 8)),
    ] {
        let new = cut(&bytes)
            .into_iter()
            .filter(|chunk| !old.contains(&chunk.0));
        let size: usize = new.map(|chunk| chunk.1).sum();
        println!(
            "| 256 MiB in chunks, {what} | {:.1} MB new | |",
            size as f64 / 1e6
        );
    }
    let _ = fs::remove_dir_all(folder);
}

/// 64 MiB of numbers as text, of a table's columns, and of noise.
fn compression(root: &Path) {
    let mut text = Vec::new();
    for (row, eight) in noise(32 << 20, 3).chunks(8).enumerate() {
        let value = u64::from_le_bytes(eight.try_into().expect("eight bytes"));
        let _ = writeln!(
            text,
            "{row},{},{}.{:02}",
            value % 50,
            value % 977,
            value % 100
        );
    }
    text.truncate(64 << 20);
    let place = root.join("compressed");
    for (kind, bytes) in [("CSV", text), ("noise", noise(64 << 20, 5))] {
        let what = format!("{} MiB of {kind}", bytes.len() >> 20);
        let small = zstd::bulk::compress(&bytes, 1).expect("memory");
        measure(
            &what,
            &[
                row(
                    "hash and write",
                    || (),
                    || {
                        let digest = blake3::Hasher::new().update_rayon(&bytes).finalize();
                        digest != blake3::hash(b"") && fs::write(&place, &bytes).is_ok()
                    },
                ),
                row(
                    "the same with zstd 1",
                    || (),
                    || {
                        let digest = blake3::Hasher::new().update_rayon(&bytes).finalize();
                        let small = zstd::bulk::compress(&bytes, 1).expect("memory");
                        digest != blake3::hash(b"") && fs::write(&place, small).is_ok()
                    },
                ),
                row(
                    "back from zstd",
                    || (),
                    || {
                        zstd::bulk::decompress(&small, bytes.len())
                            .is_ok_and(|bytes| fs::write(&place, bytes).is_ok())
                    },
                ),
            ],
        );
        println!(
            "| {what}, zstd 1 | {:.2} of its size | |",
            small.len() as f64 / bytes.len() as f64
        );
    }
}
