//! Which commands a build ran, and when each began and ended, as they say themselves in the file `runs`.
//!
//! A command says that it has begun a little late and that it ends a little early, so what overlaps here has overlapped.

use super::meaning::Meant;
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// What stands at the head of every script.
pub(super) const SAY: &str =
    r#"echo "$ORACLE_BUILD + {node}" >> runs; trap 'echo "$ORACLE_BUILD - {node}" >> runs' EXIT"#;

pub(super) struct Runs {
    /// Whether it begins, and whose command.
    moments: Vec<(bool, String)>,
}

impl Runs {
    pub(super) fn of_build(root: &Path, build: u32) -> Runs {
        let text = fs::read_to_string(root.join("runs")).unwrap_or_default();
        let moment = |line: &str| {
            let mut words = line.split(' ');
            (words.next() == Some(&*build.to_string()))
                .then(|| Some((words.next()? == "+", words.next()?.to_owned())))?
        };
        Runs {
            moments: text.lines().filter_map(moment).collect(),
        }
    }

    fn starts(&self) -> impl Iterator<Item = &str> {
        let starts = self.moments.iter().filter(|(begins, _)| *begins);
        starts.map(|(_, name)| &**name)
    }

    /// How many commands have begun.
    pub(super) fn started(&self) -> usize {
        self.starts().count()
    }

    /// How often a job's command began.
    pub(super) fn count(&self, name: &str) -> usize {
        self.starts().filter(|one| *one == name).count()
    }

    /// The jobs whose commands began, sorted.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.starts().collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// No command ran beside one that must be alone, no more ran than there are slots, and none ran before one that it
    /// needs or comes after.
    pub(super) fn in_order(&self, jobs: &[&Meant], slots: usize) -> Result<(), String> {
        let of = |name: &str| jobs.iter().find(|meant| meant.job.name == name);
        let exclusive = |name: &&str| of(name).is_some_and(|meant| meant.job.node.exclusive);
        let (mut running, mut ended) = (Vec::<&str>::new(), HashSet::<&str>::new());
        for (begins, name) in &self.moments {
            if !begins {
                running.retain(|one| one != name);
                ended.insert(name);
                continue;
            }
            let alone = exclusive(&&**name) || running.iter().any(&exclusive);
            if running.len() >= slots || alone && !running.is_empty() {
                return Err(format!("{name} ran beside {running:?}"));
            }
            let early = of(name).and_then(|meant| {
                let mut before = jobs.iter().filter(|other| meant.job.follows(&other.job));
                before.find(|other| {
                    self.count(&other.job.name) > 0 && !ended.contains(&*other.job.name)
                })
            });
            if let Some(other) = early {
                return Err(format!("{name} ran before {}", other.job.name));
            }
            running.push(name);
        }
        Ok(())
    }
}
