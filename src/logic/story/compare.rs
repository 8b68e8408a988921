//! What differs between two builds: nodes, keys, durations, outputs.
//!
//! A build tells of the nodes that it dealt with; what it did not deal with is as the last build before it left it. Does
//! not know where stories are kept.

use crate::base::record::{Key, RunCause};
use crate::base::story::{Fate, NodeStory, OutputStory, Story};
use std::collections::{BTreeMap, HashMap};

/// A difference between two times that is smaller is the machine's, in milliseconds.
const TELLING_MS: u64 = 100;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// The nodes that differ, by name.
    pub nodes: Vec<NodeDifference>,
    /// How many nodes of both builds do not differ.
    pub alike: usize,
}

/// A node in both builds, or in one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeDifference {
    /// Its name.
    pub name: String,
    /// In the first build; `None` where that tells nothing of it.
    pub then: Option<Standing>,
    /// In the second.
    pub now: Option<Standing>,
    /// Whether their keys differ; `None` where one of them is not known.
    pub key_differs: Option<bool>,
    /// Why it ran in the second build, as far as that is known.
    pub reasons: Vec<RunCause>,
    /// Outputs that differ, by path.
    pub outputs: Vec<OutputDifference>,
}

/// What is known of a node as of one build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What it came to; fresh where the build did not have to deal with it.
    pub fate: Fate,
    /// How long its command took, in milliseconds: in the build, or when its outputs were made.
    pub took_ms: Option<u64>,
    key: Option<Key>,
    outputs: Vec<OutputStory>,
}

/// An output on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputDifference {
    /// Where.
    pub path: String,
    /// Its size in the first build, in bytes; `None` where it was not there or is not known.
    pub then: Option<u64>,
    /// In the second.
    pub now: Option<u64>,
}

/// Compares two builds, given by number, with the help of the stories of the others: in the order of the builds, and none
/// behind the later one. Nothing differs where one of them has no story.
pub fn compare(stories: &[&Story], first: u32, second: u32) -> Difference {
    let place = |build: u32| stories.iter().position(|story| story.build == build);
    let (Some(first), Some(second)) = (place(first), place(second)) else {
        return Difference::default();
    };
    let then = Side::of(stories, first);
    let now = Side::of(stories, second);
    let told = stories[first.min(second)..]
        .iter()
        .flat_map(|story| &story.nodes);
    let mut names: Vec<&str> = told.map(|node| &*node.name).collect();
    names.sort_unstable();
    names.dedup();
    let mut difference = Difference::default();
    for name in names {
        let (then, reasons) = (then.standing(name), now.reasons(name));
        match (then, now.standing(name)) {
            // Of a build between the two.
            (None, None) => {}
            (then, now) => match of_one(name, then, now, reasons) {
                Some(differs) => difference.nodes.push(differs),
                None => difference.alike += 1,
            },
        }
    }
    difference
}

/// One of the two builds, and what those before it left.
struct Side<'s> {
    complete: bool,
    nodes: HashMap<&'s str, &'s NodeStory>,
    left: HashMap<&'s str, &'s NodeStory>,
}

impl<'s> Side<'s> {
    fn of(stories: &[&'s Story], at: usize) -> Side<'s> {
        let named = |node: &'s NodeStory| (&*node.name, node);
        let settled = |node: &&NodeStory| node.key.is_some();
        let before = stories[..at].iter().flat_map(|story| &story.nodes);
        Side {
            complete: stories[at].complete,
            nodes: stories[at].nodes.iter().map(named).collect(),
            // Later ones take the place of earlier ones.
            left: before.filter(settled).map(named).collect(),
        }
    }

    /// What is known of a node as of this build. A fresh one is as it was left.
    fn standing(&self, name: &str) -> Option<Standing> {
        let left = || {
            self.left
                .get(name)
                .map(|node| Standing::of(node).made_fresh())
        };
        match self.nodes.get(name) {
            Some(node) if node.fate == Fate::Fresh && node.key.is_none() => {
                left().or_else(|| Some(Standing::of(node)))
            }
            Some(node) => Some(Standing::of(node)),
            None if self.complete => None,
            // Of large graphs a build tells only of what was not fresh.
            None => left(),
        }
    }

    fn reasons(&self, name: &str) -> &'s [RunCause] {
        self.nodes.get(name).map_or(&[], |node| &node.reasons)
    }
}

impl Standing {
    fn of(node: &NodeStory) -> Standing {
        let restored = || Some(node.saved_ms).filter(|_| node.fate == Fate::Restored);
        Standing {
            fate: node.fate,
            took_ms: node.took_ms().or_else(restored),
            key: node.key,
            outputs: node.outputs.clone(),
        }
    }

    fn made_fresh(mut self) -> Standing {
        self.fate = Fate::Fresh;
        self
    }

    /// Of both, which is longer by how many milliseconds; `None` where that says nothing.
    pub fn slower_by(&self, other: &Standing) -> Option<i64> {
        let (now, then) = (self.took_ms?, other.took_ms?);
        let apart = now.abs_diff(then);
        let telling = apart >= TELLING_MS && apart * 10 >= now.max(then);
        telling.then(|| now.cast_signed() - then.cast_signed())
    }
}

fn of_one(
    name: &str,
    then: Option<Standing>,
    now: Option<Standing>,
    reasons: &[RunCause],
) -> Option<NodeDifference> {
    let mut difference = NodeDifference {
        name: name.to_owned(),
        key_differs: None,
        reasons: Vec::new(),
        outputs: Vec::new(),
        then,
        now,
    };
    let (Some(then), Some(now)) = (&difference.then, &difference.now) else {
        return Some(difference);
    };
    difference.key_differs = then.key.zip(now.key).map(|(then, now)| then != now);
    difference.outputs = match (then.key, now.key) {
        (Some(_), Some(_)) => outputs(&then.outputs, &now.outputs),
        _ => Vec::new(),
    };
    let is_well = |fate| matches!(fate, Fate::Fresh | Fate::Restored | Fate::Ran);
    let differs = difference.key_differs == Some(true)
        || !difference.outputs.is_empty()
        || is_well(then.fate) != is_well(now.fate)
        || (!is_well(then.fate) && then.fate != now.fate)
        || now.slower_by(then).is_some();
    if !differs {
        return None;
    }
    if now.fate != Fate::Fresh {
        difference.reasons = reasons.to_vec();
    }
    Some(difference)
}

fn outputs(then: &[OutputStory], now: &[OutputStory]) -> Vec<OutputDifference> {
    let mut all: BTreeMap<&str, (Option<&OutputStory>, Option<&OutputStory>)> = BTreeMap::new();
    for output in then {
        all.entry(&output.path).or_default().0 = Some(output);
    }
    for output in now {
        all.entry(&output.path).or_default().1 = Some(output);
    }
    let size = |output: Option<&OutputStory>| output.and_then(|output| output.size);
    all.into_iter()
        .filter(|(_, (then, now))| {
            then.and_then(|output| output.digest) != now.and_then(|output| output.digest)
        })
        .map(|(path, (then, now))| OutputDifference {
            path: path.to_owned(),
            then: size(then),
            now: size(now),
        })
        .collect()
}

#[cfg(test)]
mod tests;
