//! Results on their way from one cache to another: all of it arrives or nothing, and nothing else can.

use crate::support::Sandbox;
use pipe::base::content::{Content, EntryKind, Tree, TreeEntry};
use pipe::base::digest::Digest;
use pipe::base::flat::FlatWriter;
use pipe::base::record::Key;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

const MANIFEST: &str = r#"
node "file" { in "a.txt"; out "build/o.txt"; run "cat {in} > {out}; echo talk" }
node "tree" { in "build/o.txt"; out "build/d/"; run "mkdir -p {out}/empty; cp {in} {out}/x; ln -s x {out}/link; chmod +x {out}/x" }
node "found" { in "a.txt"; depfile "found.d"; out "build/f"; run "echo '{out}: more.txt' > found.d; cat {in} more.txt > {out}" }
node "other" { in "a.txt"; out "build/other"; run "echo other > {out}" }
"#;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new(MANIFEST);
    sandbox.write("a.txt", "some bytes\n");
    sandbox.write("more.txt", "more\n");
    sandbox
}

fn exported() -> (Sandbox, PathBuf) {
    let sandbox = sandbox();
    sandbox.build();
    let archive = sandbox.beside("archive");
    sandbox
        .pipe(&format!("cache export {}", archive.display()))
        .expect_code(0);
    (sandbox, archive)
}

#[test]
fn what_is_exported_here_is_restored_there() {
    let (here, archive) = exported();
    let there = sandbox();
    there
        .pipe(&format!("cache import {}", archive.display()))
        .expect_code(0)
        .expect_said("are in the cache");
    let build = there.build();
    assert_eq!((build.ran(), build.restored()), (0, 4), "{}", build.err);
    assert_eq!(there.read("build/d/x"), here.read("build/d/x"));
    assert_eq!(there.pipe("log file").out, "talk\n");
    there
        .pipe(&format!("cache import {}", archive.display()))
        .expect_code(0)
        .expect_said("known before");
    there.pipe("cache verify").expect_code(0);
    // The same from another cache.
    let again = there.beside("again");
    there
        .pipe(&format!("cache export {}", again.display()))
        .expect_code(0);
    assert_eq!(fs::read(&archive).unwrap(), fs::read(&again).unwrap());
}

#[test]
fn targets_bring_what_they_need_and_nothing_else() {
    let sandbox = sandbox();
    sandbox.build();
    let archive = sandbox.beside("archive");
    // What does not stand but can be restored goes too.
    sandbox.remove("build");
    sandbox
        .pipe(&format!("cache export {} tree", archive.display()))
        .expect_code(0);
    let there = self::sandbox();
    there
        .pipe(&format!("cache import {}", archive.display()))
        .expect_code(0)
        .expect_said("2 results");
    assert_eq!(
        there
            .pipe("build --restore all tree")
            .expect_code(0)
            .restored(),
        2
    );
    assert_eq!(there.build().ran(), 2);
}

#[test]
fn what_is_stale_is_left_out_and_named() {
    let sandbox = sandbox();
    sandbox.build();
    sandbox.write("more.txt", "changed\n");
    let archive = sandbox.beside("archive");
    let exported = sandbox
        .pipe(&format!("cache export {}", archive.display()))
        .expect_code(0);
    exported.expect_said("left out  found\n");
    assert!(!exported.err.contains("left out  file"), "{}", exported.err);
}

/// Nothing of it may be in the cache, and no half of it may lie about.
#[track_caller]
fn refused(archive: &[u8], why: &str) {
    let there = sandbox();
    there.write("archive", archive);
    let outcome = there.pipe("cache import archive").expect_code(2);
    outcome.expect_said(why);
    for kind in ["results", "blobs", "tmp"] {
        let folder = there.path(".pipe/cache/v1").join(kind);
        let count = fs::read_dir(folder).map_or(0, Iterator::count);
        assert_eq!(count, 0, "{kind}: {}", outcome.err);
    }
}

fn decompressed(archive: &Path) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut from = zstd::Decoder::new(fs::File::open(archive).unwrap()).unwrap();
    from.read_to_end(&mut plain).unwrap();
    plain
}

fn compressed(plain: &[u8]) -> Vec<u8> {
    let mut out = zstd::Encoder::new(Vec::new(), 1).unwrap();
    out.write_all(plain).unwrap();
    out.finish().unwrap()
}

#[test]
fn no_damaged_archive_is_taken() {
    let (_here, archive) = exported();
    let whole = fs::read(&archive).unwrap();
    for part in 0..6 {
        refused(&whole[..whole.len() * part / 6], "cannot take");
    }
    refused(&whole[..whole.len() - 1], "cannot take");
    refused(b"not an archive at all", "cannot take");
    let plain = decompressed(&archive);
    refused(
        &compressed(&plain[..plain.len() - 1]),
        "it ends in the middle",
    );
    refused(&compressed(&[&plain[..], b"x"].concat()), "more in it");
    refused(
        &[&whole[..], &compressed(b"a second stream")].concat(),
        "more in it",
    );
    for place in (0..plain.len()).step_by(plain.len() / 12) {
        let mut bent = plain.clone();
        bent[place] ^= 1;
        refused(&compressed(&bent), "cannot take");
    }
}

/// An archive put together by hand.
#[derive(Default)]
struct Forged {
    results: Vec<(Key, Vec<u8>)>,
    blobs: Vec<(Digest, u64, Vec<u8>)>,
}

impl Forged {
    /// With one result, whose outputs are these; written byte by byte, since the program's own types know no such paths.
    fn of(outputs: &[(&str, Content)]) -> Forged {
        let key = Key(Digest::of(b"key"));
        let mut body = FlatWriter::default();
        body.text("pipe result 3").digest(&key.0);
        body.number(outputs.len() as u32);
        for (path, content) in outputs {
            body.text(path);
            match content {
                Content::File { digest, size, .. } => body.byte(1).digest(digest).long(*size),
                Content::Tree { digest, .. } => body.byte(3).digest(digest).long(0).long(0),
                Content::Absent | Content::Special => body.byte(0),
            };
        }
        body.byte(0).long(1).byte(0);
        body.long(0).number(0).long(0);
        let mut result = Digest::of(&body.0).as_bytes().to_vec();
        result.extend(body.0);
        Forged {
            results: vec![(key, result)],
            blobs: Vec::new(),
        }
    }

    fn blob(mut self, bytes: &[u8]) -> Forged {
        self.blobs
            .push((Digest::of(bytes), bytes.len() as u64, bytes.to_vec()));
        self
    }

    fn compressed(mut self) -> Vec<u8> {
        self.blobs.sort();
        let mut out = FlatWriter(b"pipe archive 1\n".to_vec());
        out.long(self.results.len() as u64);
        for (key, bytes) in &self.results {
            out.digest(&key.0).bytes(bytes);
        }
        out.long(self.blobs.len() as u64);
        for (digest, size, _) in &self.blobs {
            out.digest(digest).long(*size);
        }
        for (_, _, bytes) in &self.blobs {
            out.0.extend_from_slice(bytes);
        }
        compressed(&out.0)
    }
}

fn file(bytes: &[u8]) -> Content {
    Content::File {
        digest: Digest::of(bytes),
        executable: false,
        size: bytes.len() as u64,
    }
}

fn tree(bytes: &[u8]) -> Content {
    Content::Tree {
        digest: Digest::of(bytes),
        size: 0,
        files: 0,
    }
}

#[test]
fn no_hostile_archive_is_taken() {
    let sound = Forged::of(&[("o", file(b"x"))]).blob(b"x").compressed();
    let there = sandbox();
    there.write("archive", sound);
    there.pipe("cache import archive").expect_code(0);

    for out in ["/etc/passwd", "../up", "a/../../up"] {
        refused(
            &Forged::of(&[(out, file(b"x"))]).blob(b"x").compressed(),
            "damaged",
        );
    }
    let entry = |path: &str, kind| TreeEntry {
        path: path.as_bytes().to_vec(),
        kind,
    };
    let link = || EntryKind::Link {
        text: b"/".to_vec(),
        through: None,
    };
    let in_link = || EntryKind::File {
        digest: Digest::of(b"x"),
        executable: false,
        size: 1,
    };
    for entries in [
        vec![entry("../up", in_link())],
        vec![entry("/etc/x", in_link())],
        vec![entry("l", link()), entry("l/x", in_link())],
        vec![entry("x", in_link()), entry("x", in_link())],
    ] {
        let listing = Tree { entries }.encode();
        let forged = Forged::of(&[("d", tree(&listing))]).blob(&listing);
        refused(&forged.blob(b"x").compressed(), "needs a blob");
    }
    let mut twice = Forged::of(&[("o", file(b"x"))]).blob(b"x").blob(b"x");
    refused(
        &Forged {
            results: twice.results.clone(),
            blobs: twice.blobs.clone(),
        }
        .compressed(),
        "twice",
    );
    twice.blobs.pop();
    twice.results.push(twice.results[0].clone());
    refused(&twice.compressed(), "twice");

    refused(
        &Forged::of(&[("o", file(b"x"))]).compressed(),
        "needs a blob",
    );
    refused(
        &Forged::of(&[("o", file(b"x"))])
            .blob(b"x")
            .blob(b"stowaway")
            .compressed(),
        "no result in it needs",
    );
    let mut false_size = Forged::of(&[(
        "o",
        Content::File {
            digest: Digest::of(b"x"),
            executable: false,
            size: 9,
        },
    )]);
    false_size.blobs.push((Digest::of(b"x"), 1, b"x".to_vec()));
    refused(&false_size.compressed(), "needs a blob");

    // More than any disk holds, promised or by overflow.
    for size in [1 << 62, u64::MAX] {
        let mut huge = Forged::of(&[("o", file(b"x"))]);
        huge.blobs.push((Digest::of(b"x"), size, b"x".to_vec()));
        huge.blobs.push((Digest::of(b"y"), size, b"y".to_vec()));
        refused(&huge.compressed(), "free");
    }
    // An index without end takes no memory without end.
    let mut endless = FlatWriter(b"pipe archive 1\n".to_vec());
    endless
        .long(u64::MAX)
        .digest(&Digest::of(b"k"))
        .number(u32::MAX);
    endless.0.resize(8 << 20, 0);
    refused(&compressed(&endless.0), "it ends in the middle");
}
