//! Graphs made from manifests' texts: edges, commands, and what cannot be.

use super::select::Selection;
use super::*;
use crate::logic::manifest::{self, Problem, Source};
use crate::logic::params::Params;
use std::collections::HashMap;
use std::fmt::Write;

mod ways;

fn expand_text(text: &str, files: &[&str]) -> (Option<Graph>, Vec<Problem>) {
    expand_read(text, files, false)
}

fn expand_read(text: &str, files: &[&str], quick: bool) -> (Option<Graph>, Vec<Problem>) {
    let source = Source::new("pipe.kdl", text);
    let (decoded, mut problems) = match quick {
        true => match manifest::read_quickly(&source) {
            Some(decoded) => (Some(decoded), Vec::new()),
            None => return (None, Vec::new()),
        },
        false => manifest::read(&source),
    };
    let decoded = decoded.expect("a manifest");
    let path = |text: &&str| ProjectPath::parse(text).expect("a path");
    let listing =
        |patterns: Vec<crate::base::path::PathPattern>| -> HashMap<String, Vec<ProjectPath>> {
            patterns
                .into_iter()
                .map(|pattern| {
                    let found = files
                        .iter()
                        .map(path)
                        .filter(|path| pattern.matches(path))
                        .collect();
                    (pattern.as_str().to_owned(), found)
                })
                .collect()
        };
    let params = Params::default();
    let axes = listing(axis_patterns(&decoded));
    let instances = Instances::of(&decoded, &source, &params, &axes);
    let listings = listing(instances.patterns());
    let variables = HashMap::from([
        ("HOST".to_owned(), Some("here".to_owned())),
        ("UNSET".to_owned(), None),
    ]);
    let facts = Facts {
        listings: &listings,
        variables: &variables,
        manifest: &ProjectPath::from_normal("pipe.kdl"),
        memory: 8 << 30,
    };
    let (graph, more) = expand(&decoded, &source, instances, &facts);
    problems.extend(more);
    (graph, problems)
}

fn graph_of(text: &str, files: &[&str]) -> Graph {
    let (graph, problems) = expand_text(text, files);
    assert!(problems.is_empty(), "{problems:?}");
    graph.expect("a sound manifest")
}

fn codes(text: &str, files: &[&str]) -> Vec<&'static str> {
    let (graph, problems) = expand_text(text, files);
    assert!(graph.is_none());
    problems.iter().map(|problem| problem.code).collect()
}

fn node(graph: &Graph, name: &str) -> NodeId {
    graph.find(name).expect("a node of that name")
}

fn names(graph: &Graph, nodes: impl Iterator<Item = NodeId>) -> Vec<String> {
    nodes.map(|node| graph.name(node).to_owned()).collect()
}

const FORK: &str = r#"
node "d" { in "b.txt" "c.txt"; out "d.txt"; run "cat {in} > {out}" }
node "b" { in "a.txt"; out "b.txt"; run "cat {in} > {out}"; exclusive }
node "c" { about "third"; in "a.txt"; out "c.txt"; run "cat {in} > {out}"; after "b"; exclusive "db"; always }
"#;

#[test]
fn edges_go_from_reader_to_writer() {
    let graph = graph_of(FORK, &[]);
    let (b, c, d) = (node(&graph, "b"), node(&graph, "c"), node(&graph, "d"));
    assert_eq!(names(&graph, graph.needs(d)), ["b", "c"]);
    assert_eq!(names(&graph, graph.users(b)), ["d"]);
    assert_eq!(names(&graph, graph.after(c)), ["b"]);
    assert_eq!(names(&graph, graph.order()), ["b", "c", "d"]);
    assert_eq!(graph.exclusive(b), Some(Exclusive::Alone));
    assert_eq!(graph.exclusive(c), Some(Exclusive::Group("db".into())));
    assert_eq!(
        (graph.about(c), graph.always(c), graph.always(b)),
        ("third", true, false)
    );
    let written: Vec<&str> = graph
        .paths()
        .filter(|&path| graph.producer(path).is_some())
        .map(|path| graph.path(path))
        .collect();
    assert_eq!(written.len(), 3);
}

#[test]
fn paths_are_found_by_their_text_and_know_their_readers() {
    let mut text = String::new();
    let uses = [("a", "aa"), ("aaa", "ab"), ("b", "ba"), ("a", "b/a")];
    for (number, (reads, writes)) in uses.iter().enumerate() {
        let _ = writeln!(
            text,
            r#"node "n{number}" {{ in "{reads}"; out "{writes}"; run "true" }}"#
        );
    }
    let graph = graph_of(&text, &[]);
    let find =
        |texts: &[&str]| graph.find_paths(&texts.iter().map(|text| text.as_bytes()).collect());
    for path in graph.paths() {
        assert_eq!(find(&[graph.path(path)]), [path]);
    }
    assert_eq!(find(&["", "aab", "a/a", "bb", "c", "aaaa"]), []);
    let all: Vec<&str> = graph.paths().map(|path| graph.path(path)).collect();
    assert_eq!(find(&all), graph.paths().collect::<Vec<_>>());
    let readers = |text: &str| names(&graph, graph.readers(find(&[text])[0]));
    assert_eq!(readers("a"), ["n0", "n3"]);
    assert_eq!(readers("b"), ["n2"]);
    assert!(readers("aa").is_empty());
}

#[test]
fn saved_bytes_are_read_back_or_refused() {
    let graph = graph_of(FORK, &[]);
    assert!(graph.has_head_of(graph.bytes()));
    let other = graph_of(&FORK.replace("third", "tenth"), &[]);
    assert!(!graph.has_head_of(other.bytes()));
    assert!(!graph.has_head_of(&graph.bytes()[..20]));
    let bytes = graph.bytes().to_vec();
    let again = Graph::open(bytes.clone().into()).expect("what was saved");
    assert_eq!(again.job(node(&again, "d")), graph.job(node(&graph, "d")));
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(Graph::open(damaged.into()).is_none(), "bit {at}");
        assert!(
            Graph::open(bytes[..at].to_vec().into()).is_none(),
            "cut at {at}"
        );
    }
}

#[test]
fn a_glob_takes_files_and_declared_outputs() {
    let text = r#"
node "make" { out "data/made.csv"; run "touch {out}" }
node "join" { in "data/*.csv" extra="x.txt"; out "all"; run "cat {in} {in.extra} > {out}" }
"#;
    let graph = graph_of(
        text,
        &[
            "data/b.csv",
            "data/a.csv",
            "data/sub/c.csv",
            "data/made.csv",
        ],
    );
    let join = node(&graph, "join");
    let inputs: Vec<&str> = graph
        .inputs(join)
        .map(|input| graph.path(input.path))
        .collect();
    assert_eq!(
        inputs,
        ["data/a.csv", "data/b.csv", "data/made.csv", "x.txt"]
    );
    assert_eq!(names(&graph, graph.needs(join)), ["make"]);
    assert_eq!(
        graph.job(join).shown,
        "cat data/a.csv data/b.csv data/made.csv x.txt > all"
    );
    assert_eq!(
        graph.job(join).inputs,
        ["data/a.csv", "data/b.csv", "data/made.csv"]
    );
    let empty = graph_of(
        "node \"n\" { in \"*.none\"; out \"o\"; run \"touch {out}\" }",
        &[],
    );
    assert_eq!(empty.empty_patterns(NodeId(0)), ["*.none"]);
}

#[test]
fn what_stands_inside_an_output_directory_is_no_source() {
    let text = r#"
node "make" { out "d/"; run "mkdir {out}" }
node "all" { in "**/*.csv"; out "all"; run "cat {in} > {out}" }
node "inside" { in "d/x.csv"; out "o"; run "cat {in} > {out}" }
node "around" { in "d/"; out "p"; run "ls {in} > {out}" }
"#;
    let graph = graph_of(text, &["a.csv", "d/x.csv"]);
    let all: Vec<&str> = graph
        .inputs(node(&graph, "all"))
        .map(|input| graph.path(input.path))
        .collect();
    assert_eq!(all, ["a.csv"]);
    let inside = graph
        .inputs(node(&graph, "inside"))
        .next()
        .expect("an input");
    assert!(inside.mixed);
    assert!(
        !graph
            .inputs(node(&graph, "around"))
            .next()
            .expect("an input")
            .mixed
    );
    assert_eq!(names(&graph, graph.needs(node(&graph, "inside"))), ["make"]);
}

#[test]
fn variables_are_layered_and_the_callers_are_looked_up() {
    let text = r#"
env A="top" B="top"
env "HOST" "UNSET"
defaults { env B="default" C="default" }
node "n" { in "x"; out "o"; env C="{node} reads {in}"; run "true > {out}" }
"#;
    let graph = graph_of(text, &[]);
    let row = graph
        .declaration(NodeId(0))
        .into_iter()
        .find(|row| row.name == "caller HOST")
        .expect("a row");
    assert!(
        !row.value.contains("here"),
        "what comes from the caller may be a secret: {}",
        row.value
    );
    let job = graph.job(NodeId(0));
    let pairs: Vec<(&str, &str)> = job
        .env
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    assert_eq!(
        pairs,
        [
            ("A", "top"),
            ("B", "default"),
            ("C", "n reads x"),
            ("HOST", "here")
        ]
    );
}

#[test]
fn what_cannot_be_is_told() {
    let node = |name: &str, rest: &str| format!("node \"{name}\" {{ {rest}; run \"true\" }}\n");
    let two = |one: &str, other: &str| node("a", one) + &node("b", other);
    assert_eq!(codes(&two("out \"x\"", "out \"x\""), &[]), ["two-writers"]);
    assert_eq!(
        codes(&two("out \"x\"", "out \"./y/../x\""), &[]),
        ["two-writers"]
    );
    assert_eq!(
        codes(&two("out \"x/\"", "out \"x/y\""), &[]),
        ["nested-outputs"]
    );
    assert_eq!(
        codes(&two("in \"y\"; out \"x\"", "in \"x\"; out \"y\""), &[]),
        ["cycle"]
    );
    assert_eq!(
        codes(&two("out \"x\"; after \"b\"", "in \"x\"; out \"y\""), &[]),
        ["cycle"]
    );
    assert_eq!(
        codes(&node("a", "in \"x\"; out \"x\""), &[]),
        ["own-output"]
    );
    assert_eq!(
        codes(&node("a", "in \"d/\"; out \"d/x\""), &[]),
        ["own-output"]
    );
    assert_eq!(
        codes(&node("a", "in \"*.csv\"; out \"x.csv\""), &[]),
        ["own-output"]
    );
    assert_eq!(
        codes(&two("out \"d/\"", "in \"d/*.csv\"; out \"y\""), &[]),
        ["glob-into-output"]
    );
    assert_eq!(
        codes(&two("out \"d\"", "in \"d/x\"; out \"y\""), &[]),
        ["kind-conflict"]
    );
    assert_eq!(
        codes(
            &two("out \"x\"; after \"c\"", "in (node)\"q\"; out \"y\""),
            &[]
        ),
        ["unknown-node", "unknown-node"]
    );
    assert_eq!(
        codes(&node("a", "out \"pipe.kdl\""), &[]),
        ["manifest-as-output"]
    );
}

#[test]
fn two_circles_are_two_problems_with_every_node_labelled() {
    let node = |name: &str, from: &str| {
        format!("node \"{name}\" {{ in \"{from}\"; out \"{name}\"; run \"true\" }}\n")
    };
    let text =
        node("a", "b") + &node("b", "c") + &node("c", "a") + &node("p", "q") + &node("q", "p");
    let (_, problems) = expand_text(&text, &[]);
    assert_eq!(
        problems
            .iter()
            .map(|problem| problem.labels.len())
            .collect::<Vec<_>>(),
        [3, 2]
    );
    assert!(
        problems[0].message.contains("`a` -> `b` -> `c` -> `a`"),
        "{}",
        problems[0].message
    );
}

#[test]
fn a_long_circle_is_told_by_its_ends() {
    let node = |number: usize| {
        let from = (number + 1) % 30;
        format!("node \"n{number}\" {{ in \"f{from}\"; out \"f{number}\"; run \"true\" }}\n")
    };
    let (_, problems) = expand_text(&(0..30).map(node).collect::<String>(), &[]);
    assert_eq!(problems[0].labels.len(), 21);
    assert!(
        problems[0]
            .message
            .ends_with("`n18` -> `n19` -> 9 more -> `n29` -> `n0`"),
        "{}",
        problems[0].message
    );
}

#[test]
fn targets_select_what_they_need() {
    let graph = graph_of(FORK, &[]);
    let chosen = |targets: &[&str]| {
        let targets: Vec<String> = targets.iter().map(|&target| target.to_owned()).collect();
        let selection = Selection::of(&graph, &targets, &ProjectPath::root())?;
        Ok::<_, Vec<select::UnknownTarget>>(names(
            &graph,
            graph.nodes().filter(|&node| selection.contains(node)),
        ))
    };
    assert_eq!(chosen(&[]).unwrap(), ["d", "b", "c"]);
    assert_eq!(chosen(&["b"]).unwrap(), ["b"]);
    assert_eq!(
        chosen(&["c.txt"]).unwrap(),
        ["c"],
        "`after` pulls nothing in"
    );
    assert_eq!(chosen(&["d"]).unwrap(), ["d", "b", "c"]);
    assert_eq!(chosen(&["[bc]*"]).unwrap(), ["b", "c"]);
    let unknown = chosen(&["x", "b.tx"]).unwrap_err();
    assert_eq!(unknown.len(), 2);
    assert_eq!(unknown[1].nearest.as_deref(), Some("b.txt"));
}

#[test]
fn chains_of_a_hundred_thousand_nodes_are_ordinary() {
    let count = 100_000;
    let mut text = String::new();
    for index in 0..count {
        let _ = writeln!(
            text,
            "node \"n{index}\" {{ in \"f/{index}\"; out \"f/{}\"; exec \"true\" }}",
            index + 1
        );
    }
    let (graph, problems) = expand_read(&text, &[], true);
    assert!(problems.is_empty());
    let graph = graph.expect("a graph");
    let last = vec![format!("n{}", count - 1)];
    let selection = Selection::of(&graph, &last, &ProjectPath::root()).unwrap();
    assert_eq!(selection.len(), count);
}
