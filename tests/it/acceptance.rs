//! The penguins, as a user would build them: first time, again, after each kind of edit.

use crate::support::{Outcome, Sandbox, command_in};
use std::fs;

const RAW: &str = "data/penguins-raw.csv";

fn built() -> Sandbox {
    let sandbox = Sandbox::fixture("penguins");
    let first = sandbox.build();
    assert_eq!(first.ran(), 11);
    sandbox
}

#[test]
fn a_second_build_runs_nothing_and_says_so_in_one_line() {
    built().build().expect_nothing_done();
}

#[test]
fn touching_a_source_runs_nothing() {
    let sandbox = built();
    let text = sandbox.read(RAW);
    sandbox.write(RAW, text);
    sandbox.build().expect_nothing_done();
}

#[test]
fn a_change_that_the_cleaned_table_does_not_show_runs_one_node() {
    let sandbox = built();
    let text = sandbox.read(RAW);
    assert!(
        text.contains("Not enough blood for isotopes."),
        "the column of comments"
    );
    sandbox.write(
        RAW,
        text.replacen(
            "Not enough blood for isotopes.",
            "Not enough blood for isotopes!",
            1,
        ),
    );
    let build = sandbox.build();
    assert_eq!(build.ran(), 1, "{}", build.err);
    build.expect_said("outputs as before");
}

#[test]
fn a_change_that_matters_runs_what_is_below_and_changing_back_restores_it() {
    let sandbox = built();
    let before = sandbox.read("build/report.md");
    let text = sandbox.read(RAW);
    // The second line is a bird; its body mass is a field of its own.
    sandbox.write(RAW, text.replacen(",3750,", ",3755,", 1));
    let changed = sandbox.build();
    assert!(changed.ran() > 3, "{}", changed.err);
    assert_ne!(sandbox.read("build/report.md"), before);
    sandbox.build().expect_nothing_done();

    sandbox.write(RAW, text);
    let back = sandbox.build();
    assert_eq!(back.ran(), 0, "{}", back.err);
    assert!(back.restored() > 3, "{}", back.err);
    assert_eq!(sandbox.read("build/report.md"), before);
    sandbox.build().expect_nothing_done();
}

#[test]
fn outputs_that_were_deleted_or_edited_are_put_back() {
    let sandbox = built();
    let report = sandbox.read("build/report.md");
    let scores = sandbox.read("build/scores.csv");
    let species = sandbox.read("build/species/Gentoo.csv");
    sandbox.remove("build/report.md");
    sandbox.write("build/scores.csv", "mine\n");
    sandbox.write("build/species/Gentoo.csv", "mine too\n");
    let build = sandbox.build();
    assert_eq!((build.ran(), build.restored()), (0, 3), "{}", build.err);
    assert_eq!(sandbox.read("build/report.md"), report);
    assert_eq!(sandbox.read("build/scores.csv"), scores);
    assert_eq!(sandbox.read("build/species/Gentoo.csv"), species);
    build.expect_said(".pipe/replaced/");
    assert!(kept_texts(&sandbox).contains(&"mine\n".to_owned()));
    sandbox.build().expect_nothing_done();
}

fn kept_texts(sandbox: &Sandbox) -> Vec<String> {
    let mut texts = Vec::new();
    let mut folders = vec![sandbox.path(".pipe/replaced")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of replaced files") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                texts.push(fs::read_to_string(path).expect("text"));
            }
        }
    }
    texts
}

#[test]
fn a_copied_checkout_runs_nothing() {
    let sandbox = built();
    let copy = sandbox.moved_copy("elsewhere");
    fs::remove_dir_all(sandbox.root()).expect("the original is gone");
    let build =
        Outcome::of(command_in(&copy, ["build"]).output().expect("pipe starts")).expect_code(0);
    build.expect_nothing_done();
}

#[test]
fn renaming_reformatting_and_reordering_run_nothing() {
    let sandbox = built();
    let text = sandbox.read("pipe.kdl");
    let (head, nodes) = text.split_once("node \"clean\"").expect("the first node");
    let (first, rest) = nodes.split_once("\n}\n").expect("its end");
    let renamed = rest
        .replace("node \"bills\"", "node \"bill-plot\"")
        .replace("    in ", "    in   ");
    sandbox.manifest(&format!(
        "{head}\n// moved below\n{renamed}\nnode \"cleaning\"{first}\n}}\n"
    ));
    let build = sandbox.build();
    assert_eq!((build.ran(), build.restored()), (0, 0), "{}", build.err);
    sandbox.build().expect_nothing_done();
}

#[test]
fn a_fresh_clone_with_the_cache_restores_everything() {
    let sandbox = built();
    let cache = sandbox.beside("shared-cache");
    fs::rename(sandbox.path(".pipe/cache"), &cache).expect("the cache moves out");
    let clone = Sandbox::fixture("penguins");
    let build = Outcome::of(
        clone
            .command(["build", "--cache-dir"])
            .arg(&cache)
            .output()
            .expect("pipe starts"),
    )
    .expect_code(0);
    assert_eq!((build.ran(), build.restored()), (0, 11), "{}", build.err);
    assert_eq!(
        clone.read("build/report.md"),
        sandbox.read("build/report.md")
    );
    Outcome::of(
        clone
            .command(["build", "--cache-dir"])
            .arg(&cache)
            .output()
            .expect("pipe starts"),
    )
    .expect_nothing_done();
}
