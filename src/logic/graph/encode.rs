//! From what was linked to the flat form that a [`Graph`] reads.
//!
//! Does not know where the bytes are saved.

use super::draft::DraftNode;
use super::expand::{Member, Scene};
use super::link::Linker;
use super::lists::Lists;
use super::spec::{self, Common, Hands, NamedPath, SimpleView};
use super::*;
use crate::base::flat::FlatWriter;
use crate::logic::manifest::{SimpleNode, SimpleValue};
use hashbrown::HashTable;
use rayon::prelude::*;
use rustc_hash::FxBuildHasher;
use std::hash::BuildHasher;

/// Simple nodes whose keys one processor makes at a time.
const BATCH: usize = 2048;

/// Puts linked nodes, `order`ed so that each comes after what it needs, into the flat form.
pub(super) fn encode<'l>(
    linker: &'l Linker<'_>,
    nodes: &[DraftNode],
    users: &'l Lists,
    order: &[u32],
    common: &Common,
) -> Graph {
    let scene = linker.scene;
    let digests = digests(&scene, nodes, common);
    let mut names = Lists::for_lists(scene.members.len());
    let mut name_text = String::new();
    let mut blobs = Blobs::default();
    let (mut flags, mut specs, mut extras) = (Vec::new(), Vec::new(), Vec::new());
    let mut view = SimpleView::default();
    for (index, member) in scene.members.iter().enumerate() {
        name_text.push_str(scene.name(index));
        names.ends.push(name_text.len() as u32);
        match *member {
            Member::Full(full) => {
                let node = &nodes[full as usize];
                flags.push(flags_of(node));
                specs.push(blobs.add(&spec::encode_filled(&node.rows, &node.job)));
                extras.push(extra_of(node).map_or(0, |extra| blobs.add(&extra)));
            }
            Member::Simple(simple) => {
                let node = &scene.simple.nodes[simple as usize];
                let job = &common.job;
                flags.push(sum(&[
                    (node.always, ALWAYS),
                    (node.alone, ALONE),
                    (!job.ignore.is_empty(), IGNORING),
                    (job.cache_off, UNCACHED),
                ]));
                look_at(&scene, node, &mut view);
                specs.push(blobs.add_shared(&view));
                let about = node.about.of(&scene.source.text);
                let extra = (!about.is_empty()).then(|| {
                    let about = about.to_owned();
                    extra_of(&DraftNode {
                        about,
                        ..DraftNode::default()
                    })
                });
                extras.push(extra.flatten().map_or(0, |extra| blobs.add(&extra)));
            }
        }
    }
    let paths = &linker.paths;
    let common = common.encode();
    let lists = |lists: &'l Lists| [Part::Numbers(&lists.ends), Part::Numbers(&lists.items)];
    let [output_ends, outputs] = lists(&linker.outputs);
    let [input_ends, inputs] = lists(&linker.inputs);
    let [need_ends, needs] = lists(&linker.needs);
    let [user_ends, users] = lists(users);
    let [after_ends, afters] = lists(&linker.after);
    let readers = linker.inputs.reversed_for(paths.writers.len(), link::PATH);
    assemble(&[
        Part::Numbers(&names.ends),
        Part::Bytes(name_text.as_bytes()),
        Part::Numbers(&flags),
        Part::Numbers(&specs),
        Part::Numbers(&extras),
        Part::Bytes(digests.as_flattened()),
        output_ends,
        outputs,
        input_ends,
        inputs,
        need_ends,
        needs,
        user_ends,
        users,
        after_ends,
        afters,
        Part::Numbers(order),
        Part::Numbers(&paths.ends),
        Part::Bytes(paths.text.as_bytes()),
        Part::Numbers(&paths.writers),
        Part::Numbers(&readers.ends),
        Part::Numbers(&readers.items),
        Part::Bytes(&blobs.bytes),
        Part::Bytes(&common),
    ])
}

/// A section before it is written.
#[derive(Clone, Copy)]
enum Part<'p> {
    Bytes(&'p [u8]),
    /// Four bytes each, little-endian.
    Numbers(&'p [u32]),
}

impl Part<'_> {
    fn size(&self) -> usize {
        match self {
            Part::Bytes(bytes) => bytes.len(),
            Part::Numbers(numbers) => 4 * numbers.len(),
        }
    }

    fn write(&self, place: &mut [u8]) {
        match self {
            Part::Bytes(bytes) => place.copy_from_slice(bytes),
            Part::Numbers(numbers) => {
                for (place, number) in place.as_chunks_mut::<4>().0.iter_mut().zip(*numbers) {
                    *place = number.to_le_bytes();
                }
            }
        }
    }
}

/// The digest of every node's declaration.
fn digests(scene: &Scene<'_>, nodes: &[DraftNode], common: &Common) -> Vec<[u8; 32]> {
    let shell = fill::shown_arguments(&common.job.argv);
    let batch = |members: &[Member]| -> Vec<[u8; 32]> {
        let mut hands = Hands::default();
        let mut view = SimpleView::default();
        let digest = |member: &Member| match *member {
            Member::Full(full) => Row::digest_of(&nodes[full as usize].rows),
            Member::Simple(simple) => {
                let node = &scene.simple.nodes[simple as usize];
                look_at(scene, node, &mut view);
                view.digest(common, &shell, &mut hands)
            }
        };
        members
            .iter()
            .map(digest)
            .map(|digest| *digest.as_bytes())
            .collect()
    };
    let batches = scene.members.par_chunks(BATCH).map(batch);
    batches.collect::<Vec<_>>().concat()
}

/// Points `view` at a simple node.
fn look_at<'a>(scene: &Scene<'a>, node: &SimpleNode, view: &mut SimpleView<'a>) {
    let (simple, text) = (scene.simple, scene.source.text.as_str());
    let path = |value: &SimpleValue| {
        let (path, directory) = scene.path_of(value);
        NamedPath {
            name: value.name.of(text),
            path,
            directory,
        }
    };
    view.name = node.name.of(text);
    let arguments = simple.arguments(node);
    view.exec = !arguments.is_empty();
    view.command.clear();
    match view.exec {
        true => view
            .command
            .extend(arguments.iter().map(|argument| argument.text.of(text))),
        false => view.command.push(node.script.of(text)),
    }
    view.outputs.clear();
    view.outputs.extend(simple.outputs(node).iter().map(path));
    view.inputs.clear();
    view.inputs.extend(simple.inputs(node).iter().map(path));
}

fn flags_of(node: &DraftNode) -> u32 {
    sum(&[
        (node.always, ALWAYS),
        (node.exclusive == Some(Exclusive::Alone), ALONE),
        (matches!(node.exclusive, Some(Exclusive::Group(_))), GROUPED),
        (node.temp, TEMP),
        (!node.job.probes.is_empty(), PROBED),
        (!node.job.ignore.is_empty(), IGNORING),
        (!node.job.depfile.is_empty(), DEPFILE),
        (node.demand != Demand::default(), DEMANDING),
        (node.job.cache_off, UNCACHED),
    ])
}

fn sum(flags: &[(bool, u32)]) -> u32 {
    flags
        .iter()
        .map(|&(on, flag)| if on { flag } else { 0 })
        .sum()
}

/// What few nodes have.
fn extra_of(node: &DraftNode) -> Option<Vec<u8>> {
    let group = match &node.exclusive {
        Some(Exclusive::Group(word)) => word.as_str(),
        Some(Exclusive::Alone) | None => "",
    };
    let some = !node.about.is_empty()
        || !group.is_empty()
        || !node.tags.is_empty()
        || !node.empty_patterns.is_empty()
        || node.demand != Demand::default();
    some.then(|| {
        let mut writer = FlatWriter::default();
        writer.text(&node.about).text(group).texts(&node.tags);
        writer
            .texts(&node.empty_patterns)
            .bytes(&node.demand.encode());
        writer.0
    })
}

/// Runs of bytes that are found by where they start. What simple nodes have alike is kept once.
struct Blobs {
    bytes: Vec<u8>,
    /// Start and end of what may be met again.
    shared: HashTable<(u32, u32)>,
    next: FlatWriter,
}

impl Default for Blobs {
    fn default() -> Self {
        Blobs {
            // No blob starts at 0.
            bytes: vec![0],
            shared: HashTable::new(),
            next: FlatWriter::default(),
        }
    }
}

impl Blobs {
    fn add(&mut self, blob: &[u8]) -> u32 {
        let start = u32::try_from(self.bytes.len()).expect("blobs of a graph are under 4 GiB");
        self.bytes.extend_from_slice(blob);
        start
    }

    fn add_shared(&mut self, view: &SimpleView<'_>) -> u32 {
        let mut next = std::mem::take(&mut self.next);
        next.0.clear();
        view.encode(&mut next);
        let hash = |bytes: &[u8]| FxBuildHasher.hash_one(bytes);
        let at =
            |bytes: &[u8], &(start, end): &(u32, u32)| hash(&bytes[start as usize..end as usize]);
        let same =
            |&(start, end): &(u32, u32)| self.bytes[start as usize..end as usize] == next.0[..];
        let known = self.shared.find(hash(&next.0), same).copied();
        let start = known.map_or_else(
            || {
                let start = self.add(&next.0);
                let place = (start, self.bytes.len() as u32);
                let bytes = &self.bytes;
                self.shared
                    .insert_unique(hash(&next.0), place, |place| at(bytes, place));
                start
            },
            |(start, _)| start,
        );
        self.next = next;
        start
    }
}

fn assemble(sections: &[Part<'_>; SECTIONS]) -> Graph {
    let size: usize = sections.iter().map(Part::size).sum();
    let mut bytes = vec![0; HEADER + size];
    bytes[..8].copy_from_slice(MAGIC);
    let mut end = HEADER;
    for (number, section) in sections.iter().enumerate() {
        let length = u32::try_from(section.size());
        let length = length.expect("a section of a graph is under 4 GiB");
        bytes[HEADER - 4 * SECTIONS + 4 * number..][..4].copy_from_slice(&length.to_le_bytes());
        section.write(&mut bytes[end..end + section.size()]);
        end += section.size();
    }
    let checksum = xxhash_rust::xxh3::xxh3_128(&bytes[24..]);
    bytes[8..24].copy_from_slice(&checksum.to_le_bytes());
    Graph::open(bytes.into()).expect("what was just written can be read")
}
