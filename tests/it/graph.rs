//! Graph-level behaviour through the program: order without data, exclusive words, `always`.

use crate::support::Sandbox;

#[test]
fn after_orders_without_data() {
    let manifest = r#"
jobs 4
node "second" { after "first"; out "b"; run "echo second >> order; echo > {out}" }
node "first" { out "a"; run "echo first >> order; echo > {out}" }
"#;
    let sandbox = Sandbox::new(manifest);
    sandbox.build();
    assert_eq!(sandbox.read("order"), "first\nsecond\n");
    // Not a part of any key.
    sandbox.manifest(&manifest.replace("after \"first\";", ""));
    sandbox.build().expect_nothing_done();
    // Nor does it pull the other in.
    let fresh = Sandbox::new(manifest);
    assert_eq!(fresh.pipe("build second").expect_code(0).ran(), 1);
}

/// Each command says when it starts and ends; the lines of one group never interleave.
#[test]
fn nodes_of_one_exclusive_word_never_overlap() {
    let node = |name: &str| {
        format!(
            "node \"{name}\" {{ exclusive \"db\"; out \"{name}\"; run \"echo start >> db.log; sleep 0.02; echo end >> db.log; echo > {{out}}\" }}\n"
        )
    };
    let sandbox = Sandbox::new(&format!(
        "jobs 8\n{}",
        (0..6)
            .map(|number| node(&format!("n{number}")))
            .collect::<String>()
    ));
    sandbox.build();
    assert_eq!(sandbox.read("db.log"), "start\nend\n".repeat(6));
}

#[test]
fn jobs_are_a_limit() {
    let node = |number: usize| {
        format!(
            "node \"n{number}\" {{ out \"n{number}\"; run \"mkdir -p now; touch now/{number}; ls now | wc -l >> counts; sleep 0.02; rm now/{number}; echo > {{out}}\" }}\n"
        )
    };
    let sandbox = Sandbox::new(&(0..12).map(node).collect::<String>());
    sandbox.pipe("build -j 3").expect_code(0);
    let counts = sandbox.read("counts");
    let most = counts
        .lines()
        .map(|line| line.trim().parse::<u32>().expect("a number"))
        .max();
    assert!(most <= Some(3), "{counts}");
}

#[test]
fn always_runs_each_time_and_what_is_below_only_when_its_output_changed() {
    let sandbox = Sandbox::new(
        r#"
node "probe" { always; in "world"; out "seen"; run "echo probe >> runs; cat {in} > {out}" }
node "use" { in "seen"; out "used"; run "echo use >> runs; cat {in} > {out}" }
"#,
    );
    sandbox.write("world", "1\n");
    sandbox.build();
    sandbox.take_runs();
    sandbox.build();
    assert_eq!(sandbox.take_runs(), ["probe"]);
    sandbox.write("world", "2\n");
    sandbox.build();
    assert_eq!(sandbox.take_runs(), ["probe", "use"]);
}

#[test]
fn a_node_input_means_all_its_outputs() {
    let sandbox = Sandbox::new(
        r#"
node "two" { out "a" "b"; run "echo a > a; echo b > b" }
node "join" { in (node)"two"; out "c"; run "cat {in} > {out}" }
"#,
    );
    sandbox.build();
    assert_eq!(sandbox.read("c"), "a\nb\n");
}

#[test]
fn a_file_inside_an_output_directory_is_an_input_like_any_other() {
    let sandbox = Sandbox::new(
        r#"
node "many" { in "seed"; out "d/"; run "mkdir {out}; cat {in} > {out}/x; echo other > {out}/y" }
node "one" { in "d/y"; out "o"; run "echo one >> runs; cat {in} > {out}" }
"#,
    );
    sandbox.write("seed", "1\n");
    sandbox.build();
    assert_eq!(sandbox.take_runs(), ["one"]);
    sandbox.write("seed", "2\n");
    assert_eq!(sandbox.build().ran(), 1, "d/y is what it was");
    sandbox.manifest(&sandbox.read("pipe.kdl").replace("\"d/y\"", "\"d/z\""));
    sandbox.pipe("build").expect_code(1).expect_said("d/z");
}
