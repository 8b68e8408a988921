//! Reads a file statement by statement: plain ones by a reader of our own, the others by kdl-rs, on all processors.
//!
//! Only for texts in which KDL finds nothing wrong. Where that is not sure, it steps back and the whole is read with
//! care, so that what is said of a fault never depends on this.

use super::super::{Manifest, NodeDecl, SimpleNodes, document, guard, plain, simple, split};
use super::{Place, Problem, Reader, Seen, Source};
use crate::logic::manifest::document::Element;
use kdl::KdlDocument;
use rayon::prelude::*;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

/// Statements that one processor reads at a time.
const BATCH: usize = 64;
/// Statements that all processors read before what is simple among them is put together.
const ROUND: usize = 64 * BATCH;

/// Reads a file into `manifest`; `None`, and nothing read, when it has to be read with care. When it is `quick`, simple
/// nodes are left as they are, and nobody has looked whether two of them have the same name.
pub(super) fn read_file(
    source: &Arc<Source>,
    file: Range<usize>,
    place: Place,
    quick: bool,
    seen: &mut Seen,
    manifest: &mut Manifest,
) -> Option<Vec<Problem>> {
    let pieces: Vec<Range<usize>> = split::split(&source.text[file.clone()])?
        .into_iter()
        .map(|piece| file.start + piece.start..file.start + piece.end)
        .collect();
    if !are_blank(&source.text, &file, &pieces) {
        return None;
    }
    let is_node = |piece: &Range<usize>| source.text[piece.clone()].starts_with("node ");
    let (nodes, others): (Vec<_>, Vec<_>) = pieces.into_iter().partition(is_node);
    // What concerns the whole manifest is little, and may stand only once: one after the other.
    let mut elements = Vec::with_capacity(others.len());
    for piece in &others {
        elements.extend(element(source, piece)?);
    }
    // What is taken for a node, or for nothing that is known, keeps its place among the others.
    let settled = |element: &Element<'_>| {
        let word = place.word(&element.name.value);
        word.is_some_and(|word| word.name != "node")
    };
    if !elements.iter().all(settled) {
        return None;
    }
    let mut batches: Vec<Batch> = Vec::new();
    // Round by round, so that what is put together is given back before much more is taken.
    for round in nodes.chunks(ROUND) {
        let read: Vec<Batch> = round
            .par_chunks(BATCH)
            .map(|batch| read_batch(source, batch, place, quick))
            .collect::<Option<_>>()?;
        for mut batch in read {
            manifest.simple.append(std::mem::take(&mut batch.simple));
            if !batch.is_empty() {
                batches.push(batch);
            }
        }
    }
    let declared: Vec<&NodeDecl> = batches.iter().flat_map(|batch| &batch.nodes).collect();
    let mut names = HashSet::with_capacity(declared.len());
    let known = declared.iter().any(|node| seen.has_node(&node.name));
    let apart = declared.iter().all(|node| names.insert(node.name.as_str()));
    if known || !apart {
        return None;
    }
    let mut reader = reader(source);
    for element in &elements {
        reader.top_level(element, place, seen, manifest);
    }
    let mut problems = reader.problems;
    if !nodes.is_empty() {
        seen.note_some_node();
    }
    for batch in batches {
        for node in &batch.nodes {
            seen.note_node(&node.name);
        }
        manifest.nodes.extend(batch.nodes);
        problems.extend(batch.problems);
    }
    Some(problems)
}

/// Whether nothing is wrong between the pieces, where only space and comments stand.
pub(super) fn are_blank(text: &str, file: &Range<usize>, pieces: &[Range<usize>]) -> bool {
    let starts = pieces.iter().map(|piece| piece.start).chain([file.end]);
    let ends = std::iter::once(file.start).chain(pieces.iter().map(|piece| piece.end));
    let usual =
        |byte: u8| byte == b'\t' || byte == b'\n' || byte == b'\r' || (b' '..0x7F).contains(&byte);
    ends.zip(starts).all(|(end, start)| {
        let gap = &text[end..start];
        gap.bytes().all(usual) || guard::guard(gap.trim_start_matches(';')).faults.is_empty()
    })
}

/// What some statements came to.
struct Batch {
    nodes: Vec<NodeDecl>,
    simple: SimpleNodes,
    problems: Vec<Problem>,
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.problems.is_empty()
    }
}

fn read_batch(
    source: &Arc<Source>,
    pieces: &[Range<usize>],
    place: Place,
    quick: bool,
) -> Option<Batch> {
    let mut reader = reader(source);
    let mut manifest = Manifest::default();
    let mut seen = Seen::default();
    let mut simple = SimpleNodes::default();
    let mut hands = simple::Hands::default();
    for piece in pieces {
        if quick && simple.read(&source.text, piece.clone(), &mut hands) {
            continue;
        }
        for element in &element(source, piece)? {
            reader.top_level(element, place, &mut seen, &mut manifest);
        }
    }
    Some(Batch {
        nodes: manifest.nodes,
        simple,
        problems: reader.problems,
    })
}

fn reader(source: &Arc<Source>) -> Reader<'_> {
    Reader {
        source,
        problems: Vec::new(),
        faults: &[],
        damaged: false,
    }
}

/// What stands at a piece, by whoever can read it: mostly one statement, none where it is switched off.
pub(super) fn element<'s>(source: &'s Source, piece: &Range<usize>) -> Option<Vec<Element<'s>>> {
    let text = &source.text[piece.clone()];
    if let Some(element) = plain::read(text, piece.start as u32) {
        return Some(vec![element]);
    }
    let guarded = guard::guard(text);
    if !guarded.faults.is_empty() {
        return None;
    }
    let document = KdlDocument::parse_v2(&guarded.clean).ok()?;
    Some(document::from_kdl(&document, source, piece.start as u32))
}
