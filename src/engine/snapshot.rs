//! The expanded graph of the last time, used again while all that it was made from is the same.
//!
//! Does not know how a graph is made; `project` does. A damaged snapshot is one that is not there.

use super::listings::{lies_in, list};
use super::probes::Answers;
use super::project::{OpenError, Place, Project, Settings, Tools};
use super::sources;
use crate::base::digest::{Digest, DigestWriter};
use crate::base::flat::{FlatReader, FlatWriter};
use crate::base::path::{PathPattern, ProjectPath};
use crate::logic::graph::{Demand, Graph};
use crate::world::store::state;
use bytes::Bytes;
use std::collections::{HashMap, HashSet};

/// The project as its snapshot has it, if everything that it was made from is the same.
pub(super) fn find(place: &Place, tools: &Tools) -> Result<Option<Project>, OpenError> {
    let Some(bytes) = state::read_snapshot(&place.state) else {
        return Ok(None);
    };
    let Some((basis, length)) = Basis::decode(&bytes) else {
        return Ok(None);
    };
    let same_texts = basis
        .files
        .first()
        .is_some_and(|(path, _)| *path == place.manifest)
        && basis.sets == tools.sets
        && basis
            .files
            .iter()
            .all(|(path, digest)| sources::digest_of(tools, path) == *digest);
    if !same_texts {
        return Ok(None);
    }
    for (pattern, listed) in &basis.includes {
        let Ok(pattern) = PathPattern::parse(pattern) else {
            return Ok(None);
        };
        if listing_digest(&tools.observer.list(&pattern)?.files) != *listed {
            return Ok(None);
        }
    }
    let mut same_variables = true;
    for (name, value) in &basis.variables {
        same_variables &= tools.variable(name)? == *value;
    }
    if !same_variables {
        return Ok(None);
    }
    let bytes = bytes.slice(length..);
    let known = tools
        .graph
        .as_ref()
        .filter(|known| known.has_head_of(&bytes));
    let Some(graph) = known.cloned().or_else(|| Graph::open(bytes)) else {
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
        settings: basis.settings,
        warnings: Vec::new(),
        leftovers,
        answers: Answers::default(),
        texts: basis.files.into_iter().map(|(path, _)| path).collect(),
        patterns: [basis.listings, basis.includes]
            .into_iter()
            .flatten()
            .map(|(pattern, _)| pattern)
            .collect(),
        read_anew: false,
    }))
}

/// Leaves a snapshot for the next time. Without one the manifest is read again; nothing else is lost.
pub(super) fn save(place: &Place, basis: &Basis, graph: &Graph) {
    let _ = state::write_snapshot(&place.state, &[&basis.encode(), graph.bytes()]);
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
    /// The manifest, those it includes, and files of parameters.
    pub(super) files: Vec<(ProjectPath, Option<Digest>)>,
    pub(super) sets: Vec<(String, String)>,
    /// Not compared: what the files say.
    pub(super) settings: Settings,
    pub(super) variables: HashMap<String, Option<String>>,
    pub(super) listings: Vec<(String, Digest)>,
    pub(super) includes: Vec<(String, Digest)>,
}

const SNAPSHOT_VERSION: &str = concat!("pipe snapshot 2 ", env!("CARGO_PKG_VERSION"));

impl Basis {
    /// With what globs matched.
    pub(super) fn with_listings(
        mut self,
        listings: &HashMap<String, Vec<ProjectPath>>,
        includes: &[(String, Vec<ProjectPath>)],
    ) -> Self {
        let digest = |(pattern, files): (&String, &Vec<ProjectPath>)| {
            (pattern.clone(), listing_digest(files))
        };
        self.listings = listings.iter().map(digest).collect();
        self.listings.sort();
        self.includes = includes
            .iter()
            .map(|(pattern, files)| digest((pattern, files)))
            .collect();
        self
    }

    /// Version, length and checksum of the rest, then the rest.
    fn encode(&self) -> Vec<u8> {
        let mut body = FlatWriter::default();
        body.number(self.files.len() as u32);
        for (path, digest) in &self.files {
            body.text(path.as_str()).byte(u8::from(digest.is_some()));
            if let Some(digest) = digest {
                body.digest(digest);
            }
        }
        body.number(self.sets.len() as u32);
        for (name, value) in &self.sets {
            body.text(name).text(value);
        }
        body.number(self.settings.jobs.unwrap_or(0));
        let resources = Demand {
            draws: self.settings.resources.clone(),
            ..Demand::default()
        };
        body.bytes(&resources.encode());
        body.number(self.variables.len() as u32);
        for (name, value) in &self.variables {
            body.text(name).texts(value.as_slice());
        }
        for listings in [&self.listings, &self.includes] {
            body.number(listings.len() as u32);
            for (pattern, digest) in listings {
                body.text(pattern).digest(digest);
            }
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
        let file = |body: &mut FlatReader<'_>| {
            let path = ProjectPath::from_normal(body.text()?);
            let digest = match body.byte()? {
                0 => None,
                _ => Some(body.digest()?),
            };
            Some((path, digest))
        };
        let files = many(&mut body, file)?;
        let sets = many(&mut body, |body| {
            Some((body.text()?.to_owned(), body.text()?.to_owned()))
        })?;
        let settings = Settings {
            jobs: Some(body.number()?).filter(|&jobs| jobs > 0),
            resources: Demand::decode(body.bytes()?)?.draws,
        };
        let variable =
            |body: &mut FlatReader<'_>| Some((body.text()?.to_owned(), body.texts()?.pop()));
        let variables = many(&mut body, variable)?.into_iter().collect();
        let listing = |body: &mut FlatReader<'_>| Some((body.text()?.to_owned(), body.digest()?));
        let listings = many(&mut body, listing)?;
        let includes = many(&mut body, listing)?;
        let basis = Basis {
            files,
            sets,
            settings,
            variables,
            listings,
            includes,
        };
        Some((basis, bytes.len() - whole.0.len()))
    }
}

/// A count, and so many of what `one` reads.
fn many<'b, T>(
    body: &mut FlatReader<'b>,
    one: impl Fn(&mut FlatReader<'b>) -> Option<T>,
) -> Option<Vec<T>> {
    let count = body.number()?;
    (0..count).map(|_| one(body)).collect()
}
