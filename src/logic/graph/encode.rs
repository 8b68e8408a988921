//! From linked drafts to the flat form that a [`Graph`] reads.
//!
//! Does not know where the bytes are saved.

use super::draft::{self, DraftNode};
use super::*;
use crate::base::flat::FlatWriter;
use rustc_hash::FxHashMap as HashMap;

/// Puts linked nodes, `order`ed so that each comes after what it needs, into the flat form.
pub(super) fn encode(nodes: &[DraftNode], order: &[u32]) -> Graph {
    let mut sections: [FlatWriter; SECTIONS] = Default::default();
    let users = users_of(nodes);
    let mut paths = PathTable::default();
    for (index, node) in nodes.iter().enumerate() {
        for output in &node.outputs {
            let id = paths.id(&output.path, &mut sections[TEXT]);
            paths.rows[id as usize].2 = index as u32;
        }
    }
    for (node, users) in nodes.iter().zip(&users) {
        let mut numbers = Vec::with_capacity(NODE_SIZE);
        let group = match &node.exclusive {
            Some(Exclusive::Group(word)) => word.as_str(),
            Some(Exclusive::Alone) | None => "",
        };
        for text in [&node.name, &node.about, group] {
            numbers.extend([sections[TEXT].0.len() as u32, text.len() as u32]);
            sections[TEXT].0.extend_from_slice(text.as_bytes());
        }
        numbers.extend([sections[USES].0.len() as u32 / 8, node.inputs.len() as u32]);
        for input in &node.inputs {
            let id = paths.id(&input.path, &mut sections[TEXT]);
            let flags = u32::from(input.directory) * DIRECTORY + u32::from(input.mixed) * MIXED;
            sections[USES].number(id).number(flags);
        }
        numbers.extend([sections[USES].0.len() as u32 / 8, node.outputs.len() as u32]);
        for output in &node.outputs {
            let id = paths.id(&output.path, &mut sections[TEXT]);
            sections[USES]
                .number(id)
                .number(u32::from(output.directory) * DIRECTORY);
        }
        for list in [&node.needs, users, &node.after] {
            numbers.extend([sections[EDGES].0.len() as u32 / 4, list.len() as u32]);
            for &other in list {
                sections[EDGES].number(other);
            }
        }
        let demanding = node.demand != Demand::default();
        let demand = if demanding {
            node.demand.encode()
        } else {
            Vec::new()
        };
        for blob in [draft::encode_rows(&node.rows), node.job.encode(), demand] {
            numbers.extend([sections[BLOBS].0.len() as u32, blob.len() as u32]);
            sections[BLOBS].0.extend(blob);
        }
        let flags = [
            (node.always, ALWAYS),
            (node.exclusive == Some(Exclusive::Alone), ALONE),
            (matches!(node.exclusive, Some(Exclusive::Group(_))), GROUPED),
            (node.temp, TEMP),
            (!node.job.probes.is_empty(), PROBED),
            (!node.job.ignore.is_empty(), IGNORING),
            (!node.job.depfile.is_empty(), DEPFILE),
            (demanding, DEMANDING),
            (node.job.cache_off, UNCACHED),
        ];
        let set = |(on, flag): (bool, u32)| if on { flag } else { 0 };
        numbers.push(flags.into_iter().map(set).sum());
        numbers.push(sections[BLOBS].0.len() as u32);
        sections[BLOBS].texts(&node.empty_patterns);
        numbers.push(sections[BLOBS].0.len() as u32);
        sections[BLOBS].texts(&node.tags);
        for number in numbers {
            sections[NODES].number(number);
        }
        sections[DIGESTS]
            .0
            .extend_from_slice(Row::digest_of(&node.rows).as_bytes());
    }
    for &node in order {
        sections[ORDER].number(node);
    }
    for &(at, length, producer) in &paths.rows {
        sections[PATHS].number(at).number(length).number(producer);
    }
    assemble(&sections)
}

fn assemble(sections: &[FlatWriter; SECTIONS]) -> Graph {
    let mut rest = FlatWriter::default();
    for section in sections {
        rest.number(u32::try_from(section.0.len()).expect("a section of a graph is under 4 GiB"));
    }
    for section in sections {
        rest.0.extend_from_slice(&section.0);
    }
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&xxhash_rust::xxh3::xxh3_64(&rest.0).to_le_bytes());
    bytes.extend_from_slice(&rest.0);
    Graph::open(bytes.into()).expect("what was just written can be read")
}

fn users_of(nodes: &[DraftNode]) -> Vec<Vec<u32>> {
    let mut users = vec![Vec::new(); nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        for &need in &node.needs {
            users[need as usize].push(index as u32);
        }
    }
    users
}

/// Every path once: where its text lies, and who writes it.
#[derive(Default)]
struct PathTable {
    ids: HashMap<ProjectPath, u32>,
    rows: Vec<(u32, u32, u32)>,
}

impl PathTable {
    fn id(&mut self, path: &ProjectPath, text: &mut FlatWriter) -> u32 {
        if let Some(&id) = self.ids.get(path) {
            return id;
        }
        let id = self.rows.len() as u32;
        self.rows
            .push((text.0.len() as u32, path.as_str().len() as u32, NOBODY));
        text.0.extend_from_slice(path.as_str().as_bytes());
        self.ids.insert(path.clone(), id);
        id
    }
}
