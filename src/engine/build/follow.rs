//! What running commands print, told while they run.
//!
//! Their logs are looked at every now and then. Of a command that prints faster than it is told, something is left
//! out, so that neither memory nor the distance grows. Does not know lines; those are the listener's.

use super::{Build, Message};
use crate::logic::event::{BuildEvent, Hearing};
use crate::world::store::state;
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::time::Duration;

/// How long something printed may lie before it is told.
const EVERY: Duration = Duration::from_millis(100);
/// So much of a log is read at once, in bytes.
const PORTION: u64 = 64 * 1024;
/// So much of one log is told in one turn, in bytes.
const TURN: u64 = 1024 * 1024;
/// When more than this is left after a turn, in bytes, all but the last portion is left out.
const MOST_BEHIND: u64 = 4 * TURN;

/// A log that is being told.
#[derive(Debug)]
pub(super) struct Followed {
    item: u32,
    log: PathBuf,
    /// So many bytes of it were told or left out.
    told: u64,
}

impl Build<'_, '_> {
    /// The next message; `None` when the logs are to be looked at first.
    pub(super) fn wait(&self, receiver: &Receiver<Message>) -> Option<Message> {
        match self.followed.is_empty() {
            true => Some(receiver.recv().expect("the loop holds a sender itself")),
            false => receiver.recv_timeout(EVERY).ok(),
        }
    }

    /// A command starts.
    pub(super) fn follow(&mut self, item: u32) {
        if self.shared.hearing == Hearing::Flowing {
            let log = self.log(item);
            self.followed.push(Followed { item, log, told: 0 });
        }
    }

    /// Tells what was printed since the last turn.
    pub(super) fn follow_turn(&mut self) {
        for place in 0..self.followed.len() {
            self.tell_printed(place);
        }
    }

    /// A command has ended: tells the rest.
    pub(super) fn follow_to_the_end(&mut self, item: u32) {
        let place = self.followed.iter().position(|one| one.item == item);
        if let Some(place) = place {
            while self.tell_printed(place) {}
            self.followed.remove(place);
        }
    }

    /// The log will be written anew.
    pub(super) fn forget_what_it_printed(&mut self, item: u32) {
        if self.shared.hearing == Hearing::Flowing {
            state::remove_log(&self.log(item));
        }
    }

    fn log(&self, item: u32) -> PathBuf {
        let name = self.graph().name(self.node(item));
        state::log_path(&self.shared.project.place.state, name, self.shared.build)
    }

    /// One turn of one log. Whether more is there.
    fn tell_printed(&mut self, place: usize) -> bool {
        let mut left = TURN;
        let mut skipped = 0;
        while left > 0 {
            let Followed { item, log, told } = &self.followed[place];
            let Some((from, bytes, size)) = state::read_log_from(log, *told, PORTION) else {
                return false;
            };
            let (item, length) = (*item, bytes.len() as u64);
            self.followed[place].told = from + length;
            if length == 0 {
                return false;
            }
            let node = self.graph().name(self.node(item)).to_owned();
            (self.tell)(BuildEvent::Output {
                node,
                bytes,
                skipped: std::mem::take(&mut skipped),
            });
            left = left.saturating_sub(length);
            let behind = size.saturating_sub(from + length);
            if left == 0 && behind > MOST_BEHIND {
                skipped = behind - PORTION;
                self.followed[place].told += skipped;
                left = PORTION;
            }
        }
        true
    }
}
