//! Commands that do what nobody expects, and graphs that are odd.

use crate::support::Sandbox;
use std::fmt::Write as _;
use std::fs;

/// Row E of the matrix in the book: the command's text is the same, the list of inputs is not.
#[test]
fn a_changed_list_of_inputs_counts_under_an_unchanged_command() {
    let manifest = |inputs: &str| {
        format!("node \"n\" {{ in {inputs}; out \"o\"; run \"cat src/* > {{out}}\" }}")
    };
    let sandbox = Sandbox::new(&manifest(r#""src/a""#));
    sandbox.write("src/a", "a\n");
    sandbox.write("src/b", "b\n");
    sandbox.build();
    for inputs in [r#""src/a" "src/b""#, r#""src/b" "src/a""#, r#""src/b""#] {
        sandbox.manifest(&manifest(inputs));
        assert_eq!(sandbox.build().ran(), 1, "{inputs}");
        sandbox.build().expect_nothing_done();
    }
}

/// Row L.
#[test]
fn a_chain_of_50_000_nodes_is_judged() {
    let mut manifest =
        String::from("node \"n0\" { in \"a\"; out \"b/0\"; run \"cat {in} > {out}\" }\n");
    for number in 1..50_000 {
        let before = number - 1;
        writeln!(manifest, "node \"n{number}\" {{ in \"b/{before}\"; out \"b/{number}\"; run \"cat {{in}} > {{out}}\" }}")
            .expect("a string takes all");
    }
    let sandbox = Sandbox::new(&manifest);
    sandbox.write("a", "1\n");
    let dry = sandbox.pipe("build --dry-run").expect_code(0);
    dry.expect_said("n49999");
    sandbox.manifest(&format!(
        "{manifest}node \"end\" {{ in \"b/49999\"; out \"a\"; run \"cat {{in}} > {{out}}\" }}\n"
    ));
    sandbox
        .pipe("build")
        .expect_code(2)
        .expect_said("wait for each other");
}

/// Row P.
#[test]
fn with_one_job_the_order_is_the_same_each_time() {
    let nodes: String = (0..12)
        .map(|number| format!("node \"n{number}\" {{ in \"a\"; out \"b/{number}\"; run \"echo {number} >> order; cat {{in}} > {{out}}\" }}\n"))
        .collect();
    let orders: Vec<String> = (0..4)
        .map(|_| {
            let sandbox = Sandbox::new(&nodes);
            sandbox.write("a", "1\n");
            sandbox.pipe("build -j1").expect_code(0);
            sandbox.read("order")
        })
        .collect();
    assert_eq!(orders[0].lines().count(), 12);
    assert!(orders.iter().all(|order| *order == orders[0]), "{orders:?}");
}

#[test]
fn a_command_that_removes_its_input_is_told_of_and_not_recorded() {
    let sandbox = Sandbox::new(r#"node "n" { in "a.txt"; out "o.txt"; run "mv {in} {out}" }"#);
    sandbox.write("a.txt", "1\n");
    sandbox.build().expect_said("a.txt");
    sandbox.pipe("build").expect_code(2).expect_said("a.txt");
    sandbox.write("a.txt", "1\n");
    assert_eq!(sandbox.build().ran(), 1, "there is no result to be found");
}

/// The second writer does not declare what it does. The first one's output is brought back.
#[test]
fn a_node_that_writes_into_anothers_output_does_not_get_its_way() {
    let sandbox = Sandbox::new(
        r#"
node "first" { in "a"; out "one"; run "cat {in} > {out}" }
node "second" { in "a"; out "two"; after "first"; run "cat {in} > {out}; echo surprise > one" }
node "reader" { in "one"; after "second"; out "three"; run "cat {in} > {out}" }
"#,
    );
    sandbox.write("a", "1\n");
    let first = sandbox.build();
    let second = sandbox.build();
    assert_eq!(second.restored(), 1, "{}\n{}", first.err, second.err);
    assert_eq!(
        (sandbox.read("one"), sandbox.read("three")),
        ("1\n".to_owned(), "1\n".to_owned())
    );
    sandbox.build().expect_nothing_done();
}

/// Two nodes that both write a third path, which neither declares, are none of `pipe`'s business: that path is not tracked.
#[test]
fn a_path_that_nobody_declares_is_nobodys() {
    let sandbox = Sandbox::new(
        r#"
node "one" { out "one"; run "echo 1 > {out}; echo 1 >> shared" }
node "two" { out "two"; run "echo 2 > {out}; echo 2 >> shared" }
"#,
    );
    sandbox.build();
    sandbox.build().expect_nothing_done();
    fs::remove_file(sandbox.path("shared")).expect("it stood");
    sandbox.build().expect_nothing_done();
}

/// The command finds nothing at its output, whatever stood there.
#[test]
fn a_command_that_appends_starts_from_nothing() {
    let sandbox = Sandbox::new(
        r#"node "n" { in "a"; out "o" "d/"; run "cat {in} >> o; mkdir -p d; cat {in} >> d/x" }"#,
    );
    for text in ["1\n", "2\n"] {
        sandbox.write("a", text);
        sandbox.build();
        assert_eq!(
            (sandbox.read("o"), sandbox.read("d/x")),
            (text.to_owned(), text.to_owned())
        );
    }
}
