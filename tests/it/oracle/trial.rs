//! Builds the project of a story with the built program, and compares what comes of each build with what is meant.

use super::disk;
use super::drive::Drive;
use super::meaning::{Fate, Meant, Tree, meaning};
use super::memory::Duty;
use super::project::{Fault, Project};
use super::random::Random;
use super::runs::Runs;
use crate::support::{Outcome, command_in};
use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(super) type Told = Result<(), String>;

/// What is asked of one build.
struct Asked {
    target: Option<String>,
    keep_going: bool,
    killed: bool,
}

impl Asked {
    fn names(&self, meant: &Meant) -> bool {
        let target = self.target.as_deref();
        target.is_none_or(|target| meant.job.name.split('@').next() == Some(target))
    }
}

impl Drive {
    pub(super) fn build_step(&mut self, random: &mut Random) -> Told {
        if self.project.nodes.is_empty() {
            return Ok(());
        }
        // Seldom another number, since that is another manifest.
        if self.past.is_empty() || random.once_in(4) {
            self.jobs = 1 + random.below(3);
        }
        let manifest = self.project.manifest(self.jobs);
        fs::write(self.root().join("pipe.kdl"), manifest).expect("the folder is ours");
        self.past.push(self.project.clone());
        let meant = meaning(&self.project);
        let mut asked = Asked {
            target: None,
            keep_going: true,
            killed: false,
        };
        // Of a clone often only a part is asked for.
        let most = if std::mem::take(&mut self.is_clone) {
            2
        } else {
            8
        };
        match random.below(most) {
            0 | 7 => {
                let node = &self.project.nodes[random.below(self.project.nodes.len())];
                asked.target = Some(format!("n{}", node.id));
            }
            1 => asked.keep_going = false,
            2 | 3 => {
                asked.killed = true;
                self.cut_off(&meant, random)?;
                asked.killed = false;
            }
            _ => {}
        }
        let chosen = selected(&meant, asked.target.as_deref());
        self.build(&chosen, &asked)?;
        if asked.keep_going {
            self.again(&chosen, &asked)?;
            // `meaning` says the same of every build, and this only seldom: it costs as much as all the rest.
            if random.once_in(3) {
                self.afresh(&chosen, &asked, random)?;
            }
        }
        Ok(())
    }

    fn command(&mut self, root: &Path, asked: &Asked) -> Command {
        self.builds += 1;
        let mut command = command_in(root, ["build"]);
        command.env("ORACLE_BUILD", self.builds.to_string());
        if asked.keep_going {
            command.arg("-k");
        }
        command.args(&asked.target);
        let target = asked.target.as_deref().unwrap_or("all");
        let word = if asked.killed { " killed" } else { "" };
        self.told
            .push(format!("build {} of {target}{word}", self.builds));
        command
    }

    /// What ran in the build that was started last.
    fn runs(&self, root: &Path) -> Runs {
        Runs::of_build(root, self.builds)
    }

    fn build(&mut self, chosen: &[&Meant], asked: &Asked) -> Told {
        let root = self.root();
        let outcome = Outcome::of(self.command(&root, asked).output().expect("pipe starts"));
        let runs = self.runs(&root);
        let fails = chosen
            .iter()
            .any(|meant| matches!(meant.fate, Fate::Failed));
        let complete = asked.keep_going || !fails;
        let said = |what: String| Err(format!("{what}\n{}", outcome.err));
        if outcome.code != i32::from(fails) {
            return said(format!("exit code {}", outcome.code));
        }
        for meant in chosen.iter().filter(|meant| writes_nothing(meant)) {
            let words = format!("did not write {}", meant.job.outputs[0]);
            if runs.count(&meant.job.name) > 0 && !outcome.err.contains(&words) {
                return said(format!("{} does not say that it {words}", meant.job.name));
            }
        }
        if !self.has_foreign && root.join(".pipe/replaced").exists() {
            return said("what `pipe` wrote itself was set aside".to_owned());
        }
        if let Err(what) = self.compare_runs(chosen, asked, &runs, complete) {
            return said(what);
        }
        if !complete {
            chosen.iter().for_each(|meant| self.memory.cut_off(meant));
            return Ok(());
        }
        for meant in chosen {
            let name = &meant.job.name;
            let is_away = !asked.names(meant)
                && self.memory.may_stay_away(meant)
                && !is_read(meant, chosen, &runs)
                && stands_nowhere(&root, meant);
            if !is_away && let Err(what) = compare_outputs(&root, meant, false) {
                return said(what);
            }
            self.memory.settled(meant, runs.count(name) > 0, is_away);
        }
        Ok(())
    }

    fn compare_runs(&self, chosen: &[&Meant], asked: &Asked, runs: &Runs, complete: bool) -> Told {
        for meant in chosen {
            let name = &meant.job.name;
            let count = runs.count(name);
            let duty = self.memory.duty(meant, asked.names(meant));
            let right = match duty {
                Duty::Must if complete => count == 1,
                Duty::Must | Duty::May => count <= 1,
                Duty::Not => count == 0,
            };
            if !right {
                return Err(format!("{name} ran {count} times: {duty:?}"));
            }
        }
        let foreign = runs
            .names()
            .into_iter()
            .find(|name| !chosen.iter().any(|meant| meant.job.name == *name));
        if let Some(name) = foreign {
            return Err(format!("{name} was not asked for and ran"));
        }
        runs.in_order(chosen, self.jobs)
    }

    /// At once again: nothing runs but what failed and what always does.
    fn again(&mut self, chosen: &[&Meant], asked: &Asked) -> Told {
        let root = self.root();
        let outcome = Outcome::of(self.command(&root, asked).output().expect("pipe starts"));
        let mut left: Vec<&str> = chosen
            .iter()
            .filter(|meant| self.memory.duty(meant, asked.names(meant)) == Duty::Must)
            .map(|meant| &*meant.job.name)
            .collect();
        left.sort_unstable();
        let runs = self.runs(&root);
        let ran = runs.names();
        if ran != left {
            return Err(format!(
                "at once again {ran:?} ran, not {left:?}\n{}",
                outcome.err
            ));
        }
        if outcome.err.contains("restored") {
            return Err(format!(
                "at once again something is restored\n{}",
                outcome.err
            ));
        }
        if left.is_empty()
            && !outcome
                .err
                .lines()
                .any(|line| line.starts_with("nothing to do"))
        {
            return Err(format!("not idle:\n{}", outcome.err));
        }
        chosen
            .iter()
            .filter(|meant| ran.contains(&&*meant.job.name))
            .for_each(|meant| self.memory.settled(meant, true, false));
        Ok(())
    }

    /// The same in an empty folder, with no cache.
    fn afresh(&mut self, chosen: &[&Meant], asked: &Asked, random: &mut Random) -> Told {
        let root = self.folder.path().join("clean");
        disk::remove(&root);
        fs::create_dir(&root).expect("a new folder");
        let mut nothing = Project::new();
        nothing.sources.clear();
        disk::sync(&root, &nothing, &self.project, random);
        fs::copy(self.root().join("pipe.kdl"), root.join("pipe.kdl")).expect("the manifest");
        let outcome = Outcome::of(self.command(&root, asked).output().expect("pipe starts"));
        let runs = self.runs(&root);
        runs.in_order(chosen, self.jobs)?;
        for meant in chosen {
            let name = &meant.job.name;
            let expected = usize::from(!matches!(meant.fate, Fate::Blocked));
            if runs.count(name) != expected {
                return Err(format!(
                    "in an empty folder {name} should run {expected} times\n{}",
                    outcome.err
                ));
            }
            compare_outputs(&root, meant, true)
                .map_err(|what| format!("in an empty folder: {what}"))?;
        }
        Ok(())
    }

    /// A build that is killed at some moment.
    fn cut_off(&mut self, meant: &[Meant], random: &mut Random) -> Told {
        let root = self.root();
        self.has_foreign = true;
        let asked = Asked {
            target: None,
            keep_going: true,
            killed: true,
        };
        let mut command = self.command(&root, &asked);
        let mut build = command.stderr(Stdio::null()).spawn().expect("pipe starts");
        let lines = random.below(meant.len() + 1);
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.runs(&root).started() < lines && build.try_wait().expect("its state").is_none() {
            if Instant::now() > deadline {
                return Err("a build hangs".to_owned());
            }
            std::thread::yield_now();
        }
        let moment = Instant::now() + Duration::from_micros(random.below(4000) as u64);
        while Instant::now() < moment {
            std::thread::yield_now();
        }
        if random.once_in(2) {
            kill_keeper(&build);
        }
        let _ = build.kill();
        let _ = build.wait();
        let chosen: Vec<&Meant> = meant.iter().collect();
        let told = self.compare_runs(&chosen, &asked, &self.runs(&root), false);
        chosen.iter().for_each(|meant| self.memory.cut_off(meant));
        told
    }
}

/// Kills the process that would end the commands of a build that is killed.
fn kill_keeper(build: &Child) {
    let tasks = format!("/proc/{}/task", build.id());
    for task in fs::read_dir(tasks).into_iter().flatten().flatten() {
        let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace() {
            let line = fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
            if let (true, Ok(Some(child))) = (
                line.windows(6).any(|word| word == b"__keep"),
                child.parse().map(rustix::process::Pid::from_raw),
            ) {
                let _ = rustix::process::kill_process(child, rustix::process::Signal::KILL);
            }
        }
    }
}

fn writes_nothing(meant: &Meant) -> bool {
    let node = &meant.job.node;
    node.fault == Fault::WritesNothing && !meant.job.outputs.is_empty()
}

/// Whether a command that ran reads what the job writes.
fn is_read(meant: &Meant, chosen: &[&Meant], runs: &Runs) -> bool {
    let mut users = chosen
        .iter()
        .filter(|user| user.job.needs.contains(&meant.job.name));
    users.any(|user| runs.count(&user.job.name) > 0)
}

fn stands_nowhere(root: &Path, meant: &Meant) -> bool {
    let mut outputs = meant.job.outputs.iter();
    outputs.all(|path| Tree::at(&root.join(path)).is_none())
}

/// The jobs of a target and all that they need.
fn selected<'a>(meant: &'a [Meant], target: Option<&str>) -> Vec<&'a Meant> {
    let Some(target) = target else {
        return meant.iter().collect();
    };
    let mut wanted: HashSet<&str> = HashSet::new();
    let mut chosen: Vec<&Meant> = Vec::new();
    for meant in meant.iter().rev() {
        let name = &*meant.job.name;
        if name.split('@').next() == Some(target) || wanted.contains(name) {
            wanted.extend(meant.job.needs.iter().map(|need| &**need));
            chosen.push(meant);
        }
    }
    chosen.reverse();
    chosen
}

fn compare_outputs(root: &Path, meant: &Meant, clean: bool) -> Told {
    let expected: Vec<(String, Option<Tree>)> = match &meant.fate {
        Fate::Done(outputs) => outputs
            .iter()
            .map(|(path, tree)| (path.clone(), Some(tree.clone())))
            .collect(),
        // What is blocked keeps what it had.
        Fate::Blocked if !clean => return Ok(()),
        Fate::Failed | Fate::Blocked => meant
            .job
            .outputs
            .iter()
            .map(|path| (path.clone(), None))
            .collect(),
    };
    for (path, expected) in expected {
        let found = Tree::at(&root.join(&path));
        if found != expected {
            return Err(format!(
                "{path} of {} is {found:?}, not {expected:?}",
                meant.job.name
            ));
        }
    }
    Ok(())
}
