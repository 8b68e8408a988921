//! What the ledger can be told, and how each of it is written into a frame.
//!
//! Does not know the file; `frames` and `ledger` do.

use super::format;
use crate::base::content::Content;
use crate::base::digest::Digest;
use crate::base::flat::FlatWriter;
use crate::base::path::ProjectPath;
use crate::base::record::{BuildEnd, NodeRecord, RunRecord, StampedDigest};
use crate::world::stamps;
use std::fs;
use std::sync::LazyLock;

pub(super) const STAMPS: u8 = 1;
pub(super) const NODE: u8 = 2;
pub(super) const WRITTEN: u8 = 3;
pub(super) const RUN: u8 = 4;
pub(super) const BUILD_START: u8 = 5;
pub(super) const BUILD_END: u8 = 6;

/// Something to remember.
pub enum Entry<'a> {
    /// Digests and the stamps that may stand for them, by path as raw bytes.
    Stamps(&'a [(Vec<u8>, StampedDigest)]),
    /// A node is up to date.
    Node {
        /// Its name.
        name: &'a str,
        /// With what.
        record: &'a NodeRecord,
    },
    /// What `pipe` left at an output's path.
    Written {
        /// Which.
        path: ProjectPath,
        /// What.
        content: Content,
    },
    /// A command ended.
    Run(&'a RunRecord),
    /// A build with something to do begins.
    BuildStart {
        /// Its number.
        build: u32,
        /// When, milliseconds since 1970 UTC.
        started_ms: u64,
    },
    /// It has ended.
    BuildEnd {
        /// Its number.
        build: u32,
        /// How; `None` when it turned out to have had nothing to do.
        end: Option<&'a BuildEnd>,
    },
}

/// Stamps that one frame holds at most: whoever looks for one checks the whole frame.
const STAMPS_OF_A_FRAME: usize = 64;

/// Hands each frame of an entry to `push`: its kind and its payload.
pub(super) fn encode(entry: &Entry<'_>, push: &mut dyn FnMut(u8, &[u8])) {
    let mut out = FlatWriter::default();
    let kind = match entry {
        Entry::Stamps(stamps) => {
            let stamps = stamps.iter().map(|(path, stamped)| (&path[..], *stamped));
            return encode_stamps(stamps, push);
        }
        Entry::Node { name, record } => {
            out.text(name);
            format::put_record(&mut out, record);
            NODE
        }
        Entry::Written { path, content } => {
            out.text(path.as_str());
            format::put_content(&mut out, content);
            WRITTEN
        }
        Entry::Run(run) => {
            format::put_run(&mut out, run);
            RUN
        }
        Entry::BuildStart { build, started_ms } => {
            out.number(*build).long(*started_ms);
            BUILD_START
        }
        Entry::BuildEnd { build, end } => {
            out.number(*build);
            if let Some(end) = end {
                format::put_build_end(&mut out, end);
            }
            BUILD_END
        }
    };
    push(kind, &out.0);
}

/// The frames of any number of stamps, in their order.
pub(super) fn encode_stamps<'a>(
    stamps: impl Iterator<Item = (&'a [u8], StampedDigest)>,
    push: &mut dyn FnMut(u8, &[u8]),
) {
    let boot = boot_digest();
    let mut stamps = stamps.peekable();
    while stamps.peek().is_some() {
        let mut out = FlatWriter::default();
        out.digest(&boot);
        for (path, stamped) in stamps.by_ref().take(STAMPS_OF_A_FRAME) {
            stamps::put(&mut out, path, &stamped);
        }
        push(STAMPS, &out.0);
    }
}

/// Tells one boot of the machine from another; where the system does not say, all boots look alike.
pub(super) fn boot_digest() -> Digest {
    static BOOT: LazyLock<Digest> = LazyLock::new(|| {
        Digest::of(&fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default())
    });
    *BOOT
}
