//! The byte forms of what the ledger and the cache hold: an explicit writer and reader for each.
//!
//! Nothing here follows from how a struct looks in Rust. A change needs a new version in the files' headers.

use crate::base::content::Content;
use crate::base::digest::Digest;
use crate::base::flat::{FlatReader, FlatWriter};
use crate::base::path::ProjectPath;
use crate::base::record::{BuildEnd, Ending, Key, KeyParts, Made, NodeRecord, Origin};
use crate::base::record::{
    Peak, PeakSource, Row, RunCause, RunOutcome, RunRecord, RunResult, Usage,
};

pub(super) fn put_content(out: &mut FlatWriter, content: &Content) {
    match content {
        Content::Absent => out.byte(0),
        Content::File {
            digest,
            executable,
            size,
        } => out
            .byte(1 + u8::from(*executable))
            .digest(digest)
            .long(*size),
        Content::Tree {
            digest,
            size,
            files,
        } => out.byte(3).digest(digest).long(*size).long(*files),
        Content::Special => out.byte(4),
    };
}

pub(super) fn take_content(from: &mut FlatReader<'_>) -> Option<Content> {
    Some(match from.byte()? {
        0 => Content::Absent,
        kind @ (1 | 2) => Content::File {
            digest: from.digest()?,
            executable: kind == 2,
            size: from.long()?,
        },
        3 => Content::Tree {
            digest: from.digest()?,
            size: from.long()?,
            files: from.long()?,
        },
        4 => Content::Special,
        _ => return None,
    })
}

fn put_contents(out: &mut FlatWriter, contents: &[(ProjectPath, Content)]) {
    out.number(contents.len() as u32);
    for (path, content) in contents {
        out.text(path.as_str());
        put_content(out, content);
    }
}

fn take_contents(from: &mut FlatReader<'_>) -> Option<Vec<(ProjectPath, Content)>> {
    let count = from.number()?;
    (0..count)
        .map(|_| Some((take_any_path(from)?, take_content(from)?)))
        .collect()
}

/// Inputs may be the project's root itself, whose text is empty.
fn take_any_path(from: &mut FlatReader<'_>) -> Option<ProjectPath> {
    match from.text()? {
        "" => Some(ProjectPath::root()),
        text => ProjectPath::parse(text).ok(),
    }
}

pub(super) fn put_result(out: &mut FlatWriter, result: &RunResult) {
    put_contents(out, &result.outputs);
    match &result.log {
        None => out.byte(0),
        Some(digest) => out.byte(1).digest(digest),
    };
    out.long(result.duration_ms);
    put_usage(out, result.usage);
    let made = result.made;
    out.long(made.checkout)
        .number(made.build)
        .long(made.started_ms);
}

pub(super) fn take_result(from: &mut FlatReader<'_>) -> Option<RunResult> {
    Some(RunResult {
        outputs: take_contents(from)?,
        log: match from.byte()? {
            0 => None,
            1 => Some(from.digest()?),
            _ => return None,
        },
        duration_ms: from.long()?,
        usage: take_usage(from)?,
        made: Made {
            checkout: from.long()?,
            build: from.number()?,
            started_ms: from.long()?,
        },
    })
}

/// A byte says what is known; what is not known takes no room.
pub(super) fn put_usage(out: &mut FlatWriter, usage: Usage) {
    let source = usage.peak.map_or(0, |peak| match peak.source {
        PeakSource::Sampled => 1,
        PeakSource::LargestProcess => 2,
    });
    out.byte(source << 1 | u8::from(usage.cpu_ms.is_some()));
    usage.cpu_ms.map(|ms| out.long(ms));
    usage.peak.map(|peak| out.long(peak.bytes));
}

pub(super) fn take_usage(from: &mut FlatReader<'_>) -> Option<Usage> {
    let known = from.byte()?;
    let source = match known >> 1 {
        0 => None,
        1 => Some(PeakSource::Sampled),
        2 => Some(PeakSource::LargestProcess),
        _ => return None,
    };
    let cpu_ms = match known & 1 {
        0 => None,
        _ => Some(from.long()?),
    };
    let peak = match source {
        None => None,
        Some(source) => Some(Peak {
            bytes: from.long()?,
            source,
        }),
    };
    Some(Usage { cpu_ms, peak })
}

pub(super) fn put_record(out: &mut FlatWriter, record: &NodeRecord) {
    out.digest(&record.key.0)
        .number(record.parts.declaration.len() as u32);
    for row in &record.parts.declaration {
        out.text(&row.name).text(&row.value);
    }
    put_contents(out, &record.parts.inputs);
    put_result(out, &record.result);
    out.byte(match record.origin {
        Origin::Ran => 0,
        Origin::Restored => 1,
        Origin::Found => 2,
    });
    out.number(record.build);
}

pub(super) fn take_record(from: &mut FlatReader<'_>) -> Option<NodeRecord> {
    let key = Key(from.digest()?);
    let rows = from.number()?;
    let row = |from: &mut FlatReader<'_>| {
        Some(Row {
            name: from.text()?.to_owned(),
            value: from.text()?.to_owned(),
        })
    };
    Some(NodeRecord {
        key,
        parts: KeyParts {
            declaration: (0..rows).map(|_| row(from)).collect::<Option<_>>()?,
            inputs: take_contents(from)?,
        },
        result: take_result(from)?,
        origin: match from.byte()? {
            0 => Origin::Ran,
            1 => Origin::Restored,
            2 => Origin::Found,
            _ => return None,
        },
        build: from.number()?,
    })
}

pub(super) fn put_run(out: &mut FlatWriter, run: &RunRecord) {
    out.text(&run.node)
        .number(run.build)
        .long(run.started_ms)
        .long(run.duration_ms);
    let (kind, number) = match run.ending {
        Ending::Exit(code) => (0, code),
        Ending::Signal(signal) => (1, signal),
        Ending::NotStarted => (2, 0),
        Ending::TimedOut => (3, 0),
        Ending::Undeclared => (4, 0),
    };
    out.byte(kind)
        .number(number.cast_unsigned())
        .byte(u8::from(run.log))
        .byte(match run.outcome {
            RunOutcome::Ran => 0,
            RunOutcome::Failed => 1,
            RunOutcome::Stopped => 2,
        });
    match &run.cause {
        None => out.byte(0),
        Some(cause) => out
            .byte(1 + u8::from(cause.subject.is_some()))
            .text(&cause.kind)
            .text(cause.subject.as_deref().unwrap_or_default())
            .number(cause.more),
    };
    put_usage(out, run.usage);
}

pub(super) fn take_run(from: &mut FlatReader<'_>) -> Option<RunRecord> {
    let (node, build) = (from.text()?.to_owned(), from.number()?);
    let (started_ms, duration_ms) = (from.long()?, from.long()?);
    let ending = match (from.byte()?, from.number()?.cast_signed()) {
        (0, code) => Ending::Exit(code),
        (1, signal) => Ending::Signal(signal),
        (2, _) => Ending::NotStarted,
        (3, _) => Ending::TimedOut,
        (4, _) => Ending::Undeclared,
        _ => return None,
    };
    let log = from.byte()? == 1;
    let outcome = match from.byte()? {
        0 => RunOutcome::Ran,
        1 => RunOutcome::Failed,
        2 => RunOutcome::Stopped,
        _ => return None,
    };
    let cause = match from.byte()? {
        0 => None,
        about @ (1 | 2) => Some(RunCause {
            kind: from.text()?.to_owned(),
            subject: Some(from.text()?.to_owned()).filter(|_| about == 2),
            more: from.number()?,
        }),
        _ => return None,
    };
    Some(RunRecord {
        node,
        build,
        started_ms,
        duration_ms,
        ending,
        outcome,
        cause,
        log,
        usage: take_usage(from)?,
    })
}

pub(super) fn put_build_end(out: &mut FlatWriter, end: &BuildEnd) {
    out.long(end.took_ms).number(end.jobs);
    for count in [
        end.fresh,
        end.restored,
        end.ran,
        end.failed,
        end.blocked,
        end.stopped,
    ] {
        out.number(count);
    }
    out.long(end.saved_ms).byte(u8::from(end.interrupted));
}

pub(super) fn take_build_end(from: &mut FlatReader<'_>) -> Option<BuildEnd> {
    Some(BuildEnd {
        took_ms: from.long()?,
        jobs: from.number()?,
        fresh: from.number()?,
        restored: from.number()?,
        ran: from.number()?,
        failed: from.number()?,
        blocked: from.number()?,
        stopped: from.number()?,
        saved_ms: from.long()?,
        interrupted: from.byte()? == 1,
    })
}
/// A file of the cache that is found by `name`: a checksum, then `header`, the name, and what `put` adds.
pub(super) fn seal(header: &str, name: &Digest, put: impl FnOnce(&mut FlatWriter)) -> Vec<u8> {
    let mut body = FlatWriter::default();
    body.text(header).digest(name);
    put(&mut body);
    let mut out = FlatWriter::default();
    out.digest(&Digest::of(&body.0));
    out.0.extend_from_slice(&body.0);
    out.0
}

/// What was put into such a file; `None` when it is damaged, or of another name.
pub(super) fn unseal<'b>(header: &str, name: &Digest, bytes: &'b [u8]) -> Option<FlatReader<'b>> {
    let mut from = FlatReader(bytes);
    let is_it =
        from.digest()? == Digest::of(from.0) && from.text()? == header && from.digest()? == *name;
    is_it.then_some(from)
}

const RESULT_HEADER: &str = "pipe result 3";

/// The file of a result, which says of which key it is.
pub(super) fn encode_result(key: &Key, result: &RunResult) -> Vec<u8> {
    seal(RESULT_HEADER, &key.0, |body| put_result(body, result))
}

/// Reads the file of a key's result; `None` when it is damaged, or another's.
pub(super) fn decode_result(key: &Key, bytes: &[u8]) -> Option<RunResult> {
    let mut from = unseal(RESULT_HEADER, &key.0, bytes)?;
    take_result(&mut from).filter(|_| from.is_empty())
}
