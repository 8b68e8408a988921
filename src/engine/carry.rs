//! Reading all of the cache to check it, and carrying results from one cache to another.
//!
//! Does not know the archive's form, nor what makes an entry sound.

use super::project::Place;
use super::session::{Session, SessionError};
use crate::base::record::Key;
use crate::logic::graph::NodeId;
use crate::logic::graph::select::Selection;
use crate::logic::room::Lost;
use crate::world::nearby;
use crate::world::store::cache::LocalCache;
use crate::world::store::{ArchiveFault, Carried};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// What a reading of the whole cache found.
#[derive(Debug, Default)]
pub struct Soundness {
    /// Blobs, results and bytes that were read.
    pub read: (usize, usize, u64),
    /// What was damaged and has been put aside.
    pub lost: Vec<Lost>,
}

/// Reads all of the cache and puts aside what is damaged.
///
/// # Errors
/// Something cannot be read or put aside.
pub fn verify(place: &Place) -> Result<Soundness, SessionError> {
    let found = cache_of(place).verify()?;
    let blobs = found.damaged_blobs.iter().map(|digest| Lost::Blob(*digest));
    let results = found.damaged_results.iter().map(|key| Lost::Result(*key));
    let lame = found.lame_results.into_iter().map(|(key, result, blob)| {
        let paths = result.outputs.into_iter().map(|(path, _)| path);
        Lost::Lame {
            key,
            outputs: paths.collect(),
            blob,
        }
    });
    Ok(Soundness {
        read: (found.blobs, found.results, found.bytes),
        lost: blobs.chain(results).chain(lame).collect(),
    })
}

fn cache_of(place: &Place) -> LocalCache {
    LocalCache::new(&place.cache, &place.state.join("tmp"))
}

/// What an export has written, and which nodes it left out because the cache has no result for them as they are now.
pub struct Exported {
    /// What it holds.
    pub carried: Carried,
    /// Names.
    pub left_out: Vec<String>,
}

/// Writes what the selected nodes would be restored from into `file`.
///
/// # Errors
/// Sources are missing, or the archive cannot be written.
pub fn export(
    session: &mut Session,
    selection: &Selection,
    file: &Path,
) -> Result<Exported, SessionError> {
    let survey = session.survey(selection, false);
    let (graph, tools) = (&session.project.graph, &session.tools);
    let mut keys: HashMap<Key, NodeId> = HashMap::new();
    for (node, key) in survey.keys(&session.project, tools) {
        if graph.uncached(node) {
            continue;
        }
        keys.insert(key, node);
    }
    let wanted: Vec<Key> = keys.keys().copied().collect();
    let exported = tools.cache.export(&wanted, file);
    let (carried, lacking) = exported.map_err(|fault| archive_error("write", file, fault))?;
    let known: HashSet<u32> = keys.values().map(|node| node.0).collect();
    let lacking: HashSet<u32> = lacking.iter().map(|key| keys[key].0).collect();
    let left_out = graph.nodes().filter(|&node| {
        selection.contains(node) && (!known.contains(&node.0) || lacking.contains(&node.0))
    });
    Ok(Exported {
        carried,
        left_out: left_out.map(|node| graph.name(node).to_owned()).collect(),
    })
}

/// Takes over what an archive holds.
///
/// # Errors
/// It is not sound, or there is no room for it; nothing of it is in the cache then.
pub fn import(place: &Place, file: &Path) -> Result<Carried, SessionError> {
    let cache = cache_of(place);
    let _announced = cache.announce(&place.state);
    let free = nearby::disk_room(&place.cache).map_or(u64::MAX, |disk| disk.free);
    let carried = cache.import(file, free);
    carried.map_err(|fault| archive_error("take", file, fault))
}

fn archive_error(verb: &'static str, file: &Path, fault: ArchiveFault) -> SessionError {
    match fault {
        ArchiveFault::Trouble(trouble) => SessionError::Trouble(trouble),
        fault => SessionError::Archive {
            verb,
            file: file.to_path_buf(),
            said: fault.to_string(),
        },
    }
}
