//! Graphs of simple nodes read quickly are those of the same nodes read with care.

use super::*;
use crate::logic::manifest::same_each_time;
use proptest::collection::vec;
use proptest::prelude::*;

/// What can be asked of every node, in words.
fn told(graph: &Graph) -> Vec<String> {
    let uses = |used: Use| {
        format!(
            "{} {} {}",
            graph.path(used.path),
            used.directory,
            used.mixed
        )
    };
    let of = |node: NodeId| {
        let inputs: Vec<String> = graph.inputs(node).map(uses).collect();
        let outputs: Vec<String> = graph.outputs(node).map(uses).collect();
        format!(
            "{} {} {:?} {} {inputs:?} {outputs:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            graph.name(node),
            graph.about(node),
            graph.exclusive(node),
            graph.always(node),
            graph.needs(node).collect::<Vec<_>>(),
            graph.users(node).collect::<Vec<_>>(),
            graph.after(node).collect::<Vec<_>>(),
            graph.declaration(node),
            graph.declaration_digest(node),
            graph.job(node),
            graph.tags(node),
            (graph.ignoring(node), graph.uncached(node), graph.temp(node)),
            (graph.demand(node), graph.empty_patterns(node)),
        )
    };
    let digests = graph
        .nodes()
        .all(|node| Row::digest_of(&graph.declaration(node)) == graph.declaration_digest(node));
    assert!(digests, "a digest is not that of its rows");
    graph.nodes().map(of).collect()
}

/// Whether the quick way had simple nodes to read, and came to an end.
fn same_in_both_ways(text: &str, files: &[&str]) -> bool {
    let (quick, problems) = expand_read(text, files, true);
    let (careful, _) = expand_read(text, files, false);
    assert!(
        quick.is_none() || problems.is_empty(),
        "{problems:?}\n{text}"
    );
    let Some(quick) = quick else { return false };
    let careful = careful.unwrap_or_else(|| panic!("the quick way is too kind:\n{text}"));
    assert_eq!(told(&quick), told(&careful), "{text}");
    assert_eq!(
        names(&quick, quick.order()),
        names(&careful, careful.order()),
        "{text}"
    );
    let paths = |graph: &Graph| -> Vec<String> {
        let path = |path| format!("{} {:?}", graph.path(path), graph.producer(path));
        graph.paths().map(path).collect()
    };
    assert_eq!(paths(&quick), paths(&careful), "{text}");
    true
}

#[test]
fn simple_nodes_come_to_the_same_graph() {
    let text = r##"
jobs 3
env A="top"
env "HOST"
pass-env "AWS_*"
defaults { retries 2; timeout 5; ignore "*.log"; cache "off"; env B="b" }
node "a" { in "x.txt" code="src/a.py"; out "build/a" log="build/a.log"; run "python {in.code} {in} {out} > {out.log}" }
node "b" { about "second"; in "build/a" "sub/dir/"; out "build/b/"; run #"echo "{in.0}" '{out}' {node} | sort"#; exclusive }
node "c" {
    // a comment
    in "build/b/"; in other="build/b/part"
    out "build/c"
    always; exec "tool" "--name={node}" "{in}" "-o" "{out}"
}
node "d" { in "build/*" "x.txt"; out "d/{matrix.k}.txt"; matrix { k 1 2 }; run "cat {in} > {out}"; tags "t"; slots 2 }
node "e" { in (node)"a" "d"; out "e"; after "c"; run "cat {in} > {out}" }
node "f" { run "true" }
"##;
    assert!(same_in_both_ways(text, &["build/old", "x.txt"]));
    let source = Source::new("pipe.kdl", text);
    let read = manifest::read_quickly(&source).expect("nothing is wrong");
    assert_eq!((read.simple.nodes.len(), read.nodes.len()), (4, 2));
}

#[test]
fn simple_nodes_take_the_shell_that_holds_for_all() {
    let of = |shell: &str| {
        format!(
            "defaults {{ shell {shell} }}\nnode \"a\" {{ in \"x\"; out \"y\"; run \"cat {{in}} > {{out}}\" }}"
        )
    };
    assert!(same_in_both_ways(&of(r#""/bin/dash" "-e" "-c""#), &["x"]));
    // How to quote for it is not known.
    assert!(!same_in_both_ways(&of(r#""fish" "-c""#), &["x"]));
    assert!(!expand_text(&of(r#""fish" "-c""#), &["x"]).1.is_empty());
}

#[test]
fn where_something_is_wrong_the_quick_way_gives_up() {
    let node = |name: &str, rest: &str| format!("node \"{name}\" {{ {rest}; run \"true\" }}\n");
    let two = |one: &str, other: &str| node("a", one) + &node("b", other);
    for text in [
        two("out \"x\"", "out \"x\""),
        two("out \"x/\"", "out \"x/y\""),
        two("in \"y\"; out \"x\"", "in \"x\"; out \"y\""),
        node("a", "in \"x\"; out \"x\""),
        node("a", "in \"d/\"; out \"d/x\""),
        two("out \"d\"", "in \"d/x\"; out \"y\""),
        two("out \"d\"", "in \"d/\"; out \"y\""),
        two("out \"x\"; after \"c\"", "out \"y\""),
        node("a", "out \"pipe.kdl\""),
        node("a", "out \"x\"") + &node("a", "out \"y\""),
    ] {
        let (graph, problems) = expand_read(&text, &[], true);
        assert!(graph.is_none() && problems.is_empty(), "{text}");
        assert!(!expand_text(&text, &[]).1.is_empty(), "{text}");
    }
}

proptest! {
    #![proptest_config(same_each_time())]

    /// Small graphs over few names, so that they meet, of words that are mostly right.
    #[test]
    fn random_manifests_come_to_the_same_graph(nodes in vec((0..6_u8, vec(0..24_usize, 1..7)), 1..8)) {
        let words = [
            "in \"a\"", "in \"b/c\" \"b/d\"", "in s=\"b/c\"", "in \"d/\"", "in \"d/e/f\"", "in \"b/*\"", "in \"n1\" \"n2\"",
            "in (node)\"n3\"", "out \"b/c\"", "out \"d/\"", "out \"{node}\"", "out o=\"n1\"", "out \"n2\" \"n3\"", "out \"b\"",
            "about \"some\"", "exclusive", "always", "after \"n2\"", "tags \"t\"", "in \"./a\"", "out \"x/../y\"", "in \"a\" \"a\"",
            "out \"d/e/g\"", "in \"d\"",
        ];
        let commands = [
            "run \"cat {in} > {out}\"", "run \"true\"", "run #\"echo '{in}' \"{out}\"\"#", "exec \"x\" \"{in}\" \"-{out}\"",
            "run \"a {in.s} {in.0} {out.o} {node}\"", "run \"cat {in:raw} <<E\"",
        ];
        let mut text = String::new();
        for (number, (command, chosen)) in nodes.iter().enumerate() {
            let chosen: Vec<&str> = chosen.iter().map(|&word| words[word]).collect();
            let command = commands[*command as usize];
            let _ = writeln!(text, "node \"n{number}\" {{ {}; {command} }}", chosen.join("; "));
        }
        same_in_both_ways(&text, &["b/c", "b/x", "a"]);
    }
}
