//! The cache as a whole: what it holds, how large it may become, what it gives up.
//!
//! Brings together what lies on the disk and who has it in use; what goes is chosen in `logic/room`. Takes no lock of a
//! project: builds here and elsewhere go on meanwhile.

use super::inputs::entry_keys;
use super::project::{Project, Tools};
use super::session::{Session, SessionError};
use crate::base::content::Content;
use crate::base::digest::Digest;
use crate::base::path::ProjectPath;
use crate::base::quantity::Amount;
use crate::base::record::{Key, RunResult};
use crate::logic::event::{BuildEvent, Notice};
use crate::logic::room::{self, Blob, Choice, Entry, Holdings, InUse, Leaving, Policy, Pruned};
use crate::world::clock;
use crate::world::nearby;
use crate::world::store::Inventory;
use crate::world::store::ledger::Ledger;
use crate::world::trouble::Trouble;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Without a word from anybody a cache may take this part of its disk, in hundredths …
const USUAL_SHARE: u32 = 10;
/// … but not less than this, in bytes.
const USUAL_LEAST: u64 = 5 << 30;
/// When a cache is too large, a build brings it down to this part of its limit, in hundredths, so that the next builds
/// need not look again.
const PRUNED_TO: u64 = 80;
/// After so many milliseconds a build measures the cache again: others may have added to it.
const MEASURED_AFTER: u64 = 24 * 60 * 60 * 1000;

/// How large a cache may become before a build prunes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CacheMax {
    /// A tenth of its disk, at least 5 GiB.
    #[default]
    Usual,
    /// As large as it likes.
    Unlimited,
    /// So many bytes.
    Bytes(u64),
    /// So many hundredths of its disk.
    Share(u32),
}

impl CacheMax {
    /// Reads `20GiB`, `15%`, `0` or `off`.
    ///
    /// # Errors
    /// What is wrong, in the user's words.
    pub fn parse(text: &str) -> Result<CacheMax, String> {
        if text == "off" {
            return Ok(CacheMax::Unlimited);
        }
        match Amount::parse(text) {
            Ok(Amount::Bytes(bytes)) => Ok(CacheMax::Bytes(bytes)),
            Ok(Amount::Percent(share)) => Ok(CacheMax::Share(share)),
            Ok(Amount::Count(0)) => Ok(CacheMax::Bytes(0)),
            Ok(Amount::Count(count)) => Err(format!("`{count}` has no unit, as in `{count}GiB`")),
            Err(fault) => Err(fault.to_string()),
        }
    }

    /// In bytes, for the cache in `folder`; `None` for no limit.
    pub fn bytes(self, folder: &Path) -> Option<u64> {
        let share = |share: u32| {
            let disk = nearby::disk_room(folder)?;
            Some(disk.total / 100 * u64::from(share))
        };
        match self {
            CacheMax::Unlimited => None,
            CacheMax::Bytes(bytes) => Some(bytes),
            CacheMax::Share(part) => share(part),
            CacheMax::Usual => share(USUAL_SHARE).map(|bytes| bytes.max(USUAL_LEAST)),
        }
    }
}

/// A cache that was looked at, in the numbers that `logic/room` chooses by.
struct Stock {
    inventory: Inventory,
    entries: Vec<Entry>,
    blobs: Vec<Blob>,
}

impl Stock {
    fn take(project: &Project, tools: &Tools) -> Result<Stock, Trouble> {
        let inventory = tools.cache.inventory(&project.place.state)?;
        let here: HashSet<Key> = keys_here(project, tools).into_iter().collect();
        let ledgers = inventory.users.iter().map(|state| Ledger::open(state).0);
        let elsewhere: HashSet<Key> = ledgers.flat_map(|ledger| ledger.keys()).collect();
        let in_use = |key: &Key| match (here.contains(key), elsewhere.contains(key)) {
            (true, _) => InUse::Here,
            (false, true) => InUse::Elsewhere,
            (false, false) => InUse::Nowhere,
        };
        let numbers: HashMap<Digest, u32> = inventory.blobs.keys().copied().zip(0..).collect();
        let mut groups: HashMap<String, u32> = HashMap::new();
        let entries = inventory.results.iter().map(|kept| {
            let next = groups.len() as u32;
            let group = group(&kept.result).map(|name| *groups.entry(name).or_insert(next));
            Entry {
                used_ms: ms(kept.room.used_ns),
                size: kept.room.size,
                recent: kept.room.used_ns >= inventory.floor_ns,
                useless: !kept.whole,
                in_use: in_use(&kept.key),
                group,
                blobs: kept
                    .needs
                    .iter()
                    .filter_map(|digest| numbers.get(digest).copied())
                    .collect(),
            }
        });
        let entries = entries.collect();
        let mut blobs = vec![
            Blob {
                size: 0,
                recent: false
            };
            numbers.len()
        ];
        for (digest, number) in numbers {
            let room = inventory.blobs[&digest];
            blobs[number as usize] = Blob {
                size: room.size,
                recent: room.used_ns >= inventory.floor_ns,
            };
        }
        Ok(Stock {
            inventory,
            entries,
            blobs,
        })
    }

    fn size(&self) -> u64 {
        let entries = self.entries.iter().map(|entry| entry.size);
        entries.chain(self.blobs.iter().map(|blob| blob.size)).sum()
    }

    /// What the entries that `wanted` says take together, with their blobs; and how many they are.
    fn share(&self, wanted: impl Fn(&Entry) -> bool) -> (usize, u64) {
        let chosen: Vec<&Entry> = self.entries.iter().filter(|entry| wanted(entry)).collect();
        let mut blobs: Vec<u32> = chosen
            .iter()
            .flat_map(|entry| &entry.blobs)
            .copied()
            .collect();
        blobs.sort_unstable();
        blobs.dedup();
        let of_blobs = blobs.iter().map(|&blob| self.blobs[blob as usize].size);
        let size = chosen.iter().map(|entry| entry.size).chain(of_blobs).sum();
        (chosen.len(), size)
    }

    fn keys_of(&self, choice: &Choice) -> HashSet<Key> {
        let key = |&number: &usize| self.inventory.results[number].key;
        choice.entries.iter().map(key).collect()
    }
}

/// The keys of the results that this project's nodes are up to date with.
fn keys_here(project: &Project, tools: &Tools) -> Vec<Key> {
    let graph = &project.graph;
    let recorded = |node| Some((node, tools.ledger.node(graph.name(node))?));
    let records = graph.nodes().filter_map(recorded);
    records
        .flat_map(|(node, record)| entry_keys(project, node, record.key, &record.parts.inputs))
        .collect()
}

/// What the results of one node have in common: the paths of its outputs. Its name is not part of a result.
fn group(result: &RunResult) -> Option<String> {
    let written = |(path, content): &(ProjectPath, Content)| {
        (*content != Content::Absent).then(|| path.as_str().to_owned())
    };
    let paths: Vec<String> = result.outputs.iter().filter_map(written).collect();
    (!paths.is_empty()).then(|| paths.join("\n"))
}

fn ms(ns: i64) -> u64 {
    u64::try_from(ns / 1_000_000).unwrap_or(0)
}

/// What the cache holds, and what it has been good for in this checkout.
///
/// # Errors
/// It cannot be read.
pub fn holdings(session: &Session, max: CacheMax) -> Result<Holdings, SessionError> {
    let (project, tools) = (&session.project, &session.tools);
    let stock = Stock::take(project, tools)?;
    let unneeded = room::choose(&stock.entries, &stock.blobs, &Policy::default(), 0);
    let (results_here, size_here) = stock.share(|entry| entry.in_use == InUse::Here);
    let (results_elsewhere, size_elsewhere) = stock.share(|entry| entry.in_use == InUse::Elsewhere);
    let ends: Vec<_> = tools
        .ledger
        .builds()
        .into_iter()
        .filter_map(|build| build.end)
        .collect();
    let sum = |of: fn(&crate::base::record::BuildEnd) -> u64| ends.iter().map(of).sum();
    Ok(Holdings {
        folder: project.place.cache.display().to_string(),
        results: stock.entries.len(),
        blobs: stock.blobs.len(),
        size: stock.size(),
        limit: max.bytes(&project.place.cache),
        results_here,
        size_here,
        checkouts: stock.inventory.users.len(),
        results_elsewhere,
        size_elsewhere,
        unneeded: unneeded.freed + stock.inventory.aside,
        builds: ends.len(),
        restored: sum(|end| end.restored.into()),
        ran: sum(|end| (end.ran + end.failed).into()),
        saved_ms: sum(|end| end.saved_ms),
    })
}

/// A pruning that was thought through and not done yet.
pub struct Pruning {
    stock: Stock,
    choice: Choice,
    /// What goes, by the outputs that it would bring back; least recently used first.
    pub leaving: Vec<Leaving>,
    /// How many results go.
    pub results: usize,
    /// What will be free, in bytes.
    pub freed: u64,
    /// What is left, in bytes.
    pub left: u64,
}

/// Finds what would go; takes nothing out.
///
/// # Errors
/// The cache cannot be read.
pub fn plan_pruning(session: &Session, policy: &Policy) -> Result<Pruning, SessionError> {
    let stock = Stock::take(&session.project, &session.tools)?;
    let choice = room::choose(&stock.entries, &stock.blobs, policy, clock::now_ms());
    let unreadable = stock.inventory.unreadable.iter();
    let more: u64 = unreadable.map(|(_, room)| room.size).sum();
    Ok(Pruning {
        leaving: leaving(&stock, &choice),
        results: choice.entries.len(),
        freed: choice.freed + more + stock.inventory.aside,
        left: choice.left,
        stock,
        choice,
    })
}

fn leaving(stock: &Stock, choice: &Choice) -> Vec<Leaving> {
    let mut places: HashMap<(Option<u32>, InUse), usize> = HashMap::new();
    let mut leaving: Vec<Leaving> = Vec::new();
    for &number in &choice.entries {
        let (entry, kept) = (&stock.entries[number], &stock.inventory.results[number]);
        let place = *places
            .entry((entry.group, entry.in_use))
            .or_insert_with(|| {
                let outputs = kept.result.outputs.iter().filter(|_| entry.group.is_some());
                leaving.push(Leaving {
                    outputs: outputs.map(|(path, _)| path.clone()).collect(),
                    results: 0,
                    size: 0,
                    used_ms: 0,
                    in_use: entry.in_use,
                });
                leaving.len() - 1
            });
        let one = &mut leaving[place];
        one.results += 1;
        one.size += size_of(&kept.result);
        one.used_ms = one.used_ms.max(entry.used_ms);
    }
    leaving
}

/// The size of what a result brings back.
fn size_of(result: &RunResult) -> u64 {
    let sizes = result.outputs.iter().map(|(_, content)| match content {
        Content::File { size, .. } | Content::Tree { size, .. } => *size,
        Content::Absent | Content::Special => 0,
    });
    sizes.sum()
}

/// Takes out what was chosen. Returns how many results went, and what is free now, in bytes: less than was thought,
/// where something was used meanwhile.
///
/// # Errors
/// Something cannot be taken out.
pub fn prune(session: &Session, pruning: &Pruning) -> Result<(usize, u64), SessionError> {
    let stock = &pruning.stock;
    let cache = &session.tools.cache;
    let out = cache.take_out(&stock.inventory, &stock.keys_of(&pruning.choice))?;
    cache.note_size(stock.size().saturating_sub(out.1), clock::now_ms());
    Ok(out)
}

/// After a build that has added to the cache: prunes it when it has become too large.
pub(super) fn after_build(
    project: &Project,
    tools: &Tools,
    max: CacheMax,
    tell: &mut dyn FnMut(BuildEvent),
) {
    let pruned = prune_if_too_large(project, tools, max);
    let told = pruned.unwrap_or_else(|trouble| Some(Notice::Trouble(trouble.to_string())));
    told.into_iter().map(BuildEvent::Notice).for_each(tell);
}

/// The cache is measured once a day; between, what builds add is counted.
fn prune_if_too_large(
    project: &Project,
    tools: &Tools,
    max: CacheMax,
) -> Result<Option<Notice>, Trouble> {
    let (cache, now) = (&tools.cache, clock::now_ms());
    let added = cache.added();
    let Some(limit) = max.bytes(&project.place.cache).filter(|_| added > 0) else {
        return Ok(None);
    };
    if let Some((size, measured)) = cache.noted_size()
        && now.saturating_sub(measured) < MEASURED_AFTER
        && size + added <= limit
    {
        cache.note_size(size + added, measured);
        return Ok(None);
    }
    let stock = Stock::take(project, tools)?;
    let size = stock.size();
    if size <= limit {
        cache.note_size(size, now);
        return Ok(None);
    }
    let policy = Policy {
        max_size: Some(limit / 100 * PRUNED_TO),
        ..Policy::default()
    };
    let choice = room::choose(&stock.entries, &stock.blobs, &policy, now);
    let (results, freed) = cache.take_out(&stock.inventory, &stock.keys_of(&choice))?;
    let left = size.saturating_sub(freed);
    cache.note_size(left, now);
    let pruned = Notice::CachePruned(Pruned {
        results,
        freed,
        left,
        limit,
    });
    // What is over the limit is all of this build's own, or of others that run: nothing has gone.
    Ok((freed > 0).then_some(pruned))
}
