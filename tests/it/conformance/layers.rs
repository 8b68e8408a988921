//! A project in a file system of layers, as a container has it: what the image brought lies in a layer below that is never
//! written.
//!
//! Mounting one needs root; where that is not allowed a line says so.

use crate::support::{Outcome, Sandbox, command_in};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const MANIFEST: &str = r#"
node "file" { in "a.txt"; out "build/o.txt"; run "cat {in} > {out}" }
node "tree" { in "a.txt"; out "build/d/"; run "mkdir -p {out}/sub; cp {in} {out}/sub/x; ln -s sub/x {out}/link" }
"#;

/// A new layer over the folder of a sandbox.
struct Layers(PathBuf);

impl Layers {
    fn over(sandbox: &Sandbox) -> Option<Layers> {
        let folder = |name: &str| {
            let folder = sandbox.beside(name);
            fs::create_dir(&folder).expect("a folder");
            folder
        };
        let (upper, work, place) = (folder("upper"), folder("work"), folder("layers"));
        let options = format!(
            "lowerdir={},upperdir={},workdir={}",
            sandbox.root().display(),
            upper.display(),
            work.display()
        );
        let mut mount = Command::new("mount");
        mount.args(["-t", "overlay", "-o", &options, "overlay"]);
        let mounted = mount.arg(&place).stderr(Stdio::null()).status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Layers(place));
        }
        println!("skipped: no file system of layers can be mounted here");
        None
    }

    fn build(&self) -> Outcome {
        let build = command_in(&self.0, ["build"]).output();
        Outcome::of(build.expect("pipe starts")).expect_code(0)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.join(path)).expect("it stands")
    }
}

impl Drop for Layers {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn built() -> Sandbox {
    let sandbox = Sandbox::new(MANIFEST);
    sandbox.write("a.txt", "one\n");
    sandbox.build();
    sandbox.build_until_listed(2);
    sandbox
}

#[test]
fn what_a_layer_below_has_built_is_fresh_and_edits_over_it_are_seen() {
    let sandbox = built();
    let Some(layers) = Layers::over(&sandbox) else {
        return;
    };
    layers.build().expect_nothing_done();
    // The file is copied up, with another change time and perhaps another number.
    let source = layers.0.join("a.txt");
    fs::set_permissions(&source, fs::Permissions::from_mode(0o600)).expect("a mode");
    layers.build().expect_nothing_done();
    fs::write(&source, "two\n").expect("a source");
    assert_eq!(layers.build().ran(), 2);
    assert_eq!(layers.read("build/d/sub/x"), "two\n");
    fs::remove_dir_all(layers.0.join("build")).expect("it stands");
    assert_eq!(layers.build().restored(), 2);
    assert_eq!(layers.read("build/o.txt"), "two\n");
    layers.build().expect_nothing_done();
    assert_eq!(sandbox.read("build/o.txt"), "one\n", "never written");
}

/// A folder of a layer below cannot be renamed.
#[test]
fn a_directory_of_a_layer_below_that_was_edited_is_set_aside() {
    let sandbox = built();
    let Some(layers) = Layers::over(&sandbox) else {
        return;
    };
    fs::write(layers.0.join("build/d/sub/mine"), "mine\n").expect("an edit");
    let build = layers.build();
    assert_eq!(build.restored(), 1, "{}", build.err);
    assert!(!layers.0.join("build/d/sub/mine").exists());
    assert_eq!(layers.read("build/d/link"), "one\n");
    let (_, kept) = build
        .err
        .split_once("it was moved to ")
        .expect("it is told");
    let kept = layers.0.join(kept.lines().next().expect("a path"));
    assert!(
        kept.starts_with(layers.0.join(".pipe/replaced")),
        "{}",
        kept.display()
    );
    let read = |path: &str| fs::read_to_string(kept.join(path)).expect("it was kept");
    assert_eq!(
        (read("sub/mine"), read("sub/x")),
        ("mine\n".into(), "one\n".into())
    );
    assert_eq!(
        fs::read_link(kept.join("link")).expect("a link"),
        Path::new("sub/x")
    );
    layers.build().expect_nothing_done();
}
