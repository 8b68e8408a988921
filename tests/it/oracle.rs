//! Random projects, edited and harmed at random, built after every step: what stands is what a build in an empty folder
//! would leave, what ran is what had to, and a second build at once runs nothing.
//!
//! What has to stand and to run is worked out in `model`, from contents alone. `PIPE_ORACLE_SEED=N` lives one story again,
//! `PIPE_ORACLE_MINUTES=N` goes on with fresh ones for so long. A story that fails is told with as few steps as still fail.

mod model;

use crate::support::{Outcome, Sandbox};
use model::{Input, Node, Project, SourceFile, source_path};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// Stories in the suite.
const STORIES: u64 = 80;
const STEPS: u64 = 5;

/// A sequence of numbers that looks random; splitmix64.
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// One thing that is done to the project before a build. Numbers are taken modulo what there is.
#[derive(Debug, Clone)]
enum Step {
    EditSource {
        number: u64,
        text: u64,
    },
    RemoveSource {
        number: u64,
    },
    Executable {
        number: u64,
    },
    Touch {
        number: u64,
    },
    /// Replaced by another file with the same size and time.
    Disguised {
        number: u64,
        text: u64,
    },
    Salt {
        node: u64,
        salt: u64,
    },
    Fail {
        node: u64,
    },
    Exclusive {
        node: u64,
    },
    After {
        node: u64,
        other: u64,
    },
    Rewire {
        node: u64,
        seed: u64,
    },
    AddNode {
        seed: u64,
    },
    RemoveNode {
        node: u64,
    },
    RemoveOutput {
        node: u64,
    },
    HarmOutput {
        node: u64,
    },
    /// The bytes of one of the cache's files, changed or gone.
    HarmCache {
        file: u64,
        gone: bool,
    },
    ForgetAll,
    /// The project in a new folder, with the cache of the old one, and a build of one node there.
    Clone {
        node: u64,
    },
    /// A build of one node.
    Target {
        node: u64,
    },
    /// A build that is killed when so many commands have started.
    Kill {
        commands: u64,
    },
}

fn random_step(random: &mut Random) -> Step {
    let (a, b) = (random.next(), random.next());
    match random.below(38) {
        0..=6 => Step::EditSource { number: a, text: b },
        7 => Step::RemoveSource { number: a },
        8 => Step::Executable { number: a },
        9 => Step::Touch { number: a },
        10..=11 => Step::Disguised { number: a, text: b },
        12..=14 => Step::Salt { node: a, salt: b },
        15..=16 => Step::Fail { node: a },
        17 => Step::Exclusive { node: a },
        18 => Step::After { node: a, other: b },
        19..=20 => Step::Rewire { node: a, seed: b },
        21..=22 => Step::AddNode { seed: a },
        23 => Step::RemoveNode { node: a },
        24..=25 => Step::RemoveOutput { node: a },
        26..=28 => Step::HarmOutput { node: a },
        29..=30 => Step::HarmCache {
            file: a,
            gone: b % 2 == 0,
        },
        31 => Step::ForgetAll,
        32..=34 => Step::Clone { node: a },
        35 => Step::Target { node: a },
        _ => Step::Kill { commands: a % 4 },
    }
}

fn random_node(random: &mut Random, before: usize) -> Node {
    let input = |random: &mut Random| match random.below(10) {
        0..=3 => Input::Source(random.below(4) as usize),
        4 => Input::Glob,
        5 => Input::Folder,
        _ if before > 0 => Input::Output(random.below(before as u64) as usize),
        _ => Input::Source(0),
    };
    Node {
        inputs: (0..=random.below(3)).map(|_| input(random)).collect(),
        salt: random.below(3),
        directory: random.chance(20),
        matrix: random.chance(15),
        fails: random.chance(5),
        exclusive: random.chance(10),
        after: (before > 0 && random.chance(10)).then(|| random.below(before as u64) as usize),
        gone: false,
    }
}

fn random_project(random: &mut Random) -> Project {
    let mut project = Project::default();
    for number in 0..3 {
        let text = random.below(3).to_string() + "\n";
        let executable = random.chance(10);
        project
            .sources
            .insert(number, SourceFile { text, executable });
    }
    for before in 0..2 + random.below(5) as usize {
        project.nodes.push(random_node(random, before));
    }
    project
}

/// A project on the disk, and what is known of its cache.
struct World {
    sandbox: Sandbox,
    project: Project,
    /// Keys whose results the cache holds.
    known: BTreeSet<String>,
    /// What each instance has to have run for last time, so that it may stand without the cache.
    standing: BTreeMap<String, String>,
    /// Of these it is not sure that the cache still holds them, or that it does not yet.
    doubted: BTreeSet<String>,
    /// The last build was killed: until the next has begun, its commands may still say that they run.
    killed: bool,
}

impl World {
    fn new(project: Project) -> World {
        let world = World {
            sandbox: Sandbox::new(""),
            project,
            known: BTreeSet::new(),
            standing: BTreeMap::new(),
            doubted: BTreeSet::new(),
            killed: false,
        };
        world.sandbox.write("src/seed", "seed\n");
        for number in world.project.sources.keys() {
            world.write_source(*number);
        }
        world
    }

    fn write_source(&self, number: usize) {
        let file = &self.project.sources[&number];
        let path = source_path(number);
        self.sandbox.write(&path, &file.text);
        let mode = if file.executable { 0o755 } else { 0o644 };
        fs::set_permissions(self.sandbox.path(&path), fs::Permissions::from_mode(mode))
            .expect("a mode");
    }

    fn node(&self, number: u64) -> usize {
        (number % self.project.nodes.len() as u64) as usize
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::EditSource { number, text } => {
                let number = (number % 4) as usize;
                let text = format!("{}\n", text % 3);
                let executable = false;
                self.project
                    .sources
                    .insert(number, SourceFile { text, executable });
                self.write_source(number);
            }
            Step::RemoveSource { number } => {
                let number = (number % 4) as usize;
                if self.project.sources.remove(&number).is_some() {
                    self.sandbox.remove(&source_path(number));
                }
            }
            Step::Executable { number } => {
                let number = (number % 4) as usize;
                if let Some(file) = self.project.sources.get_mut(&number) {
                    file.executable = !file.executable;
                    self.write_source(number);
                }
            }
            Step::Touch { number } => {
                let number = (number % 4) as usize;
                if self.project.sources.contains_key(&number) {
                    let file = fs::File::open(self.sandbox.path(&source_path(number)));
                    let file = file.expect("a source");
                    file.set_modified(SystemTime::now() - Duration::from_secs(number as u64))
                        .expect("a time");
                }
            }
            Step::Disguised { number, text } => self.disguise((number % 4) as usize, text % 3),
            Step::Salt { node, salt } => {
                let node = self.node(node);
                self.project.nodes[node].salt = salt % 3;
            }
            Step::Fail { node } => {
                let node = self.node(node);
                self.project.nodes[node].fails = !self.project.nodes[node].fails;
            }
            Step::Exclusive { node } => {
                let node = self.node(node);
                self.project.nodes[node].exclusive = !self.project.nodes[node].exclusive;
            }
            Step::After { node, other } => {
                let node = self.node(node);
                if node > 0 {
                    self.project.nodes[node].after = Some((other % node as u64) as usize);
                }
            }
            Step::Rewire { node, seed } => {
                let node = self.node(node);
                let fresh = random_node(&mut Random(seed), node);
                self.project.nodes[node].inputs = fresh.inputs;
            }
            Step::AddNode { seed } => {
                let before = self.project.nodes.len();
                let node = random_node(&mut Random(seed), before);
                self.project.nodes.push(node);
            }
            Step::RemoveNode { node } => {
                let node = self.node(node);
                self.project.nodes[node].gone = true;
            }
            Step::RemoveOutput { node } => {
                let path = self.first_output(node);
                if self.sandbox.stands(&path) {
                    self.sandbox.remove(&path);
                }
            }
            Step::HarmOutput { node } => {
                let path = self.first_output(node);
                let file = if path.ends_with('/') {
                    format!("{path}file")
                } else {
                    path
                };
                if self.sandbox.stands(&file) {
                    self.sandbox.write(&file, "harmed\n");
                }
            }
            Step::HarmCache { file, gone } => self.harm_cache(file, gone),
            Step::ForgetAll => {
                if self.sandbox.stands(".pipe") {
                    self.sandbox.remove(".pipe");
                }
                self.known.clear();
                self.doubted.clear();
                self.standing.clear();
            }
            Step::Clone { node } => {
                for gone in ["out", ".pipe/state", ".pipe/ledger"] {
                    self.sandbox.remove_if_there(gone);
                }
                self.standing.clear();
                self.build(Some(self.node(node)));
            }
            Step::Target { node } => self.build(Some(self.node(node))),
            Step::Kill { commands } => self.killed_build(commands),
        }
    }

    /// A source with other bytes, the same size and the old time, put there by renaming.
    fn disguise(&mut self, number: usize, text: u64) {
        let Some(file) = self.project.sources.get_mut(&number) else {
            return;
        };
        file.text = format!("{text}\n");
        let (path, mode) = (self.sandbox.path(&source_path(number)), file.executable);
        let time = path
            .metadata()
            .and_then(|found| found.modified())
            .expect("a time");
        let other = self.sandbox.path("other");
        fs::write(&other, &file.text).expect("a file");
        let mode = if mode { 0o755 } else { 0o644 };
        fs::set_permissions(&other, fs::Permissions::from_mode(mode)).expect("a mode");
        let open = fs::File::options().write(true).open(&other);
        open.and_then(|open| open.set_modified(time))
            .expect("an old time");
        fs::rename(other, path).expect("a place");
    }

    fn first_output(&self, node: u64) -> String {
        let node = self.node(node);
        self.project.output(node, self.project.instances(node)[0])
    }

    fn harm_cache(&mut self, file: u64, gone: bool) {
        let files = files_below(&self.sandbox.path(".pipe/cache"));
        if files.is_empty() {
            return;
        }
        let path = &files[(file % files.len() as u64) as usize];
        if gone {
            fs::remove_file(path).expect("a file of the cache");
        } else {
            let mut bytes = fs::read(path).expect("a file of the cache");
            if bytes.is_empty() {
                return;
            }
            let at = (file / 7) as usize % bytes.len();
            bytes[at] ^= 1 << (file % 8);
            let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o644));
            fs::write(path, bytes).expect("a file of the cache");
        }
        self.doubted.extend(self.known.iter().cloned());
    }

    fn killed_build(&mut self, commands: u64) {
        self.sandbox.manifest(&self.project.manifest());
        let before = self.runs().len();
        let mut build: std::process::Child = self.command(None).spawn().expect("pipe starts");
        let deadline = Instant::now() + Duration::from_secs(20);
        while build.try_wait().expect("a process").is_none()
            && (self.runs().len() as u64) < before as u64 + commands
        {
            assert!(Instant::now() < deadline, "a build that does not end");
            std::thread::yield_now();
        }
        let _ = build.kill();
        build.wait().expect("its end");
        self.killed = true;
        // Each of its nodes may have come to its end, or have had its outputs removed.
        self.doubted
            .extend(self.project.expected(None).keys.into_values());
    }

    fn command(&self, target: Option<usize>) -> Command {
        let mut command = self.sandbox.command(["build", "-k"]);
        command.args(target.map(|node| format!("n{node}")));
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    fn runs(&self) -> Vec<String> {
        let text = fs::read_to_string(self.sandbox.beside("runs")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Builds twice, and compares with what is expected. Of what a target only needs something may be away.
    fn build(&mut self, target: Option<usize>) {
        if target.is_some_and(|node| self.project.nodes[node].gone) {
            return;
        }
        let expected = self.project.expected(target);
        self.sandbox.manifest(&self.project.manifest());
        let _ = fs::remove_file(self.sandbox.beside("runs"));
        let told = Outcome::of(self.command(target).output().expect("pipe starts"));
        let code = i32::from(!expected.failing.is_empty());
        let told = told.expect_code(code);
        for (path, text) in &expected.outputs {
            let is_asked = target.is_none_or(|node| {
                let mut outputs = self.project.instances(node).iter();
                outputs.any(|label| path.starts_with(&self.project.output(node, label)))
            });
            if !is_asked && !self.sandbox.stands(path) {
                continue;
            }
            assert_eq!(
                &self.sandbox.read(path),
                text,
                "{path} is not what it should be\n{}",
                told.err
            );
        }
        let ran: BTreeSet<String> = self.runs().into_iter().collect();
        let twice = std::mem::take(&mut self.killed);
        assert!(
            twice || ran.len() == self.runs().len(),
            "a node ran twice\n{}",
            told.err
        );
        let is_known = |name: &&String| {
            let key = &expected.keys[*name];
            self.known.contains(key) || self.standing.get(*name) == Some(key)
        };
        let is_sure = |name: &&String| {
            let key = expected.keys.get(*name);
            key.is_none_or(|key| !self.doubted.contains(key))
        };
        let new = expected.keys.keys().filter(|name| !is_known(name));
        let must: BTreeSet<&String> = new.chain(&expected.failing).filter(is_sure).collect();
        let did: BTreeSet<&String> = ran.iter().filter(is_sure).collect();
        assert_eq!(did, must, "other nodes ran than had to\n{}", told.err);
        for (name, key) in expected.keys {
            if ran.contains(&name) {
                self.doubted.remove(&key);
            }
            self.known.insert(key.clone());
            self.standing.insert(name, key);
        }
        let _ = fs::remove_file(self.sandbox.beside("runs"));
        let again = Outcome::of(self.command(target).output().expect("pipe starts"));
        let ran: BTreeSet<String> = self.runs().into_iter().collect();
        assert_eq!(
            ran, expected.failing,
            "a second build runs something\n{}",
            again.err
        );
        assert!(
            !again.err.contains("restored"),
            "a second build restores something\n{}",
            again.err
        );
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(folder)
        .into_iter()
        .flatten()
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect();
    files.sort();
    files
}

/// Lives a story to its end; what went wrong, if something did.
fn live(project: &Project, steps: &[Step]) -> Result<(), String> {
    let story = || {
        let mut world = World::new(project.clone());
        world.build(None);
        for step in steps {
            world.step(step);
            world.build(None);
        }
    };
    std::panic::catch_unwind(story).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()))
            .unwrap_or_default()
    })
}

fn check(seed: u64) {
    let mut random = Random(seed);
    let project = random_project(&mut random);
    let mut steps: Vec<Step> = (0..STEPS).map(|_| random_step(&mut random)).collect();
    let Err(mut fault) = live(&project, &steps) else {
        return;
    };
    // As few steps as still fail.
    let mut at = 0;
    while at < steps.len() {
        let mut fewer = steps.clone();
        fewer.remove(at);
        match live(&project, &fewer) {
            Err(again) => (steps, fault) = (fewer, again),
            Ok(()) => at += 1,
        }
    }
    panic!(
        "PIPE_ORACLE_SEED={seed}\n{}\n{steps:#?}\n{fault}",
        project.manifest()
    );
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "a long run tells how many stories it lived"
)]
fn random_projects_are_built_right() {
    let number = |name: &str| {
        let value = std::env::var(name).ok()?;
        Some(value.parse::<u64>().expect("a number"))
    };
    if let Some(seed) = number("PIPE_ORACLE_SEED") {
        return check(seed);
    }
    if let Some(minutes) = number("PIPE_ORACLE_MINUTES") {
        let begun = Instant::now();
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let first = since.map_or(0, |since| since.as_secs()) << 20;
        let fresh = (first..).take_while(|_| begun.elapsed() < Duration::from_secs(60 * minutes));
        let count = fresh.map(check).count();
        println!("{count} stories of {STEPS} steps each");
        return;
    }
    std::thread::scope(|scope| {
        for half in 0..2 {
            scope.spawn(move || (0..STORIES).filter(|seed| seed % 2 == half).for_each(check));
        }
    });
}
