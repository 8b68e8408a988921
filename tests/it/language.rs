//! Matrix, parameters, includes: one declaration, many nodes, values from elsewhere.

use crate::support::Sandbox;

const MODELS: &str = r#"
jobs 4
params "params.toml"
node "train" {
    tags "model"
    matrix { model "rf" "xgb"; seed 1 2 3; exclude model="rf" seed=3 }
    in script="src/train.sh"
    param "train.quiet"
    out "build/{matrix.model}/{matrix.seed}.bin" log="build/{matrix.model}/{matrix.seed}.csv"
    run "echo {node} >> runs; sh {in.script} {matrix.model} {matrix.seed} {params.train.depth} > {out}; echo {out.stem} > {out.log}"
}
node "best" {
    in (node)"train@rf,1"
    out "build/best"
    run "echo best >> runs; cat {in} > {out}"
}
node "report" {
    in (node)"train"
    out "build/report"
    run "echo report >> runs; cat {in} > {out}"
}
"#;

fn models() -> Sandbox {
    let sandbox = Sandbox::new(MODELS);
    sandbox.write("src/train.sh", "echo \"$@\"\n");
    sandbox.write(
        "params.toml",
        "[train]\ndepth = 4\nquiet = true\nother = 1\n",
    );
    sandbox
}

#[test]
fn a_matrix_makes_instances_that_can_be_named() {
    let sandbox = models();
    assert_eq!(sandbox.build().ran(), 7);
    assert_eq!(sandbox.read("build/rf/2.bin"), "rf 2 4\n");
    assert_eq!(sandbox.read("build/rf/2.csv"), "2\n");
    assert!(!sandbox.stands("build/rf/3.bin"), "excluded");
    assert_eq!(sandbox.read("build/report").lines().count(), 10);
    sandbox.build().expect_nothing_done();
    sandbox.take_runs();
    for (target, ran) in [
        ("train@xgb,2", 1),
        ("train", 5),
        ("tag:model", 5),
        ("build/xgb/1.bin", 1),
        ("train@rf*", 2),
    ] {
        let built = sandbox
            .command(["build", "-f", target])
            .output()
            .expect("pipe starts");
        assert!(built.status.success());
        assert_eq!(sandbox.take_runs().len(), ran, "{target}");
    }
    sandbox
        .pipe("build train@rf,9")
        .expect_code(2)
        .expect_said("train@rf");
    sandbox.pipe("why train@rf,1").expect_code(0);
    sandbox.pipe("log train@rf,1").expect_code(0);
}

#[test]
fn only_named_parameters_count() {
    let sandbox = models();
    sandbox.build();
    sandbox.take_runs();
    sandbox.write(
        "params.toml",
        "# again\n[train]\nother = 2\nquiet = true\ndepth = 4\n",
    );
    sandbox.build().expect_nothing_done();
    sandbox.write(
        "params.toml",
        "[train]\ndepth = 5\nquiet = true\nother = 2\n",
    );
    assert_eq!(sandbox.build().ran(), 7);
    sandbox.write(
        "params.toml",
        "[train]\ndepth = 5\nquiet = false\nother = 2\n",
    );
    let built = sandbox.build();
    assert_eq!(
        built.ran(),
        5,
        "`param` is a part of the key, early cutoff below\n{}",
        built.err
    );
    sandbox.pipe("status").expect_code(0);
    assert_eq!(
        sandbox
            .pipe("build --set train.depth=4 --set train.quiet=true")
            .expect_code(0)
            .restored(),
        7
    );
    sandbox
        .pipe("build -S train.dept=4")
        .expect_code(2)
        .expect_said("train.depth");
    sandbox
        .pipe("build -S train")
        .expect_code(2)
        .expect_said("--set train.depth=8");
}

#[test]
fn parameters_may_be_changed_back_and_broken() {
    let sandbox = models();
    sandbox.build();
    sandbox.write("params.toml", "[train]\ndepth = = 5\n");
    sandbox
        .pipe("build")
        .expect_code(2)
        .expect_said("params.toml:2:9");
    sandbox.remove("params.toml");
    sandbox.write("param.toml", "");
    sandbox
        .pipe("build")
        .expect_code(2)
        .expect_said("did you mean param.toml");
    sandbox.write("params.toml", "[train]\ndepth = 4\nquiet = true\n");
    sandbox.build().expect_nothing_done();
}

#[test]
fn an_axis_may_come_from_files_or_from_a_list() {
    let sandbox = Sandbox::new(
        r#"
params "p.yaml"
node "count" {
    matrix { file (glob)"raw/*.csv"; word (param)"words" }
    in "{matrix.file}"
    out "build/{matrix.file.stem}-{matrix.word}.txt"
    run "grep -c {matrix.word} {in} > {out} || true"
}
node "all" { in "build/*.txt"; out "all.txt"; run "cat {in} > {out}" }
"#,
    );
    sandbox.write("p.yaml", "words: [one, two]\n");
    sandbox.write("raw/a.csv", "one\n");
    sandbox.write("raw/b [1].csv", "two\ntwo\n");
    assert_eq!(sandbox.build().ran(), 5);
    assert_eq!(
        sandbox.read("build/b [1]-two.txt"),
        "2\n",
        "a bracket in a name is no pattern"
    );
    sandbox.write("raw/c.csv", "one\n");
    assert_eq!(sandbox.build().ran(), 3);
    sandbox.remove("raw/a.csv");
    let built = sandbox.build();
    assert_eq!(built.ran(), 1);
    assert!(
        !sandbox.stands("build/a-one.txt"),
        "no node writes it any more\n{}",
        built.err
    );
    sandbox.build().expect_nothing_done();
}

#[test]
fn an_axis_must_not_match_what_nodes_write() {
    let sandbox = Sandbox::new(
        r#"
node "make" { out "raw/x.csv"; run "echo x > {out}" }
node "count" { matrix { file (glob)"raw/*.csv" }; in "{matrix.file}"; out "build/{matrix.file.name}"; run "cp {in} {out}" }
"#,
    );
    sandbox.write("raw/a.csv", "1\n");
    sandbox
        .pipe("build")
        .expect_code(2)
        .expect_said("this axis matches raw/x.csv, which `make` writes");
}

#[test]
fn includes_bring_nodes_and_parameters_and_point_at_their_own_text() {
    let sandbox = Sandbox::new(
        "include \"parts/*.kdl\"\nnode \"top\" { in \"build/a\"; out \"build/top\"; run \"cp {in} {out}\" }\n",
    );
    sandbox.write("parts/a.kdl", "params \"parts/p.json\"\nnode \"a\" { out \"build/a\"; run \"echo {params.n} > {out}\" }\n");
    sandbox.write("parts/p.json", "{\"n\": 3}");
    assert_eq!(sandbox.build().ran(), 2);
    assert_eq!(sandbox.read("build/top"), "3\n");
    sandbox.build().expect_nothing_done();
    sandbox.write(
        "parts/b.kdl",
        "node \"b\" { in \"build/top\"; out \"build/b\"; run \"cp {in} {out}\" }\n",
    );
    assert_eq!(sandbox.build().ran(), 1, "a new file of the glob");
    sandbox.write(
        "parts/b.kdl",
        "// words\n\nnode \"b\" { out \"build/a\"; runs \"x\" }\njobs 3\n",
    );
    let told = sandbox.pipe("build").expect_code(2);
    told.expect_said("[parts/b.kdl:3:27]");
    told.expect_said("parts/b.kdl:4:1");
    told.expect_said("[parts/a.kdl:2:16]");
    sandbox.remove("parts/b.kdl");
    sandbox.build();
    sandbox.manifest("include \"none/*.kdl\" \"gone.kdl\"\n");
    let told = sandbox.pipe("build").expect_code(2);
    told.expect_said("no file matches this");
    told.expect_said("there is no file gone.kdl");
}

#[test]
fn kdl_alone_reads_the_same_graph() {
    for name in ["penguins", "kedro-question"] {
        let sandbox = Sandbox::fixture(name);
        let quick = sandbox.pipe("list --json").expect_code(0).out;
        let slow = sandbox.pipe("list --json --by-kdl").expect_code(0).out;
        assert_eq!(quick, slow, "{name}");
        sandbox.build();
        sandbox
            .pipe("build --by-kdl")
            .expect_code(0)
            .expect_nothing_done();
    }
}
