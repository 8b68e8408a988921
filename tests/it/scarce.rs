//! A full disk, a cache that cannot be written or read, too few open files: told, and never wrong; with room again the
//! next build is right.
//!
//! A file system of its own needs root; where the tests have other rights they say that this part is skipped.

use crate::support::{Outcome, Sandbox, all_faults};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const MANIFEST: &str = r#"
node "file" { in "a.txt"; out "build/o"; run "cat {in} {in} > {out}; echo talk" }
node "tree" { in "build/o"; out "build/d/"; run "mkdir {out}; for i in 1 2 3 4 5 6; do (echo $i; cat {in}) > {out}/$i; done" }
"#;

fn project() -> Sandbox {
    let sandbox = Sandbox::new(MANIFEST);
    sandbox.write("a.txt", "some bytes, ".repeat(800));
    sandbox
}

fn expect_right(build: &Outcome, root: &Path, what: &str) {
    let source = "some bytes, ".repeat(800).repeat(2);
    assert_eq!(build.code, 0, "{what}: {}", build.err);
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
    assert!(read("build/o") == source, "{what}: build/o\n{}", build.err);
    for number in 1..=6 {
        let wanted = format!("{number}\n{source}");
        assert!(
            read(&format!("build/d/{number}")) == wanted,
            "{what}: {number}\n{}",
            build.err
        );
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A small file system in memory, gone at the end.
struct Disk(PathBuf);

impl Disk {
    fn new(place: PathBuf, options: &str) -> Disk {
        fs::create_dir_all(&place).expect("a folder");
        let disk = Disk(place);
        disk.mount(options);
        disk
    }

    fn mount(&self, options: &str) {
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(&self.0);
        assert!(
            mount.status().expect("mount starts").success(),
            "mount -o {options}"
        );
    }

    fn become_large(&self) {
        self.mount("remount,size=64m,nr_inodes=10000");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Whether a file system may be mounted here: a container may forbid it also to root.
fn may_mount() -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "tmpfs"]).arg(folder.path());
    let may = is_root()
        && mount
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
    if may {
        let _ = Command::new("umount").arg(folder.path()).status();
    } else {
        println!("skipped: a full disk needs root and the right to mount");
    }
    may
}

/// From nothing fits to all fits: room for so many KiB, or for so many files.
fn sizes() -> impl Iterator<Item = String> {
    let stride = if all_faults() { 1 } else { 12 };
    let rooms = (4..=540).step_by(6 * stride);
    let files = (2..=70).step_by(stride);
    rooms
        .map(|size| format!("size={size}k"))
        .chain(files.map(|files| format!("size=64m,nr_inodes={files}")))
}

#[test]
fn the_projects_disk_is_full() {
    if !may_mount() {
        return;
    }
    let sandbox = Sandbox::new("");
    let (mut tried, mut failed) = (0, 0);
    for size in sizes() {
        let disk = Disk::new(sandbox.beside("disk"), &size);
        let written = fs::write(disk.0.join("pipe.kdl"), MANIFEST)
            .and_then(|()| fs::write(disk.0.join("a.txt"), "some bytes, ".repeat(800)));
        if written.is_err() {
            continue;
        }
        let build = || {
            let run = crate::support::command_in(&disk.0, ["build"]).output();
            Outcome::of(run.expect("pipe starts"))
        };
        let first = build();
        match first.code {
            0 => expect_right(&first, &disk.0, &size),
            _ => failed += 1,
        }
        disk.become_large();
        expect_right(
            &build(),
            &disk.0,
            &format!("with room after {size}, where was said {}", first.err),
        );
        build().expect_nothing_done();
        tried += 1;
    }
    println!("{tried} disks of the project were full, {failed} of them too full for the build");
    assert!(failed > 1 && failed < tried, "{failed} of {tried}");
}

/// A full cache fails nothing; it is told, and what fits is kept.
#[test]
fn the_caches_disk_is_full() {
    if !may_mount() {
        return;
    }
    let (mut tried, mut told) = (0, 0);
    for size in sizes() {
        let sandbox = project();
        let disk = Disk::new(sandbox.beside("disk"), &size);
        let arguments = format!("build --cache-dir {}", disk.0.display());
        let first = sandbox.pipe(&arguments);
        expect_right(&first, sandbox.root(), &size);
        told += usize::from(first.err.contains("could not be kept"));
        sandbox.remove("build");
        expect_right(&sandbox.pipe(&arguments), sandbox.root(), &size);
        disk.become_large();
        sandbox.remove("build");
        expect_right(&sandbox.pipe(&arguments), sandbox.root(), &size);
        sandbox.remove("build");
        let last = sandbox.pipe(&arguments);
        assert_eq!(
            (last.ran(), last.restored()),
            (0, 2),
            "{size}: {}",
            last.err
        );
        tried += 1;
    }
    println!("{tried} disks of the cache were full, {told} of them told");
    assert!(told > 1 && told < tried, "{told} of {tried}");
}

/// The program as somebody whom modes hold: as nobody when the tests run as root.
fn as_nobody(sandbox: &Sandbox, arguments: &str) -> Outcome {
    let words = arguments.split_whitespace();
    if !is_root() {
        return sandbox.pipe(arguments);
    }
    let program = sandbox.beside("pipe");
    if !program.exists() {
        fs::copy(env!("CARGO_BIN_EXE_pipe"), &program).expect("a copy of the program");
    }
    let folder = sandbox.beside("");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("a mode");
    let mut own = Command::new("chown");
    own.args(["-R", "65534:65534"]).arg(&folder);
    assert!(own.status().expect("chown starts").success());
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    command.arg(program).args(words).current_dir(sandbox.root());
    command.env_remove("PIPE_CACHE_DIR").stdin(Stdio::null());
    Outcome::of(command.output().expect("setpriv starts"))
}

#[test]
fn a_cache_without_rights() {
    let sandbox = project();
    let build = |what: &str| {
        let build = as_nobody(&sandbox, "build --cache-dir ../cache");
        expect_right(&build, sandbox.root(), what);
        build
    };
    let set = |path: &Path, mode: u32| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    };
    let every = |mode: u32| {
        let mut folders = vec![sandbox.beside("cache")];
        while let Some(folder) = folders.pop() {
            set(&folder, 0o755);
            for entry in fs::read_dir(&folder).expect("a folder").flatten() {
                if entry.path().is_dir() {
                    folders.push(entry.path());
                }
            }
            set(&folder, mode);
        }
    };
    build("with all rights");
    every(0o555);
    sandbox.remove("build");
    assert_eq!(
        build("read-only").restored(),
        2,
        "what is there can be read"
    );
    sandbox.write("pipe.kdl", MANIFEST.replace("echo talk", "echo other talk"));
    build("read-only, something new").expect_said("could not be kept");
    every(0o333);
    sandbox.remove("build");
    build("listing is forbidden, which nothing needs");
    every(0o000);
    sandbox.remove("build");
    let blind = build("nothing is allowed");
    assert!(blind.ran() > 0, "{}", blind.err);
    blind.expect_said("cache");
    every(0o755);
    sandbox.remove("build");
    build("with all rights again");
    as_nobody(&sandbox, "build --cache-dir ../cache").expect_nothing_done();
    println!("a cache that is read-only, that cannot be listed, that cannot be read: 4 builds");
}

#[test]
fn too_few_open_files() {
    let (mut tried, mut failed) = (0, 0);
    for limit in (3..40).step_by(if all_faults() { 1 } else { 5 }) {
        let sandbox = project();
        let pipe = sandbox.command(["build"]);
        let mut limited = Command::new("bash");
        limited.args([
            "-c",
            &format!("ulimit -n {limit}; exec timeout --signal=KILL 60 \"$0\" build"),
        ]);
        limited
            .arg(pipe.get_program())
            .current_dir(sandbox.root())
            .env_remove("PIPE_CACHE_DIR");
        let first = Outcome::of(limited.stdin(Stdio::null()).output().expect("bash starts"));
        match first.code {
            0 => expect_right(&first, sandbox.root(), &format!("{limit} open files")),
            _ => failed += 1,
        }
        assert_ne!(
            first.code, -1,
            "{limit} open files: it hangs, or dies of a signal\n{}",
            first.err
        );
        expect_right(
            &sandbox.pipe("build"),
            sandbox.root(),
            &format!("after {limit}: {}", first.err),
        );
        sandbox.build().expect_nothing_done();
        tried += 1;
    }
    println!("{tried} limits of open files, {failed} of them too low for the build");
    assert!(failed > 1 && failed < tried, "{failed} of {tried}");
}
