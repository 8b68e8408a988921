//! What a build tells of things to come: who is checked and queued, what is ahead, whom room is made for, that it comes
//! to an early end.
//!
//! Decides none of it; the scheduler and the outlook do.

use super::Build;
use crate::logic::event::{BuildEvent, Prospect, Room, Stop};
use crate::logic::manifest::Exclusive;
use crate::logic::schedule::Ahead;

/// What was told last, so that only changes are told.
#[derive(Debug, Default)]
pub(super) struct Told {
    ahead: Ahead,
    room_for: Option<u32>,
    stop: Option<Stop>,
}

impl Build<'_, '_> {
    /// Tells what has changed since the last call.
    pub(super) fn tell_ahead(&mut self) {
        let ahead = self.outlook.ahead();
        if ahead != self.told.ahead {
            self.told.ahead = ahead;
            (self.tell)(BuildEvent::Ahead(ahead));
        }
        let room_for = self.scheduler.makes_room_for();
        if room_for != self.told.room_for {
            self.told.room_for = room_for;
            let room = room_for.map(|item| self.room(item));
            (self.tell)(BuildEvent::RoomFor(room));
        }
        if self.scheduler.is_halted() && self.told.stop.is_none() && self.summary.failed > 0 {
            self.tell_stop(Stop::Failure);
        }
    }

    pub(super) fn tell_stop(&mut self, stop: Stop) {
        if self.told.stop != Some(stop) {
            self.told.stop = Some(stop);
            (self.tell)(BuildEvent::Stopping(stop));
        }
    }

    pub(super) fn tell_checking(&mut self, item: u32) {
        let node = self.graph().name(self.node(item)).to_owned();
        (self.tell)(BuildEvent::NodeChecking { node });
    }

    pub(super) fn tell_queued(&mut self, item: u32) {
        let node = self.graph().name(self.node(item)).to_owned();
        (self.tell)(BuildEvent::NodeQueued { node });
    }

    /// What is known of a command that starts.
    pub(super) fn prospect(&self, item: u32) -> Prospect {
        let node = self.node(item);
        let alone = matches!(self.graph().exclusive(node), Some(Exclusive::Alone));
        Prospect {
            expected: self.outlook.expected(item),
            below: self.outlook.below(item),
            slots: match alone {
                true => self.jobs,
                false => self.graph().demand(node).slots.clamp(1, self.jobs),
            },
            alone,
        }
    }

    fn room(&self, item: u32) -> Room {
        let node = self.node(item);
        let Prospect { slots, alone, .. } = self.prospect(item);
        let draws = self.graph().demand(node).draws;
        Room {
            node: self.graph().name(node).to_owned(),
            alone,
            slots,
            uses: draws.into_iter().map(|(name, _)| name).collect(),
        }
    }
}
