//! A build's turn in its project: the lock, and what a build that was killed has left running.
//!
//! Does not know what is done with the turn.

use super::project::Place;
use super::session::SessionError;
use crate::base::digest::Digest;
use crate::logic::event::{BuildEvent, Notice};
use crate::world::execute::orphans::{self, end_orphans};
use crate::world::store::lock::ProjectLock;
use crate::world::store::state;

/// How the tokens of this project's builds begin.
pub(super) fn project_mark(place: &Place) -> String {
    Digest::of(place.home.as_os_str().as_encoded_bytes())
        .short()
        .to_string()
}

/// Ends what a dead build left.
pub(super) fn end(token: &str) -> usize {
    end_orphans(token, orphans::GRACE, &|| false)
}

pub(super) fn report_orphans(count: usize, tell: &mut dyn FnMut(BuildEvent)) {
    if count > 0 {
        tell(BuildEvent::Notice(Notice::OrphansEnded { count }));
    }
}

/// Takes the project's lock, waiting for it if `wait`, and ends what a killed build left running before anything of ours touches its outputs.
pub(super) fn lock(
    place: &Place,
    token: &str,
    wait: bool,
    tell: &mut dyn FnMut(BuildEvent),
) -> Result<ProjectLock, SessionError> {
    state::prepare(&place.home, &place.state)?;
    let mut other = String::new();
    let mut busy = |holder: String| {
        match wait {
            true => tell(BuildEvent::Notice(Notice::Waiting { holder })),
            false => other = holder,
        }
        wait
    };
    let taken = ProjectLock::acquire(&place.home, token, &mut busy)?;
    let Some((mut lock, dead)) = taken else {
        return Err(SessionError::Busy(other));
    };
    let count: usize = dead.iter().map(|token| end(token)).sum();
    report_orphans(count, tell);
    lock.forget_the_dead();
    Ok(lock)
}
