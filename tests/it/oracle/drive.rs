//! Tells a story to the disk, in a folder of its own: the project is edited, and its outputs and its state are harmed.
//!
//! What builds make of it is in `trial`.

use super::disk;
use super::memory::Memory;
use super::project::Project;
use super::random::Random;
use super::steps::{self, Kind, Step};
use super::trial::Told;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A project under way.
pub(super) struct Drive {
    pub(super) folder: TempDir,
    pub(super) project: Project,
    /// The sources as they stand on the disk, and the nodes of the last build.
    disk: Project,
    pub(super) past: Vec<Project>,
    pub(super) memory: Memory,
    /// Nothing was built in this checkout yet.
    pub(super) is_clone: bool,
    pub(super) builds: u32,
    /// How many commands may run at once.
    pub(super) jobs: usize,
    /// Something stands at outputs of which the ledger may not know that `pipe` wrote it.
    pub(super) has_foreign: bool,
    /// What happened, in words.
    pub(super) told: Vec<String>,
}

/// What a checkout remembers besides its cache.
const REMEMBERED: [&str; 4] = ["ledger", "fresh", "snapshot", "index"];

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
            is_clone: true,
            builds: 0,
            jobs: 1,
            has_foreign: false,
            told: Vec::new(),
        };
        fs::create_dir(drive.root()).expect("a new folder");
        drive
    }

    pub(super) fn root(&self) -> PathBuf {
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
            Kind::Touch => steps::touch(&project, &self.root(), random),
            Kind::HarmOutput => self.harm_output(random),
            Kind::HarmState => self.harm_state(random),
            Kind::Clone => self.fresh_clone(),
            Kind::Build => {
                let told = self.build_step(random);
                self.copy_what_is_remembered();
                return told;
            }
        };
        project.tidy();
        self.told.push(said);
        self.becomes(project, random);
        Ok(())
    }

    /// So that a later harm can put it back.
    fn copy_what_is_remembered(&self) {
        for name in REMEMBERED {
            let (from, to) = (
                self.root().join(".pipe").join(name),
                self.kept(name, self.past.len()),
            );
            disk::remove(&to);
            let _ = fs::copy(from, to);
        }
    }

    /// Where the state after so many builds lies, until that after two more takes its place.
    fn kept(&self, name: &str, builds: usize) -> PathBuf {
        self.folder.path().join(format!("{name}.{}", builds % 2))
    }

    /// As somebody does who unpacks an old copy: of all that is remembered, or of a part of it.
    fn put_back(&mut self, random: &mut Random) -> &'static str {
        let (names, said): (&[&str], _) = match random.below(4) {
            0 => (
                &REMEMBERED,
                "an older ledger is put back, with all that belongs to it",
            ),
            1 => (&REMEMBERED[..1], "an older ledger is put back"),
            2 => (
                &REMEMBERED[1..2],
                "an older list of what is fresh is put back",
            ),
            _ => (&REMEMBERED[2..3], "an older snapshot is put back"),
        };
        for name in names {
            let place = self.root().join(".pipe").join(name);
            // The last build's is what lies there.
            let older = self.kept(name, self.past.len() + 1);
            if older.exists() && place.parent().is_some_and(Path::is_dir) {
                disk::remove(&place);
                fs::copy(older, place).expect("the folder is ours");
            }
        }
        if said.contains("ledger") {
            let past = self.past.iter().flat_map(Project::jobs);
            self.memory.ledger_older(past.map(|job| job.name));
        }
        said
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
            if self.memory.is_theirs(&job.name) {
                // A glob would match it.
                for output in &job.outputs {
                    disk::remove(&self.root().join(output));
                }
            }
        }
        self.project = project;
    }

    /// Of this checkout nothing is left but its sources and the cache.
    fn fresh_clone(&mut self) -> String {
        disk::remove(&self.root().join("build"));
        let state = self.root().join(".pipe");
        for entry in fs::read_dir(state).into_iter().flatten().flatten() {
            if entry.file_name() != "cache" {
                disk::remove(&entry.path());
            }
        }
        self.memory.cloned();
        self.is_clone = true;
        "a fresh clone with the cache".to_owned()
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
                self.has_foreign = true;
                self.memory.harm(name);
                format!("{output}: {said}")
            }
            None => String::new(),
        }
    }

    fn harm_state(&mut self, random: &mut Random) -> String {
        let state = self.root().join(".pipe");
        let said = match random.below(11) {
            8 => {
                disk::damage(&state.join("fresh"), random);
                "the list of what is fresh is damaged"
            }
            9 | 10 => self.put_back(random),
            0 | 1 => {
                let cache = state.join("cache");
                let mut rotten = false;
                for _ in 0..1 + random.below(12) {
                    let Some(changed) = disk::damage(&cache, random) else {
                        break;
                    };
                    rotten |= changed;
                }
                self.memory.cache_damaged(rotten);
                "files of the cache are damaged"
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
                    .filter(|job| !job.outputs.is_empty())
                    .for_each(|job| self.memory.harm(&job.name));
                "all outputs are removed"
            }
        };
        if said.contains("ledger") || said.contains("state") {
            self.has_foreign = true;
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
}
