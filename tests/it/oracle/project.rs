//! A made-up project as values: its sources, its nodes, and the manifest that tells of them.
//!
//! Does not know what commands write (`meaning` does) nor what stands on the disk.

use super::meaning::Tree;
use super::runs::SAY;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Single files that are always there, as `src/s0` and so on.
pub(super) const SINGLES: u32 = 4;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Project {
    /// By path. `src/d` is read as a directory, `src/g` by a glob.
    pub(super) sources: BTreeMap<String, Source>,
    /// A node reads only what stands before it in this list, and what is gathered.
    pub(super) nodes: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    File { text: String, executable: bool },
    EmptyFolder,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) id: u32,
    /// A number in the command.
    pub(super) salt: u32,
    pub(super) shape: Shape,
    pub(super) inputs: Vec<Input>,
    /// Values of its matrix; none, no matrix.
    pub(super) axis: Vec<&'static str>,
    pub(super) after: Vec<u32>,
    pub(super) exclusive: bool,
    pub(super) always: bool,
    pub(super) uncached: bool,
    /// Its output is one of those that a glob reads. Such a node reads sources only.
    pub(super) gathered: bool,
    pub(super) fault: Fault,
}

/// What a command writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Shape {
    /// The checksum of all that it reads.
    Sum,
    /// The length of all that it reads: changes seldom.
    Length,
    /// A checksum that may be executed.
    Program,
    /// Two files.
    Two,
    /// A directory with a folder, an empty folder, a link.
    Tree,
    /// Nothing: a check.
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Fault {
    None,
    /// Writes all it should, then fails.
    Fails,
    /// The same, but only when the checksum of what it reads ends in an odd number.
    FailsOnOdd,
    /// Ends well without having written anything.
    WritesNothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    Single(u32),
    Folder,
    SourceGlob,
    OutputGlob,
    Node(u32),
}

/// One instance of a node.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) name: String,
    pub(super) node: Node,
    pub(super) inputs: Vec<String>,
    /// Paths without a trailing slash.
    pub(super) outputs: Vec<String>,
    /// Names of the jobs that write its inputs.
    pub(super) needs: Vec<String>,
}

/// Prints one input, whatever it is, with the names inside it and their executable bits.
const WALK: &str = r#"w() { if [ -d "$1" ]; then echo "d $2"; for f in "$1"/*; do if [ -e "$f" ]; then w "$f" "${f##*/}"; fi; done; elif [ -x "$1" ]; then echo "x $2"; cat "$1"; else echo "f $2"; cat "$1"; fi; }"#;

impl Project {
    /// The sources alone.
    pub(super) fn new() -> Self {
        let file = |text: &str| Source::File {
            text: text.to_owned(),
            executable: false,
        };
        let mut sources = BTreeMap::new();
        for number in 0..SINGLES {
            sources.insert(format!("src/s{number}"), file("100\n"));
        }
        sources.insert("src/d/0".to_owned(), file("100\n"));
        sources.insert("src/g/0.txt".to_owned(), file("100\n"));
        Project {
            sources,
            nodes: Vec::new(),
        }
    }

    pub(super) fn manifest(&self, jobs: usize) -> String {
        let mut text = format!(
            "jobs {jobs}\npass-env \"ORACLE_BUILD\"\ndefaults {{ shell \"sh\" \"-eu\" \"-c\" }}\n"
        );
        for node in &self.nodes {
            node.tell(&mut text);
        }
        text
    }

    /// All instances, each after those that it needs.
    pub(super) fn jobs(&self) -> Vec<Job> {
        let (mut first, mut then) = (Vec::new(), Vec::new());
        for node in &self.nodes {
            let list = if node.gathered { &mut first } else { &mut then };
            list.extend(
                node.names()
                    .into_iter()
                    .map(|(name, value)| self.job(node, name, value)),
            );
        }
        first.extend(then);
        first
    }

    fn job(&self, node: &Node, name: String, value: &str) -> Job {
        let mut job = Job {
            name,
            node: node.clone(),
            inputs: Vec::new(),
            outputs: node.outputs(value),
            needs: Vec::new(),
        };
        for input in &node.inputs {
            match input {
                Input::Single(number) => job.inputs.push(format!("src/s{number}")),
                Input::Folder => job.inputs.push("src/d".to_owned()),
                Input::SourceGlob => {
                    let files = self.files_below("src/g/").into_iter();
                    job.inputs
                        .extend(files.filter(|path| path.ends_with(".txt")));
                }
                Input::OutputGlob => {
                    let mut gathered: Vec<&Node> =
                        self.nodes.iter().filter(|node| node.gathered).collect();
                    gathered.sort_by_key(|node| node.outputs(""));
                    for node in gathered {
                        job.inputs.extend(node.outputs(""));
                        job.needs.push(format!("n{}", node.id));
                    }
                }
                Input::Node(id) => {
                    let needed = self.node(*id);
                    for (name, value) in needed.names() {
                        job.inputs.extend(needed.outputs(value));
                        job.needs.push(name);
                    }
                }
            }
        }
        job
    }

    fn node(&self, id: u32) -> &Node {
        self.nodes
            .iter()
            .find(|node| node.id == id)
            .expect("edges lead to nodes that are there")
    }

    pub(super) fn files_below(&self, folder: &str) -> Vec<String> {
        let files = self.sources.iter().filter(|(path, source)| {
            path.starts_with(folder) && matches!(source, Source::File { .. })
        });
        files.map(|(path, _)| path.clone()).collect()
    }

    /// What stands at a source.
    pub(super) fn source(&self, path: &str) -> Tree {
        let tree = |source: &Source| match source {
            Source::File { text, executable } => Tree::File {
                bytes: text.clone().into_bytes(),
                executable: *executable,
            },
            Source::EmptyFolder => Tree::Folder(BTreeMap::new()),
        };
        if let Some(source) = self.sources.get(path) {
            return tree(source);
        }
        let mut whole = Tree::Folder(BTreeMap::new());
        for (place, source) in &self.sources {
            if let Some(inner) = place
                .strip_prefix(path)
                .and_then(|rest| rest.strip_prefix('/'))
            {
                whole.insert(inner, tree(source));
            }
        }
        whole
    }

    /// Takes away what leads nowhere: inputs whose nodes are gone, globs that match nothing, nodes that read nothing.
    pub(super) fn tidy(&mut self) {
        let outputs_gather = self.nodes.iter().any(|node| node.gathered);
        let readable: Vec<u32> = self
            .nodes
            .iter()
            .filter(|node| node.shape != Shape::Nothing && !node.gathered)
            .map(|node| node.id)
            .collect();
        let all: Vec<u32> = self.nodes.iter().map(|node| node.id).collect();
        for node in &mut self.nodes {
            let (id, gathered) = (node.id, node.gathered);
            node.inputs.retain(|input| match input {
                Input::Node(needed) => !gathered && *needed < id && readable.contains(needed),
                Input::OutputGlob => !gathered && outputs_gather,
                Input::Single(_) | Input::Folder | Input::SourceGlob => true,
            });
            node.after
                .retain(|earlier| *earlier < id && all.contains(earlier) && !gathered);
            if node.inputs.is_empty() {
                node.inputs.push(Input::Single(id % SINGLES));
            }
            if gathered {
                node.axis.clear();
                node.shape = if node.shape == Shape::Length {
                    Shape::Length
                } else {
                    Shape::Sum
                };
            }
            if node.shape == Shape::Nothing && node.fault != Fault::Fails {
                // It is judged by what it writes.
                node.fault = Fault::None;
            }
        }
    }
}

impl Job {
    /// It needs the other, or comes after it.
    pub(super) fn follows(&self, other: &Job) -> bool {
        self.needs.contains(&other.name) || self.node.after.contains(&other.node.id)
    }
}

impl Node {
    /// Name and matrix value of each instance.
    pub(super) fn names(&self) -> Vec<(String, &'static str)> {
        if self.axis.is_empty() {
            return vec![(format!("n{}", self.id), "")];
        }
        self.axis
            .iter()
            .map(|value| (format!("n{}@{value}", self.id), *value))
            .collect()
    }

    fn outputs(&self, value: &str) -> Vec<String> {
        let base = match (self.gathered, self.axis.is_empty()) {
            (true, _) => format!("build/g/n{}", self.id),
            (false, true) => format!("build/n{}", self.id),
            (false, false) => format!("build/m{}/{value}", self.id),
        };
        match self.shape {
            Shape::Nothing => Vec::new(),
            Shape::Two => vec![format!("{base}.txt"), format!("{base}.b")],
            Shape::Tree => vec![format!("{base}.d")],
            Shape::Sum | Shape::Length | Shape::Program => vec![format!("{base}.txt")],
        }
    }

    /// Writes the node as KDL.
    fn tell(&self, text: &mut String) {
        let mut line = |said: String| writeln!(text, "{said}").expect("a string takes all");
        line(format!("node \"n{}\" {{", self.id));
        if !self.axis.is_empty() {
            line(format!("  matrix {{ m {} }}", quoted(self.axis.iter())));
        }
        for input in &self.inputs {
            line(match input {
                Input::Single(number) => format!("  in \"src/s{number}\""),
                Input::Folder => "  in \"src/d/\"".to_owned(),
                Input::SourceGlob => "  in \"src/g/*.txt\"".to_owned(),
                Input::OutputGlob => "  in \"build/g/*.txt\"".to_owned(),
                Input::Node(id) => format!("  in (node)\"n{id}\""),
            });
        }
        let outputs = self.outputs("{matrix.m}");
        if !outputs.is_empty() {
            let slash = if self.shape == Shape::Tree { "/" } else { "" };
            line(format!(
                "  out {}",
                quoted(outputs.iter().map(|path| format!("{path}{slash}")))
            ));
        }
        if !self.after.is_empty() {
            line(format!(
                "  after {}",
                quoted(self.after.iter().map(|id| format!("n{id}")))
            ));
        }
        for (word, holds) in [
            ("exclusive", self.exclusive),
            ("always", self.always),
            ("cache \"off\"", self.uncached),
        ] {
            if holds {
                line(format!("  {word}"));
            }
        }
        line(format!("  run ##\"{}\"##\n}}", self.script()));
    }

    fn script(&self) -> String {
        let salt = self.salt;
        let read = format!("{{ echo {salt}; for i in {{in}}; do w \"$i\" .; done; }}");
        let odd = |file: &str| match self.fault {
            Fault::FailsOnOdd => {
                format!("; read -r s r < {file}; case $s in *[13579]) exit 3;; esac")
            }
            Fault::Fails => "; exit 3".to_owned(),
            Fault::None | Fault::WritesNothing => String::new(),
        };
        let work = match self.shape {
            _ if self.fault == Fault::WritesNothing => "true".to_owned(),
            Shape::Sum => format!("{read} | cksum > {{out}}{}", odd("{out}")),
            Shape::Length => format!("{read} | wc -c > {{out}}{}", odd("{out}")),
            Shape::Program => format!(
                "{read} | cksum > {{out}}; chmod 755 {{out}}{}",
                odd("{out}")
            ),
            Shape::Two => format!(
                "{read} | cksum > {{out.0}}; echo {salt} > {{out.1}}{}",
                odd("{out.0}")
            ),
            Shape::Tree => {
                let more: String = (0..salt % 3)
                    .map(|number| format!("echo {number} > $o/k{number}; "))
                    .collect();
                let mode = if salt.is_multiple_of(2) { "644" } else { "755" };
                format!(
                    "o={{out}}; mkdir -p $o/sub $o/empty; {more}ln -s b $o/l; echo {salt} > $o/b; {read} | cksum > $o/sub/sum; read -r s r < $o/sub/sum; : > $o/p${{s#${{s%?}}}}; chmod {mode} $o/sub/sum{}",
                    odd("$o/sub/sum")
                )
            }
            Shape::Nothing => format!(
                "s=$({read} | cksum){}",
                if self.fault == Fault::Fails {
                    "; exit 3"
                } else {
                    ""
                }
            ),
        };
        format!("{SAY}; {WALK}; {work}")
    }
}

fn quoted<T: std::fmt::Display>(values: impl Iterator<Item = T>) -> String {
    values
        .map(|value| format!("\"{value}\""))
        .collect::<Vec<_>>()
        .join(" ")
}
