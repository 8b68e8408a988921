//! What the processes of running commands hold and have used at one moment: a look at the table of processes.
//!
//! Does not know when to look, nor what becomes of the figures.

use super::table::Process;
use super::tree;
use rustix::process::Pid;
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

/// Looks at the commands with these leaders in the table of processes, given what was seen of each before.
pub(super) fn look(all: &[Process], commands: &[(Pid, Sample)]) -> Vec<Sample> {
    let leaders: Vec<Pid> = commands.iter().map(|(leader, _)| *leader).collect();
    let owners = tree::owners(&leaders, all);
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

/// A process's memory with shared pages divided among those that share them, in bytes.
fn share(process: i32) -> Option<u64> {
    let told = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
    let line = told.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
