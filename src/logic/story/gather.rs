//! Listens to a build and puts its story together.
//!
//! Does not know the clock, which the teller does, nor the graph; who has a place in the story is said beforehand.

use crate::base::record::{Key, RunCause};
use crate::base::story::{Fate, NodeStory, OutputStory, RoomSpan, Story, TryStory};
use crate::logic::event::{BuildEvent, Notice, Outcome, Room};
use crate::logic::plan::Reason;
use std::collections::HashMap;

/// So many reasons are kept of a node.
const REASONS: usize = 12;

/// See the module.
#[derive(Debug, Default)]
pub struct Gatherer {
    story: Story,
    places: HashMap<String, u32>,
    /// For whom slots are kept free now, and since when.
    room: Option<(u32, u64)>,
}

impl Gatherer {
    /// Who will be told of: `story` with the nodes as they are before anything happens.
    pub fn new(story: Story) -> Gatherer {
        let names = story.nodes.iter().map(|node| node.name.clone());
        Gatherer {
            places: names.zip(0..).collect(),
            story,
            room: None,
        }
    }

    /// Takes note of an event, `at` milliseconds after the build began.
    pub fn hear(&mut self, at: u64, event: &BuildEvent) {
        match event {
            BuildEvent::NodeChecking { node } => {
                let Some(node) = self.node(node) else { return };
                node.checked_ms.get_or_insert(at);
            }
            BuildEvent::NodeQueued { node } => {
                let Some(node) = self.node(node) else { return };
                node.queued_ms.get_or_insert(at);
            }
            BuildEvent::NodeStarted {
                node,
                reasons,
                command,
                takes,
                ..
            } => {
                let Some(node) = self.node(node) else { return };
                node.command.clone_from(command);
                node.reasons = causes(reasons);
                node.takes.slots = takes.slots;
                end_try(node, at, 0);
                node.tries.push(TryStory {
                    started_ms: at,
                    ended_ms: 0,
                    took_ms: 0,
                });
            }
            BuildEvent::Notice(Notice::Retrying { node, .. }) => {
                let Some(node) = self.node(node) else { return };
                end_try(node, at, 0);
            }
            BuildEvent::RoomFor(room) => self.room_for(at, room.as_ref()),
            BuildEvent::NodeFinished { node, outcome } => {
                let Some(node) = self.node(node) else { return };
                finish(node, at, outcome);
            }
            _ => {}
        }
    }

    /// A node was settled well.
    pub fn settled(&mut self, node: &str, key: Key, outputs: impl Iterator<Item = OutputStory>) {
        let Some(node) = self.node(node) else { return };
        node.key = Some(key);
        node.outputs = outputs.collect();
    }

    /// The whole story, when the build is over.
    pub fn end(mut self, at: u64, interrupted: bool, memory: Vec<(u64, u64)>) -> Story {
        self.room_for(at, None);
        for node in &mut self.story.nodes {
            end_try(node, at, 0);
        }
        self.story.took_ms = at;
        self.story.interrupted = interrupted;
        self.story.memory = memory;
        self.story
    }

    fn node(&mut self, name: &str) -> Option<&mut NodeStory> {
        let place = *self.places.get(name)?;
        self.story.nodes.get_mut(place as usize)
    }

    fn room_for(&mut self, at: u64, room: Option<&Room>) {
        if let Some((node, from_ms)) = self.room.take()
            && at > from_ms
        {
            let to_ms = at;
            self.story.rooms.push(RoomSpan {
                node,
                from_ms,
                to_ms,
            });
        }
        let place = room.and_then(|room| self.places.get(&room.node));
        self.room = place.map(|&place| (place, at));
    }
}

/// Ends the try that has no end yet.
fn end_try(node: &mut NodeStory, at: u64, took_ms: u64) {
    if let Some(last) = node.tries.last_mut()
        && last.ended_ms == 0
    {
        last.ended_ms = at.max(last.started_ms);
        last.took_ms = took_ms.min(last.held_ms());
    }
}

fn finish(node: &mut NodeStory, at: u64, outcome: &Outcome) {
    node.settled_ms = Some(at);
    let mut took = 0;
    node.fate = match outcome {
        Outcome::Fresh => Fate::Fresh,
        Outcome::Restored { saved_ms } => {
            node.saved_ms = *saved_ms;
            Fate::Restored
        }
        Outcome::Ran {
            took: command,
            unchanged,
            usage,
            ..
        } => {
            took = command.as_millis() as u64;
            node.unchanged = *unchanged;
            node.usage = *usage;
            Fate::Ran
        }
        Outcome::Failed(failure) => {
            took = failure.took.as_millis() as u64;
            node.usage = failure.usage;
            Fate::Failed
        }
        Outcome::Blocked { .. } => Fate::Blocked,
        Outcome::Stopped => Fate::Stopped,
    };
    end_try(node, at, took);
}

/// The first reasons as they are remembered; the last one says how many more there are.
fn causes(reasons: &[Reason]) -> Vec<RunCause> {
    let cause = |reason: &Reason| RunCause {
        kind: reason.kind().to_owned(),
        subject: reason.subject(),
        more: 0,
    };
    let mut causes: Vec<RunCause> = reasons.iter().take(REASONS).map(cause).collect();
    if let Some(last) = causes.last_mut() {
        last.more = reasons.len().saturating_sub(REASONS) as u32;
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logic::event::{Failure, FailureCause, Prospect, Takes};
    use std::time::Duration;

    fn named(names: &[&str]) -> Gatherer {
        let node = |name: &&str| NodeStory {
            name: (*name).to_owned(),
            ..NodeStory::default()
        };
        Gatherer::new(Story {
            nodes: names.iter().map(node).collect(),
            ..Story::default()
        })
    }

    fn started(node: &str) -> BuildEvent {
        BuildEvent::NodeStarted {
            node: node.to_owned(),
            reasons: vec![Reason::NeverRan; REASONS + 2],
            command: "true".to_owned(),
            prospect: Prospect::default(),
            attempt: 1,
            takes: Takes {
                slots: 3,
                ..Takes::default()
            },
            log: String::new(),
        }
    }

    #[test]
    fn each_moment_of_a_node_is_noted() {
        let mut gatherer = named(&["a", "b"]);
        let node = || "a".to_owned();
        gatherer.hear(5, &BuildEvent::NodeChecking { node: node() });
        gatherer.hear(7, &BuildEvent::NodeQueued { node: node() });
        let room = Room {
            node: node(),
            alone: true,
            slots: 1,
            uses: Vec::new(),
        };
        gatherer.hear(8, &BuildEvent::RoomFor(Some(room)));
        gatherer.hear(20, &BuildEvent::RoomFor(None));
        gatherer.hear(20, &started("a"));
        let retrying = Notice::Retrying {
            node: node(),
            cause: FailureCause::Undeclared,
            retry: 1,
            most: 1,
        };
        gatherer.hear(25, &BuildEvent::Notice(retrying));
        gatherer.hear(30, &started("a"));
        let mut failure = Failure::before_start(FailureCause::Undeclared, "true");
        failure.took = Duration::from_millis(4);
        let outcome = Outcome::Failed(failure);
        gatherer.hear(
            36,
            &BuildEvent::NodeFinished {
                node: node(),
                outcome,
            },
        );
        gatherer.hear(37, &started("b"));
        let story = gatherer.end(40, true, vec![(1, 2)]);
        let a = &story.nodes[0];
        assert_eq!(
            (a.checked_ms, a.queued_ms, a.settled_ms),
            (Some(5), Some(7), Some(36))
        );
        assert_eq!(
            (a.fate, a.takes.slots, a.command.as_str()),
            (Fate::Failed, 3, "true")
        );
        let tries: Vec<_> = a
            .tries
            .iter()
            .map(|one| (one.started_ms, one.ended_ms, one.took_ms))
            .collect();
        assert_eq!(tries, [(20, 25, 0), (30, 36, 4)]);
        assert_eq!((a.reasons.len(), a.reasons[REASONS - 1].more), (REASONS, 2));
        assert_eq!(story.nodes[1].tries[0].ended_ms, 40);
        assert_eq!(
            story.rooms,
            [RoomSpan {
                node: 0,
                from_ms: 8,
                to_ms: 20
            }]
        );
        assert_eq!(
            (story.took_ms, story.interrupted, story.memory.len()),
            (40, true, 1)
        );
    }
}
