//! A project as values: its manifest as text, and by content alone what every output must hold and what has to run.
//!
//! Knows nothing of `pipe`: keys here are texts, put together from what commands read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A file that people write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourceFile {
    pub(super) text: String,
    pub(super) executable: bool,
}

/// What a node reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    Source(usize),
    /// `src/*.txt`.
    Glob,
    /// The directory `src/`.
    Folder,
    /// The output of an earlier node.
    Output(usize),
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) inputs: Vec<Input>,
    pub(super) salt: u64,
    /// Writes a directory.
    pub(super) directory: bool,
    /// Two instances, of which the second writes to another file.
    pub(super) matrix: bool,
    pub(super) fails: bool,
    pub(super) exclusive: bool,
    pub(super) after: Option<usize>,
    pub(super) gone: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Project {
    /// By number: `src/N.txt`, if it stands.
    pub(super) sources: BTreeMap<usize, SourceFile>,
    /// A node reads only nodes before it.
    pub(super) nodes: Vec<Node>,
}

/// What a build must come to.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// Every file of every node that can be built, and its text.
    pub(super) outputs: BTreeMap<String, String>,
    /// The keys of nodes that run well, and of those that fail, by instance.
    pub(super) keys: BTreeMap<String, String>,
    pub(super) failing: BTreeSet<String>,
    /// Nodes that fail or need one that does: their outputs are not asked about.
    pub(super) open: BTreeSet<String>,
}

pub(super) fn source_path(number: usize) -> String {
    format!("src/{number}.txt")
}

impl Project {
    /// The instances of a node: a label, empty where there is no matrix.
    pub(super) fn instances(&self, node: usize) -> &'static [&'static str] {
        if self.nodes[node].matrix {
            &["p", "q"]
        } else {
            &[""]
        }
    }

    pub(super) fn output(&self, node: usize, label: &str) -> String {
        let slash = if self.nodes[node].directory { "/" } else { "" };
        format!("out/n{node}{label}{slash}")
    }

    fn standing(&self, node: usize) -> bool {
        self.nodes.get(node).is_some_and(|node| !node.gone)
    }

    /// The inputs that still mean something.
    fn inputs(&self, node: usize) -> impl Iterator<Item = &Input> {
        self.nodes[node].inputs.iter().filter(|input| match input {
            Input::Source(number) => self.sources.contains_key(number),
            Input::Output(other) => self.standing(*other),
            Input::Glob | Input::Folder => true,
        })
    }

    fn body(&self, node: usize) -> String {
        let salt = self.nodes[node].salt;
        let target = if self.nodes[node].directory {
            "mkdir -p {out}/empty; target={out}/file"
        } else {
            "target={out}"
        };
        let end = if self.nodes[node].fails {
            "; exit 3"
        } else {
            ""
        };
        format!(
            "echo $NAME >> ../runs; {target}; {{ for one in {{in}}; do find $one -type f | LC_ALL=C sort | while read -r file; do [ -x $file ] && echo x; cat $file; done; done; echo {salt} {{node}}; }} > $target{end}"
        )
    }

    /// The manifest.
    pub(super) fn manifest(&self) -> String {
        let mut text = "jobs 3\ndefaults { shell \"sh\" \"-euc\" }\n".to_owned();
        for number in 0..self.nodes.len() {
            if !self.standing(number) {
                continue;
            }
            let node = &self.nodes[number];
            let _ = write!(
                text,
                "node \"n{number}\" {{ env NAME=\"{{node}}\"; in \"src/seed\""
            );
            for input in self.inputs(number) {
                let _ = match input {
                    Input::Source(source) => write!(text, " \"{}\"", source_path(*source)),
                    Input::Glob => write!(text, " \"src/*.txt\""),
                    Input::Folder => write!(text, " \"src/\""),
                    Input::Output(other) => write!(text, " (node)\"n{other}\""),
                };
            }
            let label = if node.matrix { "{matrix.label}" } else { "" };
            let slash = if node.directory { "/" } else { "" };
            let _ = write!(text, "; out \"out/n{number}{label}{slash}\"");
            if node.matrix {
                text.push_str("; matrix { label \"p\" \"q\" }");
            }
            if node.exclusive {
                text.push_str("; exclusive");
            }
            if let Some(other) = node.after.filter(|other| self.standing(*other)) {
                let _ = write!(text, "; after \"n{other}\"");
            }
            let _ = writeln!(text, "; run #\"{}\"# }}", self.body(number));
        }
        text
    }

    /// A node and all that it needs.
    fn with_needs(&self, target: usize) -> BTreeSet<usize> {
        let mut all = BTreeSet::from([target]);
        for number in (0..=target).rev() {
            if all.contains(&number) {
                let needs = self.inputs(number).filter_map(|input| match input {
                    Input::Output(other) => Some(*other),
                    Input::Source(_) | Input::Glob | Input::Folder => None,
                });
                all.extend(needs.collect::<Vec<_>>());
            }
        }
        all
    }

    /// What a build must come to, of everything or of one node, node by node in the order of the manifest.
    pub(super) fn expected(&self, target: Option<usize>) -> Expected {
        let members = target.map(|target| self.with_needs(target));
        let mut expected = Expected::default();
        // By output file: what a reader reads there.
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        let told = |file: &SourceFile| {
            let mark = if file.executable { "x\n" } else { "" };
            format!("{mark}{}", file.text)
        };
        for number in 0..self.nodes.len() {
            let is_member = members.as_ref().is_none_or(|all| all.contains(&number));
            if !self.standing(number) || !is_member {
                continue;
            }
            for label in self.instances(number) {
                let name = match *label {
                    "" => format!("n{number}"),
                    label => format!("n{number}@{label}"),
                };
                let mut seen = BTreeSet::from(["src/seed".to_owned()]);
                let mut text = "seed\n".to_owned();
                let mut read = String::new();
                let mut blocked = false;
                // A list names a path once for every value that stands for it; what is read is told for the key only once.
                let take = |path: String,
                            content: String,
                            seen: &mut BTreeSet<String>,
                            read: &mut String| {
                    if seen.insert(path.clone()) {
                        let _ = write!(read, "{path}={content:?};");
                    }
                };
                for input in self.inputs(number) {
                    match input {
                        Input::Source(source) => {
                            let content = told(&self.sources[source]);
                            text.push_str(&content);
                            take(source_path(*source), content, &mut seen, &mut read);
                        }
                        Input::Glob => {
                            let mut all: Vec<(String, &SourceFile)> = self
                                .sources
                                .iter()
                                .map(|(number, file)| (source_path(*number), file))
                                .collect();
                            all.sort_by(|a, b| a.0.cmp(&b.0));
                            for (path, file) in all {
                                text.push_str(&told(file));
                                take(path, told(file), &mut seen, &mut read);
                            }
                        }
                        Input::Folder => {
                            let mut all: Vec<(String, String)> = self
                                .sources
                                .iter()
                                .map(|(number, file)| (source_path(*number), told(file)))
                                .collect();
                            all.push(("src/seed".to_owned(), "seed\n".to_owned()));
                            all.sort();
                            let content: String =
                                all.iter().map(|(_, text)| text.as_str()).collect();
                            text.push_str(&content);
                            take("src".to_owned(), format!("{all:?}"), &mut seen, &mut read);
                        }
                        Input::Output(other) => {
                            for label in self.instances(*other) {
                                let path = self.output(*other, label);
                                let content = files.get(&path).cloned();
                                blocked |= content.is_none();
                                let content = content.unwrap_or_default();
                                text.push_str(&content);
                                take(path, content, &mut seen, &mut read);
                            }
                        }
                    }
                }
                let _ = writeln!(text, "{} {name}", self.nodes[number].salt);
                let output = self.output(number, label);
                if blocked || self.nodes[number].fails {
                    if !blocked {
                        expected.failing.insert(name.clone());
                    }
                    expected.open.insert(name);
                    continue;
                }
                let file = if self.nodes[number].directory {
                    format!("{output}file")
                } else {
                    output.clone()
                };
                let list = self
                    .inputs(number)
                    .map(|input| format!("{input:?} "))
                    .collect::<String>();
                let key = format!("{}|{output}|{list}|{read}|{name}", self.body(number));
                expected.keys.insert(name, key);
                files.insert(output, text.clone());
                expected.outputs.insert(file, text);
            }
        }
        expected
    }
}
