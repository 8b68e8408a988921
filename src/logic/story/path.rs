//! The path that made a build as long as it was: from its end back, at each node what it waited for last.
//!
//! That is a node whose result it reads or that it comes after, or one that had the room that it needed.

use crate::base::story::{Fate, NodeStory, Story};

/// A wait that is shorter is the loop's own time and not somebody's fault, in milliseconds.
const TELLING_MS: u64 = 20;

/// One node on the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Its place in the story.
    pub node: u32,
    /// What it waited for last.
    pub because: Because,
    /// How long it waited for room, in milliseconds.
    pub waited_ms: u64,
    /// From its start, or where it did not run from its check, to its end.
    pub took_ms: u64,
}

/// Why a node did not start earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// It could start with the build.
    First,
    /// It needs, or comes after, the node before it.
    Needs,
    /// The node before it had the slots or the resources.
    Room,
}

/// The path, from the first node to the one that ended last; empty where nothing was done.
pub fn path(story: &Story) -> Vec<Step> {
    let done = |node: &&NodeStory| node.checked_ms.is_some() && node.fate != Fate::Blocked;
    let last = story.nodes.iter().filter(done).max_by_key(|node| end(node));
    let Some(last) = last else { return Vec::new() };
    let ends = Ends::of(story);
    let mut at = story.nodes.iter().position(|node| std::ptr::eq(node, last));
    let mut seen = vec![false; story.nodes.len()];
    let mut steps = Vec::new();
    while let Some(place) = at {
        seen[place] = true;
        let node = &story.nodes[place];
        let start = start(node);
        let waited_ms = node
            .queued_ms
            .map_or(0, |queued| start.saturating_sub(queued));
        let holder = match waited_ms > TELLING_MS {
            true => ends.before(start, node.queued_ms.unwrap_or(0)),
            false => None,
        };
        let holder = holder.filter(|&holder| !seen[holder]);
        let need = || {
            let others = node
                .needs
                .iter()
                .chain(&node.after)
                .map(|&other| other as usize);
            let others =
                others.filter(|&other| story.nodes[other].checked_ms.is_some() && !seen[other]);
            others.max_by_key(|&other| end(&story.nodes[other]))
        };
        let (before, because) = match (holder, need()) {
            (Some(holder), _) => (Some(holder), Because::Room),
            (None, Some(need)) => (Some(need), Because::Needs),
            (None, None) => (None, Because::First),
        };
        steps.push(Step {
            node: place as u32,
            because,
            waited_ms,
            took_ms: end(node).saturating_sub(start),
        });
        at = before;
    }
    steps.reverse();
    steps
}

fn start(node: &NodeStory) -> u64 {
    let started = node.tries.first().map(|one| one.started_ms);
    started.or(node.checked_ms).unwrap_or(0)
}

fn end(node: &NodeStory) -> u64 {
    let ended = node.tries.last().map(|one| one.ended_ms);
    node.settled_ms.or(ended).unwrap_or(0)
}

/// When which node gave its room back, by time.
struct Ends(Vec<(u64, usize)>);

impl Ends {
    fn of(story: &Story) -> Ends {
        let nodes = story.nodes.iter().enumerate();
        let mut ends: Vec<(u64, usize)> = nodes
            .filter_map(|(place, node)| Some((node.tries.last()?.ended_ms, place)))
            .collect();
        ends.sort_unstable();
        Ends(ends)
    }

    /// Whose end was the last before a start, if that was while somebody waited.
    fn before(&self, start: u64, waits_since: u64) -> Option<usize> {
        let place = self.0.partition_point(|(end, _)| *end <= start);
        let &(end, node) = self.0.get(place.checked_sub(1)?)?;
        (end > waits_since).then_some(node)
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{ran, with_jobs};
    use super::*;
    use Because::{First, Needs, Room};

    fn told(story: &Story) -> Vec<(&str, Because)> {
        let name = |step: &Step| (story.nodes[step.node as usize].name.as_str(), step.because);
        path(story).iter().map(name).collect()
    }

    #[test]
    fn it_goes_along_needs_and_along_who_had_the_room() {
        let mut story = with_jobs(2);
        let a = ran(&mut story, "a", &[], 0, 100);
        ran(&mut story, "short", &[], 0, 300);
        let b = ran(&mut story, "b", &[a], 101, 500);
        // Ready with the build, but both slots were taken.
        let late = ran(&mut story, "late", &[], 300, 400);
        ran(&mut story, "end", &[b, late], 501, 600);
        assert_eq!(told(&story), [("a", First), ("b", Needs), ("end", Needs)]);
        story.nodes[late as usize].tries[0].ended_ms = 590;
        story.nodes[late as usize].settled_ms = Some(590);
        story.nodes[4].checked_ms = Some(590);
        story.nodes[4].queued_ms = Some(590);
        story.nodes[4].tries[0].started_ms = 591;
        assert_eq!(
            told(&story),
            [("short", First), ("late", Room), ("end", Needs)]
        );
        assert_eq!(path(&story)[1].waited_ms, 300);
    }

    #[test]
    fn times_alike_do_not_go_round() {
        let mut story = with_jobs(1);
        let a = ran(&mut story, "a", &[], 0, 0);
        ran(&mut story, "b", &[a], 0, 0);
        assert!(path(&story).len() <= 2);
        assert_eq!(path(&with_jobs(1)), []);
    }
}
