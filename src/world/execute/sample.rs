//! What the processes of running commands hold and have used at one moment: a look at the table of processes.
//!
//! A command's processes are its group, its session and everything that descends from its leader. One that left all
//! three is not counted. Does not know when to look, nor what becomes of the figures.

use super::table::{self, Process};
use rustix::process::Pid;
use std::collections::HashMap;
use std::fs;
use std::time::Duration;

/// What was seen of one command. Over several looks, the most of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sample {
    /// Resident memory of all its processes together, in bytes.
    pub(super) bytes: u64,
    /// Processor time of those that live, and of those that they waited for.
    pub(super) cpu: Duration,
}

impl Sample {
    pub(super) fn most(self, other: Sample) -> Sample {
        Sample {
            bytes: self.bytes.max(other.bytes),
            cpu: self.cpu.max(other.cpu),
        }
    }
}

/// Looks at the commands with these leaders, given what was seen of each before.
pub(super) fn look(commands: &[(Pid, Sample)]) -> Vec<Sample> {
    let all: Vec<Process> = table::processes().filter(|process| process.alive).collect();
    let owners = owners(commands, &all);
    let page = rustix::param::page_size() as u64;
    let tick = 1_000_000_000 / rustix::param::clock_ticks_per_second().max(1);
    let seen = |(at, (_, before)): (usize, &(Pid, Sample))| {
        let own = || {
            all.iter()
                .zip(&owners)
                .filter(|(_, owner)| **owner == Some(at))
        };
        let resident = |process: &Process| process.pages * page;
        let mut bytes = own().map(|(process, _)| resident(process)).sum();
        // Forked workers share most of their memory, which must not be counted once for each. To ask for the shares
        // costs a walk over all pages, so it is done only where it can matter.
        if bytes > before.bytes && own().count() > 1 {
            let share = |process: &Process| share(process.number).unwrap_or(resident(process));
            bytes = own().map(|(process, _)| share(process)).sum();
        }
        let ticks: u64 = own().map(|(process, _)| process.ticks).sum();
        Sample {
            bytes,
            cpu: Duration::from_nanos(ticks * tick),
        }
    };
    commands.iter().enumerate().map(seen).collect()
}

/// For each process, whose it is, as a place in `commands`.
fn owners(commands: &[(Pid, Sample)], all: &[Process]) -> Vec<Option<usize>> {
    let leaders: HashMap<i32, usize> = commands
        .iter()
        .enumerate()
        .map(|(at, (leader, _))| (leader.as_raw_pid(), at))
        .collect();
    let parents: HashMap<i32, &Process> = all
        .iter()
        .map(|process| (process.number, process))
        .collect();
    let owner = |process: &Process| {
        let mut process = process;
        // As long as the table is deep; it may show a circle, since it is not of one moment.
        for _ in 0..all.len() {
            let known = [process.group, process.session, process.number];
            if let Some(&at) = known.iter().find_map(|number| leaders.get(number)) {
                return Some(at);
            }
            process = parents.get(&process.parent)?;
        }
        None
    };
    all.iter().map(owner).collect()
}

/// A process's memory with shared pages divided among those that share them, in bytes.
fn share(process: i32) -> Option<u64> {
    let told = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
    let line = told.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
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
        let leader = |number| (Pid::from_raw(number).unwrap(), Sample::default());
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
