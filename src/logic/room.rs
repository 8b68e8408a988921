//! Which results a cache gives up: those that are of no use, those that are too old or too many, and, where it is too
//! large, the least recently used first, what somebody still has in use last.
//!
//! Knows numbers only: no files, no clock, no node. What was used since a running build began never goes.

pub mod fit;

use crate::base::digest::Digest;
use crate::base::path::ProjectPath;
use crate::base::record::Key;

/// Who has a result in use. What is in use goes last, and only for the sake of the size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InUse {
    /// Nobody that is known.
    Nowhere,
    /// A node of another checkout is up to date with it.
    Elsewhere,
    /// A node of this project is.
    Here,
}

/// A result that is kept.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When it was last used, in milliseconds since 1970 UTC.
    pub used_ms: u64,
    /// What it takes by itself, in bytes, its blobs not counted.
    pub size: u64,
    /// It was made or used since a build began that still runs.
    pub recent: bool,
    /// Something that it needs is not there, so it will never be used.
    pub useless: bool,
    /// Who has it in use.
    pub in_use: InUse,
    /// The results of one node have the same number; `None` for what is no node's.
    pub group: Option<u32>,
    /// The blobs that it needs, by number, each once.
    pub blobs: Vec<u32>,
}

/// A blob that is kept.
#[derive(Debug, Clone, Copy)]
pub struct Blob {
    /// In bytes.
    pub size: u64,
    /// As of an entry.
    pub recent: bool,
}

/// What may stay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policy {
    /// So many bytes, blobs and results together.
    pub max_size: Option<u64>,
    /// What was used in the last so many milliseconds, and what is in use.
    pub older_than_ms: Option<u64>,
    /// The last so many results of each node, and what is in use.
    pub keep_last: Option<usize>,
}

/// What goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// Entries by number, in the order in which they go.
    pub entries: Vec<usize>,
    /// What will be free, in bytes.
    pub freed: u64,
    /// What is left, in bytes.
    pub left: u64,
}

/// What a cache holds, and what it has been good for. Sizes in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Where it lies.
    pub folder: String,
    /// Results.
    pub results: usize,
    /// Blobs.
    pub blobs: usize,
    /// What both take.
    pub size: u64,
    /// More than this and a build prunes it; `None` for no limit.
    pub limit: Option<u64>,
    /// Results that nodes of this project are up to date with.
    pub results_here: usize,
    /// What they take, with their blobs.
    pub size_here: u64,
    /// Other checkouts that use this cache.
    pub checkouts: usize,
    /// Results that only their nodes are up to date with.
    pub results_elsewhere: usize,
    /// What those take, with their blobs.
    pub size_elsewhere: u64,
    /// What any pruning would free: what no result needs, and what was put aside.
    pub unneeded: u64,
    /// Builds of this checkout that are remembered.
    pub builds: usize,
    /// Nodes that were restored in them.
    pub restored: u64,
    /// Nodes whose commands ran in them.
    pub ran: u64,
    /// The time that the restored ones had taken, in milliseconds.
    pub saved_ms: u64,
}

/// What a build took out of a cache that had become too large. Sizes in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruned {
    /// How many results went.
    pub results: usize,
    /// What is free now.
    pub freed: u64,
    /// What is left.
    pub left: u64,
    /// What it may take.
    pub limit: u64,
}

/// Results of one node that go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// What they would bring back; empty for what only remembers something.
    pub outputs: Vec<ProjectPath>,
    /// How many they are.
    pub results: usize,
    /// What they would bring back together, in bytes.
    pub size: u64,
    /// When one of them was last used.
    pub used_ms: u64,
    /// Who has them in use.
    pub in_use: InUse,
}

/// Something of a cache that was damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lost {
    /// Bytes that are not what their name says.
    Blob(Digest),
    /// A result that cannot be read.
    Result(Key),
    /// A result whose blob is damaged or gone.
    Lame {
        /// Its key.
        key: Key,
        /// What it would have brought back.
        outputs: Vec<ProjectPath>,
        /// Which.
        blob: Digest,
    },
}

/// Chooses what goes.
pub fn choose(entries: &[Entry], blobs: &[Blob], policy: &Policy, now_ms: u64) -> Choice {
    let mut room = Room::of(entries, blobs);
    let mut order: Vec<usize> = (0..entries.len())
        .filter(|&number| !entries[number].recent)
        .collect();
    order.sort_by_key(|&number| {
        let entry = &entries[number];
        (!entry.useless, entry.in_use, entry.used_ms, number)
    });
    let surplus = surplus(entries, policy.keep_last);
    let (by_size, at_once): (Vec<usize>, Vec<usize>) = order.into_iter().partition(|&number| {
        let entry = &entries[number];
        let age = now_ms.saturating_sub(entry.used_ms);
        let unwanted = surplus[number] || policy.older_than_ms.is_some_and(|most| age > most);
        !(entry.useless || unwanted && entry.in_use == InUse::Nowhere)
    });
    for number in at_once {
        room.remove(number);
    }
    for number in by_size {
        if policy.max_size.is_none_or(|most| room.left <= most) {
            break;
        }
        room.remove(number);
    }
    room.choice()
}

/// Which entries are more than the last `keep_last` of their node.
fn surplus(entries: &[Entry], keep_last: Option<usize>) -> Vec<bool> {
    let mut surplus = vec![false; entries.len()];
    let Some(most) = keep_last else {
        return surplus;
    };
    let mut grouped: Vec<usize> = (0..entries.len())
        .filter(|&number| entries[number].group.is_some() && !entries[number].useless)
        .collect();
    let last_first = |number: &usize| u64::MAX - entries[*number].used_ms;
    grouped.sort_by_key(|number| (entries[*number].group, last_first(number), *number));
    for of_one in grouped.chunk_by(|&one, &other| entries[one].group == entries[other].group) {
        for &number in of_one.iter().skip(most) {
            surplus[number] = true;
        }
    }
    surplus
}

struct Room<'a> {
    entries: &'a [Entry],
    blobs: &'a [Blob],
    /// By blob number: how many entries that stay need it.
    needed: Vec<u32>,
    gone: Vec<usize>,
    freed: u64,
    left: u64,
}

impl<'a> Room<'a> {
    fn of(entries: &'a [Entry], blobs: &'a [Blob]) -> Self {
        let mut needed = vec![0_u32; blobs.len()];
        for &blob in entries.iter().flat_map(|entry| &entry.blobs) {
            needed[blob as usize] += 1;
        }
        let all = entries.iter().map(|entry| entry.size);
        let left = all.chain(blobs.iter().map(|blob| blob.size)).sum();
        let mut room = Room {
            entries,
            blobs,
            needed,
            gone: Vec::new(),
            freed: 0,
            left,
        };
        for blob in 0..blobs.len() {
            room.free_if_unneeded(blob);
        }
        room
    }

    fn free_if_unneeded(&mut self, blob: usize) {
        if self.needed[blob] == 0 && !self.blobs[blob].recent {
            self.free(self.blobs[blob].size);
        }
    }

    fn free(&mut self, size: u64) {
        self.freed += size;
        self.left -= size;
    }

    fn remove(&mut self, number: usize) {
        self.gone.push(number);
        self.free(self.entries[number].size);
        for &blob in &self.entries[number].blobs {
            self.needed[blob as usize] -= 1;
            self.free_if_unneeded(blob as usize);
        }
    }

    fn choice(self) -> Choice {
        Choice {
            entries: self.gone,
            freed: self.freed,
            left: self.left,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1000;

    fn entry(used_ms: u64, in_use: InUse, blobs: &[u32]) -> Entry {
        Entry {
            used_ms,
            size: 1,
            recent: false,
            useless: false,
            in_use,
            group: Some(0),
            blobs: blobs.to_vec(),
        }
    }

    fn blobs(sizes: &[u64]) -> Vec<Blob> {
        let blob = |&size| Blob {
            size,
            recent: false,
        };
        sizes.iter().map(blob).collect()
    }

    fn at_most(size: u64) -> Policy {
        Policy {
            max_size: Some(size),
            ..Policy::default()
        }
    }

    #[test]
    fn what_was_used_longest_ago_goes_first_and_what_is_in_use_last() {
        let entries = [
            entry(1, InUse::Here, &[0]),
            entry(2, InUse::Elsewhere, &[1]),
            entry(9, InUse::Nowhere, &[2]),
            entry(8, InUse::Nowhere, &[3]),
        ];
        let blobs = blobs(&[10, 10, 10, 10]);
        let goes = |most| choose(&entries, &blobs, &at_most(most), NOW).entries;
        assert_eq!(goes(44), Vec::<usize>::new());
        assert_eq!(goes(43), [3]);
        assert_eq!(goes(22), [3, 2]);
        assert_eq!(goes(21), [3, 2, 1]);
        assert_eq!(goes(0), [3, 2, 1, 0]);
    }

    #[test]
    fn a_shared_blob_is_free_when_the_last_result_that_needs_it_goes() {
        let entries = [
            entry(1, InUse::Nowhere, &[0]),
            entry(2, InUse::Nowhere, &[0, 1]),
        ];
        let blobs = blobs(&[100, 10, 5]);
        let choice = choose(&entries, &blobs, &at_most(111), NOW);
        assert_eq!(
            choice,
            Choice {
                entries: vec![0],
                freed: 1 + 5,
                left: 111
            },
            "the stray blob goes too, the shared one stays"
        );
        assert_eq!(choose(&entries, &blobs, &at_most(0), NOW).left, 0);
    }

    #[test]
    fn age_and_number_spare_what_is_in_use() {
        let entries = [
            entry(100, InUse::Here, &[]),
            entry(100, InUse::Nowhere, &[]),
            entry(800, InUse::Nowhere, &[]),
            entry(900, InUse::Nowhere, &[]),
        ];
        let old = Policy {
            older_than_ms: Some(500),
            ..Policy::default()
        };
        assert_eq!(choose(&entries, &[], &old, NOW).entries, [1]);
        let last = Policy {
            keep_last: Some(1),
            ..Policy::default()
        };
        assert_eq!(choose(&entries, &[], &last, NOW).entries, [1, 2]);
    }

    #[test]
    fn what_a_running_build_has_just_used_never_goes() {
        let mut kept = entry(999, InUse::Nowhere, &[0]);
        kept.recent = true;
        let mut just_made = blobs(&[10, 10]);
        just_made[1].recent = true;
        let choice = choose(&[kept], &just_made, &at_most(0), NOW);
        assert_eq!((choice.entries, choice.freed), (Vec::new(), 0));
    }

    #[test]
    fn what_can_never_be_used_goes_without_being_asked_for() {
        let mut lame = entry(999, InUse::Here, &[0]);
        lame.useless = true;
        let choice = choose(&[lame], &blobs(&[10]), &Policy::default(), NOW);
        assert_eq!((choice.entries, choice.left), (vec![0], 0));
    }
}
