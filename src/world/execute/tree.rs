//! Whose processes are whose: a command's are its group, its session and everything that descends from its leader.
//!
//! One that left all three, by starting a session and losing its parent, is not found here; [`super::orphans`] finds it
//! by its environment. Does not know what is done with them.

use super::table::{self, Process};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::HashMap;

/// For each of `all`, whose it is, as a place in `leaders`.
pub(super) fn owners(leaders: &[Pid], all: &[Process]) -> Vec<Option<usize>> {
    let places: HashMap<i32, usize> = (0..)
        .zip(leaders)
        .map(|(place, leader)| (leader.as_raw_pid(), place))
        .collect();
    let by_number: HashMap<i32, &Process> = all
        .iter()
        .map(|process| (process.number, process))
        .collect();
    let owner = |process: &Process| {
        let mut process = process;
        // Not for ever: a table that is not of one moment may show a circle.
        for _ in 0..all.len() {
            let known = [process.group, process.session, process.number];
            if let Some(&place) = known.iter().find_map(|number| places.get(number)) {
                return Some(place);
            }
            process = by_number.get(&process.parent)?;
        }
        None
    };
    all.iter().map(owner).collect()
}

/// What runs for these leaders outside of their groups: `timeout` and `setsid` make others.
pub(super) fn escaped(leaders: &[Pid]) -> Vec<Pid> {
    if leaders.is_empty() {
        return Vec::new();
    }
    let all: Vec<Process> = table::processes().filter(|process| process.alive).collect();
    let owners = owners(leaders, &all);
    let outside = |process: &Process| {
        leaders
            .iter()
            .all(|leader| leader.as_raw_pid() != process.group)
    };
    all.iter()
        .zip(owners)
        .filter(|(process, owner)| owner.is_some() && outside(process))
        .filter_map(|(process, _)| Pid::from_raw(process.number))
        .collect()
}

/// Sends `signal` to each. One that is gone is passed over.
pub(super) fn signal_each(processes: &[Pid], signal: Signal) {
    for &process in processes {
        let _ = kill_process(process, signal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(number: i32, parent: i32, group: i32, session: i32) -> Process {
        Process {
            number,
            parent,
            group,
            session,
            alive: true,
            ticks: 0,
            pages: 1,
        }
    }

    #[test]
    fn processes_belong_to_a_command_by_group_session_or_descent() {
        let leader = |number| Pid::from_raw(number).unwrap();
        let all = [
            process(10, 5, 10, 1),
            // Its child in a group of its own, and whose child in a session of its own.
            process(11, 10, 11, 1),
            process(12, 11, 12, 12),
            // Left by its parent, still of the group.
            process(13, 1, 10, 1),
            process(20, 5, 20, 1),
            process(21, 1, 21, 20),
            // Somebody else's, and a circle.
            process(5, 1, 5, 1),
            process(30, 31, 30, 30),
            process(31, 30, 31, 31),
        ];
        let of = owners(&[leader(10), leader(20)], &all);
        let want = [0, 0, 0, 0, 1, 1].map(Some).into_iter().chain([None; 3]);
        assert_eq!(of, want.collect::<Vec<_>>());
    }
}
