//! Small stories for tests.

use crate::base::story::{Fate, NodeStory, Shares, Story, TryStory};

/// A node that ran in one slot, was checked when all it needs was settled, and waited until it started.
pub(super) fn ran(story: &mut Story, name: &str, needs: &[u32], from: u64, to: u64) -> u32 {
    let settled = |need: &u32| story.nodes[*need as usize].settled_ms;
    let checked = needs.iter().filter_map(settled).max().unwrap_or(0);
    story.nodes.push(NodeStory {
        name: name.to_owned(),
        needs: needs.to_vec(),
        takes: Shares {
            slots: 1,
            ..Shares::default()
        },
        fate: Fate::Ran,
        checked_ms: Some(checked),
        queued_ms: Some(checked),
        settled_ms: Some(to),
        tries: vec![TryStory {
            started_ms: from,
            ended_ms: to,
            took_ms: to - from,
        }],
        ..NodeStory::default()
    });
    story.took_ms = story.took_ms.max(to);
    story.nodes.len() as u32 - 1
}

pub(super) fn with_jobs(jobs: u32) -> Story {
    Story {
        build: 1,
        jobs,
        complete: true,
        ..Story::default()
    }
}
