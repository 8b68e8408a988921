//! The recipes of the book's page on CI: their shell parts, run as a service would run them, twice, in two clones.
//!
//! What only the service can do, to keep a folder or a file under a key, is imitated.

use super::{chain, fresh_clone};
use crate::support::{Sandbox, copy_tree};
use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The one fenced block of the page with these words behind its fence.
fn block(info: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("book/src/guide/ci.md");
    let page = fs::read_to_string(page).expect("the page");
    let opening = format!("```{info}\n");
    let (_, rest) = page.split_once(&opening).expect("the recipe");
    rest.split_once("```").expect("its end").0.to_owned()
}

fn yaml(info: &str) -> Value {
    serde_saphyr::from_str(&block(info)).expect("YAML")
}

/// Runs a line of shell in a checkout as a service does, and gives what it said.
fn shell(folder: &Path, script: &str, variables: &[(&str, &str)]) -> String {
    let own = Path::new(env!("CARGO_BIN_EXE_pipe"))
        .parent()
        .expect("a folder");
    let given = variables.iter().find(|(name, _)| *name == "PATH");
    let path = given.map(|(_, path)| OsString::from(path));
    let path = path.or_else(|| std::env::var_os("PATH"));
    let folders = std::env::split_paths(&path.expect("a PATH")).collect::<Vec<_>>();
    let folders = [own.to_path_buf()].into_iter().chain(folders);
    let path = std::env::join_paths(folders).expect("a PATH");
    let told = Command::new("bash")
        .args(["-e", "-c", script])
        .current_dir(folder)
        .envs([("CI", ""), ("PIPE_CACHE_DIR", ""), ("PIPE_CACHE_READ", "")])
        .envs(variables.iter().copied())
        .env("PATH", path)
        .output()
        .expect("bash starts");
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.status.success(), "{script}\n{said}");
    said
}

/// What a service keeps: folders and files under keys, the newest last.
struct Kept {
    folder: PathBuf,
    keys: Vec<String>,
}

impl Kept {
    fn new(sandbox: &Sandbox) -> Self {
        let folder = sandbox.beside("kept");
        fs::create_dir(&folder).expect("a folder");
        Kept {
            folder,
            keys: Vec::new(),
        }
    }

    fn save(&mut self, key: &str, checkout: &Path, path: &str) {
        assert!(
            !self.keys.iter().any(|kept| kept == key),
            "{key} cannot change"
        );
        copy_tree(&checkout.join(path), &self.folder.join(key));
        self.keys.push(key.to_owned());
    }

    fn restore(&self, prefix: &str, checkout: &Path, path: &str) {
        let newest = self.keys.iter().rev().find(|key| key.starts_with(prefix));
        if let Some(key) = newest {
            let place = checkout.join(path);
            fs::create_dir_all(place.parent().expect("a folder")).expect("folders");
            copy_tree(&self.folder.join(key), &place);
        }
    }
}

/// Carries out the steps of a job; the last word of each build.
fn github(steps: &Value, run: u32, checkout: &Path, kept: &mut Kept) -> Vec<String> {
    let filled = |text: &Value| {
        let text = text.as_str().expect("a text");
        text.replace("${{ runner.os }}", "Linux")
            .replace("${{ github.run_id }}", &run.to_string())
            .replace("${{ github.run_attempt }}", "1")
    };
    let mut said = Vec::new();
    for step in steps.as_array().expect("steps") {
        let with = |name: &str| filled(&step["with"][name]);
        match (step["run"].as_str(), step["uses"].as_str()) {
            (Some(script), _) => said.push(shell(checkout, script, &[])),
            (_, Some("actions/cache/restore@v4")) => {
                kept.restore(&with("restore-keys"), checkout, &with("path"));
            }
            (_, Some("actions/cache/save@v4")) => kept.save(&with("key"), checkout, &with("path")),
            (_, uses) => assert_eq!(uses, Some("actions/checkout@v4")),
        }
    }
    said
}

/// Two runs: the first runs both nodes, the second restores them.
fn twice(sandbox: &Sandbox, mut job: impl FnMut(u32, &Path) -> Vec<String>) {
    for run in [1, 2] {
        let clone = fresh_clone(sandbox, &format!("clone-{run}"));
        let said = job(run, &clone).concat();
        let told = ["2 ran in", "2 restored in"][run as usize - 1];
        assert!(said.contains(told), "run {run}:\n{said}");
        assert_eq!(clone.join("runs").exists(), run == 1);
    }
}

#[test]
fn the_recipes_for_github() {
    for (recipe, steps) in [
        ("yaml,github", "/jobs/build/steps"),
        ("yaml,github-archive", "/steps"),
    ] {
        let (sandbox, yaml) = (chain(), yaml(recipe));
        let steps = yaml.pointer(steps).expect("steps");
        let mut kept = Kept::new(&sandbox);
        twice(&sandbox, |run, clone| github(steps, run, clone, &mut kept));
        assert_eq!(kept.keys.len(), 2, "{recipe}");
    }
}

fn scripts(job: &Value) -> Vec<&str> {
    let parts = ["script", "after_script"].into_iter();
    let lines = parts.filter_map(|part| job[part].as_array()).flatten();
    lines.map(|line| line.as_str().expect("a line")).collect()
}

#[test]
fn the_recipe_for_gitlab() {
    let (sandbox, yaml) = (chain(), yaml("yaml,gitlab"));
    let job = &yaml["build"];
    let path = job["cache"]["paths"][0].as_str().expect("a path");
    let mut kept = Kept::new(&sandbox);
    twice(&sandbox, |run, clone| {
        kept.restore("pipe-", clone, path);
        let said = scripts(job)
            .iter()
            .map(|line| shell(clone, line, &[]))
            .collect();
        kept.save(&format!("pipe-{run}"), clone, path);
        said
    });
}

/// A `curl` that gives out what the service keeps, and refuses as the real one where there is nothing.
const CURL: &str = r#"#!/bin/sh
while [ "$1" != --output ]; do shift; done
case $3 in */jobs/artifacts/main/raw/results.pipe?job=main) ;; *) exit 22 ;; esac
[ -f "$KEPT" ] && cp "$KEPT" "$2" || exit 22
"#;

#[test]
fn the_recipe_with_an_artifact() {
    let (sandbox, yaml) = (chain(), yaml("yaml,gitlab-archive"));
    let artifact = yaml["main"]["artifacts"]["paths"][0]
        .as_str()
        .expect("a path");
    let (kept, programs) = (sandbox.beside("artifact"), sandbox.beside("programs"));
    fs::create_dir(&programs).expect("a folder");
    fs::write(programs.join("curl"), CURL).expect("a program");
    fs::set_permissions(programs.join("curl"), fs::Permissions::from_mode(0o755)).expect("a mode");
    let archive = yaml["request"]["variables"]["ARCHIVE"]
        .as_str()
        .expect("an address");
    let archive = archive.replace("$CI_DEFAULT_BRANCH", "main");
    let path = format!(
        "{}:{}",
        programs.display(),
        std::env::var("PATH").expect("a PATH")
    );
    let variables = [
        ("PATH", &*path),
        ("ARCHIVE", &archive),
        ("KEPT", kept.to_str().expect("a path")),
        ("CI_JOB_TOKEN", "secret"),
    ];
    let request = scripts(&yaml["request"]);
    twice(&sandbox, |run, clone| {
        let lines = match run {
            1 => scripts(&yaml["main"]),
            _ => request.clone(),
        };
        let said = lines.iter().map(|line| shell(clone, line, &variables));
        let said = said.collect();
        if run == 1 {
            copy_tree(&clone.join(artifact), &kept);
        }
        said
    });
    // Without one, as before the first build of the main branch, everything runs.
    fs::remove_file(&kept).expect("the artifact");
    let clone = fresh_clone(&sandbox, "early");
    let said: String = request
        .iter()
        .map(|line| shell(&clone, line, &variables))
        .collect();
    assert!(said.contains("2 ran in"), "{said}");
}

#[test]
fn the_recipe_with_a_shared_folder() {
    let sandbox = chain();
    let shared = sandbox.beside("shared");
    let variables = [("SHARED", shared.to_str().expect("a path"))];
    twice(&sandbox, |run, clone| {
        let recipe = if run == 1 { "sh,main" } else { "sh,request" };
        vec![shell(clone, &block(recipe), &variables)]
    });
}
