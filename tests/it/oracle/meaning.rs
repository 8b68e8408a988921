//! What the commands of a project write, worked out here and not by running them: the judge over `pipe` and over a clean
//! build alike.

use super::project::{Fault, Job, Project, Shape};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::hash::{Hash, Hasher};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Tree {
    File { bytes: Vec<u8>, executable: bool },
    Link(String),
    Folder(BTreeMap<String, Tree>),
}

/// What a job of a clean build comes to.
#[derive(Debug, Clone)]
pub(super) enum Fate {
    /// It writes these outputs.
    Done(Vec<(String, Tree)>),
    Failed,
    /// Something that it needs failed.
    Blocked,
}

pub(super) struct Meant {
    pub(super) job: Job,
    /// Stands for all that may change what the job writes. Unspecified where the job is blocked.
    pub(super) key: u64,
    pub(super) fate: Fate,
}

/// What each job of the project comes to, in an order in which they can run.
pub(super) fn meaning(project: &Project) -> Vec<Meant> {
    let mut written: HashMap<String, Tree> = HashMap::new();
    let mut all: Vec<Meant> = Vec::new();
    let mut well: HashMap<String, bool> = HashMap::new();
    for job in project.jobs() {
        let blocked = job.needs.iter().any(|need| !well[need]);
        let (key, fate) = if blocked {
            (0, Fate::Blocked)
        } else {
            let read: Vec<(String, Tree)> = job
                .inputs
                .iter()
                .map(|path| {
                    (
                        path.clone(),
                        written
                            .get(path)
                            .cloned()
                            .unwrap_or_else(|| project.source(path)),
                    )
                })
                .collect();
            let mut hasher = DefaultHasher::new();
            let node = &job.node;
            (
                &job.name,
                node.salt,
                node.shape,
                node.fault,
                &job.outputs,
                &read,
            )
                .hash(&mut hasher);
            (hasher.finish(), run(&job, &read))
        };
        well.insert(job.name.clone(), matches!(fate, Fate::Done(_)));
        if let Fate::Done(outputs) = &fate {
            written.extend(outputs.iter().cloned());
        }
        all.push(Meant { job, key, fate });
    }
    all
}

/// What the job's script does.
fn run(job: &Job, read: &[(String, Tree)]) -> Fate {
    let node = &job.node;
    let mut stream = format!("{}\n", node.salt).into_bytes();
    for (_, tree) in read {
        tree.print(".", None, &mut stream);
    }
    let told = match node.shape {
        Shape::Length => format!("{}\n", stream.len()),
        _ => format!("{} {}\n", cksum(&stream), stream.len()),
    };
    let is_odd = told
        .split_whitespace()
        .next()
        .is_some_and(|word| word.ends_with(['1', '3', '5', '7', '9']));
    match node.fault {
        Fault::Fails | Fault::WritesNothing => return Fate::Failed,
        Fault::FailsOnOdd if is_odd && node.shape != Shape::Nothing => return Fate::Failed,
        Fault::FailsOnOdd | Fault::None => {}
    }
    let file = |text: String, executable| Tree::File {
        bytes: text.into_bytes(),
        executable,
    };
    let salt = || file(format!("{}\n", node.salt), false);
    let trees = match node.shape {
        Shape::Nothing => Vec::new(),
        Shape::Sum | Shape::Length => vec![file(told, false)],
        Shape::Program => vec![file(told, true)],
        Shape::Two => vec![file(told, false), salt()],
        Shape::Tree => {
            let mut tree = Tree::Folder(BTreeMap::new());
            for number in 0..node.salt % 3 {
                tree.insert(&format!("k{number}"), file(format!("{number}\n"), false));
            }
            // What it reads decides what there is in it, so that going back takes files away.
            let digit = &told[told.find(' ').map_or(0, |end| end - 1)..][..1];
            tree.insert(&format!("p{digit}"), file(String::new(), false));
            tree.insert("b", salt());
            tree.insert("l", Tree::Link("b".to_owned()));
            tree.insert("empty", Tree::Folder(BTreeMap::new()));
            tree.insert("sub/sum", file(told, !node.salt.is_multiple_of(2)));
            vec![tree]
        }
    };
    Fate::Done(job.outputs.iter().cloned().zip(trees).collect())
}

impl Tree {
    /// Puts `tree` at a path below this folder.
    pub(super) fn insert(&mut self, path: &str, tree: Tree) {
        let Tree::Folder(names) = self else {
            panic!("{path} lies in a file");
        };
        match path.split_once('/') {
            None => {
                names.insert(path.to_owned(), tree);
            }
            Some((first, rest)) => {
                let folder = names
                    .entry(first.to_owned())
                    .or_insert_with(|| Tree::Folder(BTreeMap::new()));
                folder.insert(rest, tree);
            }
        }
    }

    /// What the shell function `w` of the scripts prints.
    fn print(&self, label: &str, beside: Option<&BTreeMap<String, Tree>>, stream: &mut Vec<u8>) {
        match self {
            Tree::File { bytes, executable } => {
                stream.extend(format!("{} {label}\n", if *executable { 'x' } else { 'f' }).bytes());
                stream.extend(bytes);
            }
            Tree::Link(target) => {
                if let Some(tree) = beside.and_then(|names| names.get(target)) {
                    tree.print(label, beside, stream);
                }
            }
            Tree::Folder(names) => {
                stream.extend(format!("d {label}\n").bytes());
                for (name, tree) in names {
                    tree.print(name, Some(names), stream);
                }
            }
        }
    }

    /// What really stands there.
    pub(super) fn at(path: &Path) -> Option<Tree> {
        let metadata = path.symlink_metadata().ok()?;
        if metadata.is_symlink() {
            return Some(Tree::Link(
                fs::read_link(path).ok()?.to_string_lossy().into_owned(),
            ));
        }
        if metadata.is_dir() {
            let mut names = BTreeMap::new();
            for entry in fs::read_dir(path).ok()? {
                let entry = entry.ok()?;
                names.insert(
                    entry.file_name().to_string_lossy().into_owned(),
                    Tree::at(&entry.path())?,
                );
            }
            return Some(Tree::Folder(names));
        }
        let executable = metadata.permissions().mode() & 0o100 != 0;
        Some(Tree::File {
            bytes: fs::read(path).ok()?,
            executable,
        })
    }
}

/// The checksum that POSIX wants of `cksum`.
fn cksum(bytes: &[u8]) -> u32 {
    let mut length = bytes.len();
    let lengths = std::iter::from_fn(|| {
        (length > 0).then(|| {
            let low = (length & 0xff) as u8;
            length >>= 8;
            low
        })
    });
    let mut crc = 0u32;
    for byte in bytes.iter().copied().chain(lengths) {
        crc ^= u32::from(byte) << 24;
        for _ in 0..8 {
            crc = if crc & 0x8000_0000 == 0 {
                crc << 1
            } else {
                (crc << 1) ^ 0x04c1_1db7
            };
        }
    }
    !crc
}

/// As `cksum` of GNU coreutils has it.
#[test]
fn the_checksum_is_that_of_the_command() {
    assert_eq!(
        (cksum(b""), cksum(b"hello\n")),
        (4_294_967_295, 3_015_617_425)
    );
}
