//! The expanded graph of the last time, used again while all that it was made from is the same.
//!
//! Does not know how a graph is made; `project` does. A damaged snapshot is one that is not there.

use super::probes::Answers;
use super::project::{OpenError, Place, Project, Tools, lies_in, list};
use crate::base::digest::{Digest, DigestWriter};
use crate::base::flat::{FlatReader, FlatWriter};
use crate::base::path::{PathPattern, ProjectPath};
use crate::logic::graph::Graph;
use crate::world::store::state;
use bytes::Bytes;
use std::collections::{HashMap, HashSet};

/// The project as its snapshot has it, if everything that it was made from is the same.
pub(super) fn find(
    place: &Place,
    tools: &Tools,
    manifest: Digest,
) -> Result<Option<Project>, OpenError> {
    let Some(bytes) = state::read_snapshot(&place.state) else {
        return Ok(None);
    };
    let Some((basis, length)) = Basis::decode(&bytes) else {
        return Ok(None);
    };
    let mut same_variables = true;
    for (name, value) in &basis.variables {
        same_variables &= tools.variable(name)? == *value;
    }
    if basis.manifest != manifest || !same_variables {
        return Ok(None);
    }
    let Some(graph) = Graph::open(bytes.slice(length..)) else {
        return Ok(None);
    };
    let mut leftovers = Vec::new();
    if !basis.listings.is_empty() {
        let outputs = graph.paths().filter(|&path| graph.producer(path).is_some());
        let declared: HashSet<ProjectPath> = outputs.map(|path| graph.project_path(path)).collect();
        let is_declared = |path: &ProjectPath| lies_in(&declared, path);
        for (pattern, listed) in &basis.listings {
            let Ok(pattern) = PathPattern::parse(pattern) else {
                return Ok(None);
            };
            let (files, left) = list(tools, &pattern, &is_declared)?;
            if listing_digest(&files) != *listed {
                return Ok(None);
            }
            leftovers.extend(left);
        }
    }
    Ok(Some(Project {
        place: place.clone(),
        graph,
        jobs: basis.jobs,
        warnings: Vec::new(),
        leftovers,
        answers: Answers::default(),
        read_anew: false,
    }))
}

/// Leaves a snapshot for the next time. Without one the manifest is read again; nothing else is lost.
pub(super) fn save(place: &Place, basis: &Basis, graph: &Graph) {
    let mut bytes = basis.encode();
    bytes.extend_from_slice(graph.bytes());
    let _ = state::write_snapshot(&place.state, &bytes);
}

fn listing_digest(files: &[ProjectPath]) -> Digest {
    let mut writer = DigestWriter::new("pipe listing 1");
    for file in files {
        writer.field("", file.as_str().as_bytes());
    }
    writer.finish()
}

/// What a snapshot was made from: it is used only while all of this is the same.
pub(super) struct Basis {
    manifest: Digest,
    jobs: Option<u32>,
    variables: HashMap<String, Option<String>>,
    listings: Vec<(String, Digest)>,
}

const SNAPSHOT_VERSION: &str = concat!("pipe snapshot 1 ", env!("CARGO_PKG_VERSION"));

impl Basis {
    /// Puts together what a graph was made from.
    pub(super) fn new(
        manifest: Digest,
        jobs: Option<u32>,
        variables: HashMap<String, Option<String>>,
        listings: &HashMap<String, Vec<ProjectPath>>,
    ) -> Self {
        let mut listings: Vec<(String, Digest)> = listings
            .iter()
            .map(|(pattern, files)| (pattern.clone(), listing_digest(files)))
            .collect();
        listings.sort();
        Basis {
            manifest,
            jobs,
            variables,
            listings,
        }
    }

    /// Version, length and checksum of the rest, then the rest.
    fn encode(&self) -> Vec<u8> {
        let mut body = FlatWriter::default();
        body.digest(&self.manifest).number(self.jobs.unwrap_or(0));
        body.number(self.variables.len() as u32);
        for (name, value) in &self.variables {
            body.text(name).texts(value.as_slice());
        }
        body.number(self.listings.len() as u32);
        for (pattern, digest) in &self.listings {
            body.text(pattern).digest(digest);
        }
        let mut whole = FlatWriter::default();
        whole
            .text(SNAPSHOT_VERSION)
            .digest(&Digest::of(&body.0))
            .bytes(&body.0);
        whole.0
    }

    /// The header and its length in bytes.
    fn decode(bytes: &Bytes) -> Option<(Basis, usize)> {
        let mut whole = FlatReader(bytes);
        if whole.text()? != SNAPSHOT_VERSION {
            return None;
        }
        let checksum = whole.digest()?;
        let body = whole.bytes()?;
        if Digest::of(body) != checksum {
            return None;
        }
        let mut body = FlatReader(body);
        let manifest = body.digest()?;
        let jobs = Some(body.number()?).filter(|&jobs| jobs > 0);
        let count = body.number()?;
        let variable =
            |body: &mut FlatReader<'_>| Some((body.text()?.to_owned(), body.texts()?.pop()));
        let variables = (0..count)
            .map(|_| variable(&mut body))
            .collect::<Option<_>>()?;
        let count = body.number()?;
        let listing = |body: &mut FlatReader<'_>| Some((body.text()?.to_owned(), body.digest()?));
        let listings = (0..count)
            .map(|_| listing(&mut body))
            .collect::<Option<_>>()?;
        Some((
            Basis {
                manifest,
                jobs,
                variables,
                listings,
            },
            bytes.len() - whole.0.len(),
        ))
    }
}
