//! Reading all of the cache to check it, and carrying results from one cache to another.
//!
//! Does not know the archive's form, nor what makes an entry sound.

use super::project::{Place, Tools};
use super::session::{Session, SessionError};
use crate::base::record::Key;
use crate::logic::graph::select::Selection;
use crate::logic::graph::{Graph, NodeId};
use crate::logic::room::Lost;
use crate::logic::room::fit::{Parcel, fit};
use crate::world::nearby;
use crate::world::store::cache::LocalCache;
use crate::world::store::{ArchiveFault, Carried};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

/// What an archive of nothing takes at most, in bytes.
const ARCHIVE_FRAME: u64 = 1024;

/// What a reading of the whole cache found.
#[derive(Debug, Default)]
pub struct Soundness {
    /// Blobs, results and bytes that were read.
    pub read: (usize, usize, u64),
    /// What was damaged and has been put aside.
    pub lost: Vec<Lost>,
}

/// Caches that are to be read and are not there.
pub fn lacking(place: &Place) -> Vec<&Path> {
    let behind = place.behind.iter().map(|folder| &**folder);
    behind.filter(|folder| !nearby::is_folder(folder)).collect()
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
    /// Names of those for which there was no room.
    pub too_large: Vec<String>,
}

/// Writes what the selected nodes would be restored from into `file`, wherever it comes from; of that as much as takes
/// at most `most` bytes before compression.
///
/// # Errors
/// Sources are missing, or the archive cannot be written.
pub fn export(
    session: &mut Session,
    selection: &Selection,
    file: &Path,
    most: Option<u64>,
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
    let too_large = most.map_or_else(Vec::new, |most| too_large(graph, tools, &keys, most));
    let is_too_large: HashSet<u32> = too_large.iter().map(|node| node.0).collect();
    let wanted = keys
        .iter()
        .filter(|(_, node)| !is_too_large.contains(&node.0));
    let wanted: Vec<Key> = wanted.map(|(key, _)| *key).collect();
    let exported = tools.cache.export(&wanted, file);
    let (carried, lacking) = exported.map_err(|fault| archive_error("write", file, fault))?;
    let known: HashSet<u32> = keys.values().map(|node| node.0).collect();
    let lacking: HashSet<u32> = lacking.iter().map(|key| keys[key].0).collect();
    let left_out = graph.nodes().filter(|&node| {
        selection.contains(node) && (!known.contains(&node.0) || lacking.contains(&node.0))
    });
    let name = |node| graph.name(node).to_owned();
    Ok(Exported {
        carried,
        left_out: left_out.map(name).collect(),
        too_large: too_large.into_iter().map(name).collect(),
    })
}

/// Which nodes have no room in `most` bytes. Depends on names and results alone, so that the same results give the same
/// archive on every machine.
fn too_large(graph: &Graph, tools: &Tools, keys: &HashMap<Key, NodeId>, most: u64) -> Vec<NodeId> {
    let mut keys_of: BTreeMap<(&str, u32), Vec<&Key>> = BTreeMap::new();
    for (key, node) in keys {
        let place = keys_of.entry((graph.name(*node), node.0));
        place.or_default().push(key);
    }
    let (mut numbers, mut sizes) = (HashMap::new(), Vec::new());
    let parcels: Vec<Parcel> = keys_of
        .values()
        .map(|keys| {
            let mut parcel = Parcel {
                saves_ms: 0,
                size: 0,
                blobs: Vec::new(),
            };
            for weight in keys.iter().filter_map(|key| tools.cache.weigh(key)) {
                parcel.saves_ms += weight.saves_ms;
                parcel.size += weight.index;
                for (digest, size) in weight.blobs {
                    let number = *numbers.entry(digest).or_insert_with(|| {
                        sizes.push(size);
                        sizes.len() as u32 - 1
                    });
                    parcel.blobs.push(number);
                }
            }
            parcel.blobs.sort_unstable();
            parcel.blobs.dedup();
            parcel
        })
        .collect();
    let chosen = fit(&parcels, &sizes, most.saturating_sub(ARCHIVE_FRAME));
    let nodes = keys_of.keys().zip(chosen);
    let left = nodes.filter(|(_, chosen)| !chosen);
    left.map(|(&(_, node), _)| NodeId(node)).collect()
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
