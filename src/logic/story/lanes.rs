//! Which slots each run had: lanes for a timeline, none used twice at a time.
//!
//! The scheduler counts slots and does not number them; these numbers are for the eye only.

use crate::base::story::Story;

/// A command's time in its lanes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// The node's place in the story.
    pub node: u32,
    /// Which of its tries, from 0.
    pub attempt: u32,
    /// The lanes that it has, from the top.
    pub lanes: Vec<u32>,
}

/// The lanes of every try, by start; and how many lanes there are, at least one.
pub fn lanes(story: &Story) -> (Vec<Bar>, u32) {
    let jobs = story.jobs.max(1);
    let mut starts: Vec<(u64, u32, u32)> = Vec::new();
    for (node, of) in story.nodes.iter().enumerate() {
        let tries = of.tries.iter().enumerate();
        starts.extend(tries.map(|(number, one)| (one.started_ms, node as u32, number as u32)));
    }
    starts.sort_unstable();
    // By lane: when it is free again. Times are rounded, so there may have to be more lanes than slots.
    let mut free_from: Vec<u64> = vec![0; jobs as usize];
    let mut bars = Vec::with_capacity(starts.len());
    for (start, node, attempt) in starts {
        let of = &story.nodes[node as usize];
        let wanted = match of.takes.alone {
            true => jobs,
            false => of.takes.slots.clamp(1, jobs),
        };
        let lanes = take(&mut free_from, start, wanted as usize);
        let end = of.tries[attempt as usize].ended_ms.max(start);
        for &lane in &lanes {
            free_from[lane as usize] = end;
        }
        bars.push(Bar {
            node,
            attempt,
            lanes,
        });
    }
    (bars, free_from.len() as u32)
}

/// Free lanes, side by side where that is possible.
fn take(free_from: &mut Vec<u64>, at: u64, count: usize) -> Vec<u32> {
    let free: Vec<u32> = (0..free_from.len() as u32)
        .filter(|&lane| free_from[lane as usize] <= at)
        .collect();
    let is_together = |lanes: &&[u32]| (lanes[count - 1] - lanes[0]) as usize == count - 1;
    if let Some(together) = free.windows(count).find(is_together) {
        return together.to_vec();
    }
    let mut taken: Vec<u32> = free.into_iter().take(count).collect();
    while taken.len() < count {
        taken.push(free_from.len() as u32);
        free_from.push(0);
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::super::samples::{ran, with_jobs};
    use super::*;

    #[test]
    fn no_lane_is_used_twice_at_a_time() {
        let mut story = with_jobs(3);
        ran(&mut story, "a", &[], 0, 10);
        let b = ran(&mut story, "b", &[], 0, 30);
        let wide = ran(&mut story, "wide", &[], 10, 20);
        story.nodes[wide as usize].takes.slots = 2;
        let alone = ran(&mut story, "alone", &[b], 30, 40);
        story.nodes[alone as usize].takes.alone = true;
        // A clock in milliseconds may let it start before the other's end.
        ran(&mut story, "early", &[], 39, 45);
        let (bars, count) = lanes(&story);
        let of = |node: u32| {
            bars.iter()
                .find(|bar| bar.node == node)
                .unwrap()
                .lanes
                .clone()
        };
        assert_eq!((of(0), of(1)), (vec![0], vec![1]));
        assert_eq!(of(wide), [0, 2], "not side by side, since there is no room");
        assert_eq!(of(alone), [0, 1, 2]);
        assert_eq!((of(4), count), (vec![3], 4));
    }

    #[test]
    fn a_wide_one_lies_together_where_it_can() {
        let mut story = with_jobs(4);
        ran(&mut story, "a", &[], 0, 30);
        ran(&mut story, "b", &[], 0, 10);
        ran(&mut story, "c", &[], 0, 30);
        let wide = ran(&mut story, "wide", &[], 30, 40);
        story.nodes[wide as usize].takes.slots = 3;
        assert_eq!(lanes(&story).0[3].lanes, [0, 1, 2]);
    }

    #[test]
    fn nothing_ran() {
        assert_eq!(lanes(&with_jobs(2)), (Vec::new(), 2));
    }
}
