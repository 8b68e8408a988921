//! The steps of a story: what is edited, harmed and built. A step draws its details from a seed of its own, so that the
//! others mean the same when it is left out.

use super::disk;
use super::project::{Fault, Input, Node, Project, SINGLES, Shape, Source};
use super::random::Random;
use std::path::Path;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    AddNode,
    ChangeNode,
    EditSource,
    Touch,
    HarmOutput,
    HarmState,
    GoBack,
    /// The project in a new folder, with the cache.
    Clone,
    Build,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) kind: Kind,
    pub(super) seed: u64,
}

/// A story: a project is made, and then edited, harmed and built.
pub(super) fn story(seed: u64) -> Vec<Step> {
    let mut random = Random::new(seed);
    let mut steps = Vec::new();
    let mut add = |kind, random: &mut Random| {
        steps.push(Step {
            kind,
            seed: random.next(),
        });
    };
    for _ in 0..2 + random.below(4) {
        add(Kind::AddNode, &mut random);
    }
    add(Kind::Build, &mut random);
    for _ in 0..2 + random.below(3) {
        for _ in 0..1 + random.below(3) {
            let kinds = [
                Kind::AddNode,
                Kind::ChangeNode,
                Kind::ChangeNode,
                Kind::EditSource,
                Kind::EditSource,
                Kind::EditSource,
                Kind::HarmOutput,
                Kind::HarmOutput,
                Kind::HarmState,
                Kind::GoBack,
                Kind::GoBack,
                Kind::Touch,
                Kind::Clone,
            ];
            let kind = random.pick(&kinds);
            add(kind, &mut random);
        }
        add(Kind::Build, &mut random);
    }
    steps
}

/// Adds a node that reads what is there.
pub(super) fn add_node(project: &mut Project, random: &mut Random) -> String {
    let id = project
        .nodes
        .iter()
        .map(|node| node.id + 1)
        .max()
        .unwrap_or(0);
    let shapes = [
        Shape::Sum,
        Shape::Sum,
        Shape::Length,
        Shape::Program,
        Shape::Two,
        Shape::Tree,
        Shape::Tree,
        Shape::Nothing,
    ];
    let is_gathering = project.nodes.iter().any(|node| node.gathered);
    let mut node = Node {
        id,
        salt: random.below(6) as u32,
        shape: random.pick(&shapes),
        inputs: Vec::new(),
        axis: Vec::new(),
        after: Vec::new(),
        exclusive: random.once_in(6),
        always: random.once_in(16),
        uncached: random.once_in(10),
        // A glob that matches one alone has little to get wrong.
        gathered: random.once_in(if is_gathering { 3 } else { 5 }),
        fault: if random.once_in(6) {
            fault(random)
        } else {
            Fault::None
        },
    };
    if random.once_in(5) {
        node.axis = axis(random);
    }
    for _ in 0..1 + random.below(3) {
        add_input(&mut node, project, random);
    }
    let said = format!("add n{id}");
    project.nodes.push(node);
    said
}

fn fault(random: &mut Random) -> Fault {
    random.pick(&[
        Fault::Fails,
        Fault::FailsOnOdd,
        Fault::FailsOnOdd,
        Fault::WritesNothing,
    ])
}

fn axis(random: &mut Random) -> Vec<&'static str> {
    let mut values = vec!["a", "b", "c"];
    values.remove(random.below(3));
    if random.once_in(3) {
        values.remove(0);
    }
    values
}

fn add_input(node: &mut Node, project: &Project, random: &mut Random) {
    let earlier: Vec<u32> = project
        .nodes
        .iter()
        .map(|node| node.id)
        .filter(|&id| id < node.id)
        .collect();
    let input = match random.below(8) {
        0 => Input::Folder,
        1 => Input::SourceGlob,
        2 => Input::OutputGlob,
        3 => Input::Single(random.below(SINGLES as usize) as u32),
        4 if project.nodes.iter().any(|node| node.gathered) => Input::OutputGlob,
        _ if earlier.is_empty() => Input::Single(random.below(SINGLES as usize) as u32),
        _ => Input::Node(random.pick(&earlier)),
    };
    if !node.inputs.contains(&input) {
        node.inputs.push(input);
    }
    if random.once_in(4) && !earlier.is_empty() {
        node.after = vec![random.pick(&earlier)];
    }
}

/// Changes or removes a node.
pub(super) fn change_node(project: &mut Project, random: &mut Random) -> String {
    if project.nodes.is_empty() {
        return String::new();
    }
    let at = random.below(project.nodes.len());
    let mut node = project.nodes.remove(at);
    let id = node.id;
    let said = match random.below(14) {
        0 | 1 => return format!("remove n{id}"),
        _ if node.gathered && random.once_in(3) => return format!("remove n{id}"),
        _ if node.shape == Shape::Tree && random.once_in(3) => {
            // With fewer files in it, or more.
            node.salt = (node.salt + 1) % 6;
            "its command"
        }
        2 | 3 => {
            node.salt = random.below(6) as u32;
            "its command"
        }
        4 => {
            node.shape = random.pick(&[
                Shape::Sum,
                Shape::Two,
                Shape::Tree,
                Shape::Program,
                Shape::Nothing,
            ]);
            "its shape"
        }
        5 => {
            node.fault = fault(random);
            "fails"
        }
        6 | 7 => {
            node.fault = Fault::None;
            "fails no more"
        }
        8 => {
            node.exclusive = !node.exclusive;
            "exclusive"
        }
        9 => {
            node.uncached = !node.uncached;
            "cache"
        }
        10 => {
            node.axis = if node.axis.is_empty() || random.once_in(2) {
                axis(random)
            } else {
                Vec::new()
            };
            "its matrix"
        }
        11 if node.inputs.len() > 1 => {
            let gone = random.below(node.inputs.len());
            node.inputs.remove(gone);
            "an input less"
        }
        12 => {
            node.inputs.reverse();
            "its inputs' order"
        }
        _ => {
            add_input(&mut node, project, random);
            "an input more"
        }
    };
    project.nodes.insert(at, node);
    format!("change n{id}: {said}")
}

/// Edits the sources as values; how they reach the disk is another matter.
pub(super) fn edit_source(project: &mut Project, random: &mut Random) -> String {
    // Of one length, so that neither sizes nor lengths tell the edit.
    let text = format!("{}\n", 100 + random.below(6));
    let file = |text: String| Source::File {
        text,
        executable: false,
    };
    let in_folder = ["src/d/1", "src/d/2", "src/d/sub/1", "src/d/-odd name"];
    let globbed = ["src/g/1.txt", "src/g/2.txt", "src/g/not.csv"];
    match random.below(10) {
        0 => {
            let paths: Vec<String> = project.files_below("src/");
            let path = paths[random.below(paths.len())].clone();
            if let Some(Source::File { executable, .. }) = project.sources.get_mut(&path) {
                *executable = !*executable;
            }
            format!("chmod {path}")
        }
        1 => {
            let path = random.pick(&in_folder);
            project.sources.insert(path.to_owned(), file(text));
            format!("write {path}")
        }
        2 => {
            let path = random.pick(&globbed);
            project.sources.insert(path.to_owned(), file(text));
            format!("write {path}")
        }
        3 => {
            let path = random.pick(&[&in_folder[..], &globbed[..]].concat());
            project.sources.remove(path);
            format!("remove {path}")
        }
        4 => {
            let (from, to) = (random.pick(&in_folder), random.pick(&in_folder));
            if let Some(moved) = project.sources.remove(from) {
                project.sources.insert(to.to_owned(), moved);
            }
            format!("rename {from} {to}")
        }
        5 => {
            let path = "src/d/empty".to_owned();
            if project.sources.remove(&path).is_none() {
                project.sources.insert(path, Source::EmptyFolder);
            }
            "an empty folder comes or goes".to_owned()
        }
        _ => {
            let paths: Vec<String> = project.files_below("src/");
            let path = paths[random.below(paths.len())].clone();
            if let Some(Source::File { text: old, .. }) = project.sources.get_mut(&path) {
                *old = text.clone();
            }
            format!("edit {path}: {}", text.trim_end())
        }
    }
}

/// A source is dated anew, or replaced by one that is equal.
pub(super) fn touch(project: &Project, root: &Path, random: &mut Random) -> String {
    let paths = project.files_below("src/");
    let path = &paths[random.below(paths.len())];
    disk::touch(&root.join(path), random);
    format!("touch {path}")
}
