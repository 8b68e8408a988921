//! Tells a story to the built program, in a folder of its own, and compares what comes of each build with what is meant.

use super::disk;
use super::meaning::{Fate, Meant, Tree, meaning};
use super::memory::{Duty, Memory};
use super::project::Project;
use super::random::Random;
use super::steps::{self, Kind, Step};
use crate::support::{Outcome, command_in};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A project under way.
pub(super) struct Drive {
    folder: TempDir,
    project: Project,
    /// The sources as they stand on the disk, and the nodes of the last build.
    disk: Project,
    past: Vec<Project>,
    memory: Memory,
    builds: u32,
    /// What happened, in words.
    pub(super) told: Vec<String>,
}

/// What is asked of one build.
struct Asked {
    target: Option<String>,
    keep_going: bool,
    killed: bool,
}

type Told = Result<(), String>;

impl Drive {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut disk = Project::new();
        disk.sources.clear();
        let drive = Drive {
            folder,
            project: Project::new(),
            disk,
            past: Vec::new(),
            memory: Memory::default(),
            builds: 0,
            told: Vec::new(),
        };
        fs::create_dir(drive.root()).expect("a new folder");
        drive
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    pub(super) fn step(&mut self, step: Step) -> Told {
        let random = &mut Random::new(step.seed);
        let mut project = self.project.clone();
        let said = match step.kind {
            Kind::AddNode => steps::add_node(&mut project, random),
            Kind::ChangeNode => steps::change_node(&mut project, random),
            Kind::EditSource => steps::edit_source(&mut project, random),
            Kind::GoBack if self.past.is_empty() => String::new(),
            Kind::GoBack => {
                let to = random.below(self.past.len());
                project = self.past[to].clone();
                format!("back to build {to}")
            }
            Kind::HarmOutput => self.harm_output(random),
            Kind::HarmState => self.harm_state(random),
            Kind::Build => return self.build_step(random),
        };
        project.tidy();
        self.told.push(said);
        self.becomes(project, random);
        Ok(())
    }

    /// The project is edited.
    fn becomes(&mut self, project: Project, random: &mut Random) {
        disk::sync(&self.root(), &self.disk, &project, random);
        self.disk.sources.clone_from(&project.sources);
        let declared: HashSet<String> = project.jobs().into_iter().map(|job| job.name).collect();
        for job in self
            .project
            .jobs()
            .iter()
            .filter(|job| !declared.contains(&job.name))
        {
            self.memory.gone(&job.name);
            if self.memory.is_harmed(&job.name) {
                // What somebody changed is theirs once no node declares it, and a glob would match it.
                for output in &job.outputs {
                    disk::remove(&self.root().join(output));
                }
            }
        }
        self.project = project;
    }

    fn harm_output(&mut self, random: &mut Random) -> String {
        let outputs: Vec<(String, String)> = self
            .project
            .jobs()
            .into_iter()
            .flat_map(|job| {
                job.outputs
                    .into_iter()
                    .map(move |output| (job.name.clone(), output))
            })
            .collect();
        if outputs.is_empty() {
            return String::new();
        }
        let (name, output) = &outputs[random.below(outputs.len())];
        match disk::harm_output(&self.root().join(output), random) {
            Some(said) => {
                self.memory.harm(name);
                format!("{output}: {said}")
            }
            None => String::new(),
        }
    }

    fn harm_state(&mut self, random: &mut Random) -> String {
        let state = self.root().join(".pipe");
        let said = match random.below(8) {
            0 | 1 => {
                let Some(rotten) = disk::damage(&state.join("cache"), random) else {
                    return String::new();
                };
                self.memory.cache_damaged(rotten);
                "a file of the cache is damaged"
            }
            2 => {
                disk::remove(&state.join("cache"));
                self.memory.cache_lost();
                "the cache is lost"
            }
            3 => {
                disk::remove(&state.join("ledger"));
                self.memory.ledger_lost();
                "the ledger is lost"
            }
            4 => {
                disk::damage(&state.join("ledger"), random);
                self.memory.ledger_damaged();
                "the ledger is damaged"
            }
            5 => {
                disk::remove(&state);
                self.memory.cache_lost();
                self.memory.ledger_lost();
                "all state is lost"
            }
            6 => {
                disk::damage(&state.join("snapshot"), random);
                "the snapshot is damaged"
            }
            _ => {
                disk::remove(&self.root().join("build"));
                self.project
                    .jobs()
                    .iter()
                    .for_each(|job| self.memory.harm(&job.name));
                "all outputs are removed"
            }
        };
        if said.contains("ledger") || said.contains("state") {
            // Nobody knows any more that these were outputs.
            let declared: HashSet<String> = self
                .project
                .jobs()
                .into_iter()
                .flat_map(|job| job.outputs)
                .collect();
            for entry in fs::read_dir(self.root().join("build/g"))
                .into_iter()
                .flatten()
                .flatten()
            {
                let path = format!("build/g/{}", entry.file_name().to_string_lossy());
                if !declared.contains(&path) {
                    disk::remove(&entry.path());
                }
            }
        }
        said.to_owned()
    }

    fn build_step(&mut self, random: &mut Random) -> Told {
        if self.project.nodes.is_empty() {
            return Ok(());
        }
        fs::write(
            self.root().join("pipe.kdl"),
            self.project.manifest(1 + random.below(3)),
        )
        .expect("the folder is ours");
        self.past.push(self.project.clone());
        let meant = meaning(&self.project);
        let mut asked = Asked {
            target: None,
            keep_going: true,
            killed: false,
        };
        match random.below(8) {
            0 => {
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
            self.afresh(&chosen, &asked, random)?;
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

    /// How often each job ran in the build that was started last.
    fn runs(&self, root: &Path) -> HashMap<String, usize> {
        let mut counts = HashMap::new();
        let text = fs::read_to_string(root.join("runs")).unwrap_or_default();
        for (build, job) in text.lines().filter_map(|line| line.split_once(' ')) {
            if build == self.builds.to_string() {
                *counts.entry(job.to_owned()).or_default() += 1;
            }
        }
        counts
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
        if let Err(what) = self.compare_runs(chosen, &runs, complete) {
            return said(what);
        }
        if !complete {
            chosen.iter().for_each(|meant| self.memory.cut_off(meant));
            return Ok(());
        }
        for meant in chosen {
            if let Err(what) = compare_outputs(&root, meant, false) {
                return said(what);
            }
            self.memory
                .settled(meant, runs.contains_key(&meant.job.name));
        }
        Ok(())
    }

    fn compare_runs(
        &self,
        chosen: &[&Meant],
        runs: &HashMap<String, usize>,
        complete: bool,
    ) -> Told {
        for meant in chosen {
            let name = &meant.job.name;
            let count = runs.get(name).copied().unwrap_or(0);
            let duty = self.memory.duty(meant);
            let right = match duty {
                Duty::MustRun if complete => count == 1,
                Duty::MustRun | Duty::MayRun => count <= 1,
                Duty::MustNotRun => count == 0,
            };
            if !right {
                return Err(format!("{name} ran {count} times: {duty:?}"));
            }
        }
        let foreign = runs
            .keys()
            .find(|name| !chosen.iter().any(|meant| meant.job.name == **name));
        foreign.map_or(Ok(()), |name| {
            Err(format!("{name} was not asked for and ran"))
        })
    }

    /// At once again: nothing runs but what failed and what always does.
    fn again(&mut self, chosen: &[&Meant], asked: &Asked) -> Told {
        let root = self.root();
        let outcome = Outcome::of(self.command(&root, asked).output().expect("pipe starts"));
        let mut left: Vec<&str> = chosen
            .iter()
            .filter(|meant| self.memory.duty(meant) == Duty::MustRun)
            .map(|meant| &*meant.job.name)
            .collect();
        left.sort_unstable();
        let runs = self.runs(&root);
        let mut ran: Vec<&str> = runs.keys().map(|name| &**name).collect();
        ran.sort_unstable();
        if ran != left {
            return Err(format!(
                "at once again {ran:?} ran, not {left:?}\n{}",
                outcome.err
            ));
        }
        if left.is_empty() && !outcome.err.starts_with("nothing to do") {
            return Err(format!("not idle:\n{}", outcome.err));
        }
        chosen
            .iter()
            .filter(|meant| ran.contains(&&*meant.job.name))
            .for_each(|meant| self.memory.settled(meant, true));
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
        for meant in chosen {
            let name = &meant.job.name;
            let expected = usize::from(!matches!(meant.fate, Fate::Blocked));
            if runs.get(name).copied().unwrap_or(0) != expected {
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
        let asked = Asked {
            target: None,
            keep_going: true,
            killed: true,
        };
        let mut command = self.command(&root, &asked);
        let mut build = command.stderr(Stdio::null()).spawn().expect("pipe starts");
        let lines = random.below(meant.len() + 1);
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.runs(&root).values().sum::<usize>() < lines
            && build.try_wait().expect("its state").is_none()
        {
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
        let told = self.compare_runs(&chosen, &self.runs(&root), false);
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
