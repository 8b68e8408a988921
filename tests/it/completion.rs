//! What the shells complete: in real bash, zsh and fish; where one of the last two is missing, a line says so.

use crate::support::Sandbox;
use std::path::Path;
use std::process::Command;

const MANIFEST: &str = r##"
node "train" {
    about "Fit a model"
    tags "nightly"
    matrix { model "rf" "xgb" }
    in "data/raw.csv"
    out "build/{matrix.model}.bin"
    run "touch {out}"
}
node "tidy-up" {
    in (node)"train"
    out "build/report.md"
    run "touch {out}"
}
"##;

/// The answer to a shell, as lines.
fn asked(sandbox: &Sandbox, words: &[&str]) -> Vec<String> {
    let output = sandbox.command(words).output().expect("pipe starts");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{words:?}");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("a text");
    text.lines().map(str::to_owned).collect()
}

/// What real bash makes of a line with the cursor at its end.
fn bash(sandbox: &Sandbox, line: &str) -> Vec<String> {
    let script = format!(
        r#"source <("$PIPE" completions bash)
        COMP_LINE={line:?}; COMP_POINT=${{#COMP_LINE}}
        COMP_WORDS=("$PIPE"); last="${{COMP_LINE##*[ @:=]}}"
        compopt() {{ :; }}
        _pipe_complete "$PIPE" "$last"
        printf '%s\n' "${{COMPREPLY[@]}}""#
    );
    let output = Command::new("bash")
        .args(["--norc", "-c", &script])
        .env("PIPE", env!("CARGO_BIN_EXE_pipe"))
        .current_dir(sandbox.root())
        .output()
        .expect("bash starts");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{line}");
    let text = String::from_utf8(output.stdout).expect("a text");
    text.lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn bash_completes_commands_options_nodes_tags_and_paths() {
    let sandbox = Sandbox::new(MANIFEST);
    sandbox.write("data/raw.csv", "");
    for (line, want) in [
        ("pipe sta", vec!["status"]),
        ("pipe build ", vec!["build/", "tag:", "tidy-up", "train"]),
        ("pipe build --dry", vec!["--dry-run"]),
        ("pipe build tra", vec!["train"]),
        ("pipe build train@", vec!["rf", "xgb"]),
        ("pipe build train@x", vec!["xgb"]),
        ("pipe why ti", vec!["tidy-up"]),
        ("pipe build tag:ni", vec!["nightly"]),
        ("pipe build bui", vec!["build/"]),
        (
            "pipe build build/r",
            vec!["build/report.md", "build/rf.bin"],
        ),
        ("pipe build data/", vec![]),
        ("pipe why data/", vec!["data/raw.csv"]),
        ("pipe build --output gr", vec!["grouped"]),
        ("pipe -C nowhere build t", vec![]),
    ] {
        assert_eq!(bash(&sandbox, line), want, "{line}");
    }
}

#[test]
fn other_shells_get_whole_words_with_what_they_are() {
    let sandbox = Sandbox::new(MANIFEST);
    sandbox.write("data/raw.csv", "");
    assert_eq!(
        asked(&sandbox, &["complete", "zsh", "pipe", "build", "tr"]),
        ["train\tFit a model"]
    );
    assert_eq!(
        asked(&sandbox, &["complete", "fish", "pipe", "build", "tag:"]),
        ["tag:nightly"]
    );
    // Silent where there is nothing to go by.
    sandbox.manifest("node {");
    assert_eq!(
        asked(&sandbox, &["complete", "zsh", "pipe", "build", "tr"]),
        [""; 0]
    );
    sandbox.remove("pipe.kdl");
    assert_eq!(
        asked(&sandbox, &["complete", "fish", "pipe", "build", "tr"]),
        [""; 0]
    );
}

#[test]
fn zsh_and_fish_take_their_scripts() {
    let sandbox = Sandbox::new(MANIFEST);
    sandbox.write("data/raw.csv", "");
    // Its completion needs a terminal; that the script is taken shows that it has no mistake.
    let zsh = "compdef() { print $*; }; source <(pipe completions zsh) 2>&1";
    let fish = "pipe completions fish | source; complete -C \"pipe build tra\"";
    let folder = Path::new(env!("CARGO_BIN_EXE_pipe"))
        .parent()
        .expect("a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    for (shell, script, want) in [
        ("zsh", zsh, "_pipe_complete pipe"),
        ("fish", fish, "train\tFit a model"),
    ] {
        let run = Command::new(shell)
            .args(["-c", script])
            .env("PATH", format!("{}:{path}", folder.display()))
            .env("HOME", sandbox.root())
            .current_dir(sandbox.root())
            .output();
        let Ok(output) = run else {
            println!("skipped: there is no {shell} here");
            continue;
        };
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(want), "{shell}: {text}");
    }
}

#[test]
fn manual_pages_are_written_for_every_command() {
    let sandbox = Sandbox::new(MANIFEST);
    let page = sandbox.pipe("man").expect_code(0).out;
    assert!(
        page.contains(".TH pipe 1") && page.contains("declarative build system"),
        "{page}"
    );
    std::fs::create_dir(sandbox.path("man1")).expect("a folder");
    sandbox.pipe("man man1").expect_code(0);
    for name in ["pipe", "pipe-build", "pipe-why", "pipe-cache-prune"] {
        assert!(sandbox.stands(&format!("man1/{name}.1")), "{name}");
    }
    sandbox
        .pipe("man nowhere")
        .expect_code(2)
        .expect_said("cannot write manual pages into nowhere");
}
