//! Undeclared files: what a command opens, held against what it declares, with real commands.
//!
//! Where the kernel lets nobody watch or deny, the tests concerned say so in a line and end.

#![expect(clippy::print_stdout, reason = "what is skipped is said")]

use crate::support::{Outcome, Sandbox, command_in};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// Whether commands can be watched here; says so when not.
pub(crate) fn can_watch() -> bool {
    let sandbox =
        Sandbox::new("/- kdl-version 2\nnode \"a\" {\n    out \"a\"\n    run \"echo > a\"\n}\n");
    let said = sandbox.pipe("trace a").out;
    let can = !said.contains("was not watched");
    if !can {
        println!("skipped: {said}");
    }
    can
}

/// Whether files can be denied here; says so when not.
fn can_deny() -> bool {
    let sandbox = Sandbox::new(
        "/- kdl-version 2\nstrict\nnode \"a\" {\n    out \"o/a\"\n    run \"echo > o/a\"\n}\n",
    );
    let said = sandbox.pipe("trace a").out;
    let can = said.contains("was denied to it");
    if !can {
        println!("skipped: {said}");
    }
    can
}

fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        println!("skipped: there is no {program}");
    }
    found
}

/// A project with one node, `n`, that writes `out` by this script; these are its other lines.
fn one(lines: &str, script: &str) -> Sandbox {
    let sandbox = Sandbox::new(&format!(
        "/- kdl-version 2\nnode \"n\" {{\n    out \"out\"\n{lines}\n    run #\"\"\"\n    {}\n    \"\"\"#\n}}\n",
        script.replace('\n', "\n    ")
    ));
    for name in ["a", "b", "data/1", "data/2"] {
        sandbox.write(name, format!("{name}\n"));
    }
    sandbox
}

/// The same, in Python.
fn python(lines: &str, script: &str) -> Sandbox {
    let sandbox = one(
        &format!("{lines}\n    in script=\"s.py\""),
        "python3 {in.script}",
    );
    sandbox.write("s.py", script);
    sandbox
}

/// The lines for the manifest in what `pipe trace n` says, without remarks behind them.
#[track_caller]
fn lines(sandbox: &Sandbox) -> Vec<String> {
    let Outcome { code, out, err } = sandbox.pipe("trace n");
    let lines: Vec<String> = out
        .lines()
        .filter_map(|line| line.strip_prefix("      "))
        .map(|line| line.split("  //").next().unwrap().to_owned())
        .collect();
    let well = out.contains("does what it declares");
    assert_eq!(well, lines.is_empty(), "{out}{err}");
    assert_eq!(code, i32::from(!well), "{out}{err}");
    lines
}

#[test]
fn what_is_not_declared_is_named_and_its_result_is_not_kept_until_it_is() {
    if !can_watch() {
        return;
    }
    let sandbox = python(
        "",
        "import helpers\nopen('out', 'w').write(open('config.yml').read() + helpers.x)\n",
    );
    sandbox.write("helpers.py", "x = 'x'\n");
    sandbox.write("config.yml", "1");
    // Nobody watches, so nobody knows.
    sandbox.build();
    sandbox.build().expect_nothing_done();
    assert_eq!(lines(&sandbox), ["in \"config.yml\"", "in \"helpers.py\""]);
    // Now it is known: no result of that key is used, and it is watched without being asked for.
    for _ in 0..2 {
        let again = sandbox.pipe("build --explain").expect_code(0);
        assert_eq!(again.ran(), 1, "{}", again.err);
        again.expect_said("its last run read or wrote files");
        again.expect_said("in \"config.yml\"");
    }
    let mut manifest = sandbox.read("pipe.kdl");
    manifest = manifest.replace(
        "out \"out\"",
        "out \"out\"\n    in \"config.yml\" \"helpers.py\"",
    );
    sandbox.manifest(&manifest);
    assert_eq!(sandbox.build().ran(), 1);
    sandbox.build().expect_nothing_done();
    sandbox.write("config.yml", "2");
    let changed = sandbox.build();
    assert_eq!(changed.ran(), 1);
    assert_eq!(sandbox.read("out"), "2x");
    sandbox.write("config.yml", "1");
    assert_eq!(sandbox.build().restored(), 1);
    let well = sandbox.pipe("trace n").expect_code(0);
    assert_eq!(
        well.out,
        "`n` does what it declares: of the project it opened nothing but its 3 inputs and its 1 output\n"
    );
}

#[test]
fn every_way_to_a_file_is_seen() {
    if !can_watch() {
        return;
    }
    for (script, want) in [
        ("cat a > out", vec!["in \"a\""]),
        ("cat < ./data/../a > out", vec!["in \"a\""]),
        (
            "cd data && cat 1 ../b > ../out",
            vec!["in \"b\"", "in \"data/1\""],
        ),
        ("cat $PWD/data/2 > out", vec!["in \"data/2\""]),
        ("cp a out", vec!["in \"a\""]),
        ("ln a out", vec!["in \"a\""]),
        ("ln -s data/1 link; cat link > out; rm link", vec![]),
        (
            "mv a moved; cat moved > out",
            vec!["in \"a\"", "a", "out \"moved\""],
        ),
        ("echo > tmp; mv tmp out", vec![]),
        (
            "mkdir d; echo > d/x; mv d e; cat e/x > out; rm -r e",
            vec![],
        ),
        (
            "mkdir d; echo > d/x; mv d e; cat e/x > out",
            vec!["out \"e/\""],
        ),
        ("echo 1 > scratch; cat scratch > out; rm scratch", vec![]),
        ("echo 1 > left; cat left > out", vec!["out \"left\""]),
        ("echo >> a; echo > out", vec!["out \"a\""]),
        ("rm b; echo > out", vec!["b"]),
        ("truncate -s 0 a; echo > out", vec!["out \"a\""]),
        (
            "cat absent 2> /dev/null || true; ls data; test -f a; echo > out",
            vec![],
        ),
        (
            "cat <<< 'a here document' > out; cat < /dev/stdin >> out",
            vec![],
        ),
        ("(setsid bash -c 'cat b') > out", vec!["in \"b\""]),
    ] {
        let sandbox = one("", script);
        // A command that changes its sources would find others the second time.
        assert_eq!(lines(&sandbox), want, "{script}");
    }
}

#[test]
fn descriptors_of_folders_threads_and_children_that_left_are_seen() {
    if !can_watch() {
        return;
    }
    let dirfd = "import os\nd = os.open('data', os.O_RDONLY)\nf = os.open('1', os.O_RDONLY, dir_fd=d)\n\
                 open('out', 'wb').write(os.read(f, 9))\nos.rename('2', '3', src_dir_fd=d, dst_dir_fd=d)\n";
    let want = ["in \"data/1\"", "in \"data/2\"", "data/2", "out \"data/3\""];
    assert_eq!(lines(&python("", dirfd)), want);

    let threads = "import threading\ndef f(n): open(n).read()\n\
                   t = [threading.Thread(target=f, args=(n,)) for n in ('a', 'b') * 20]\n\
                   [x.start() for x in t]; [x.join() for x in t]\nopen('out', 'w')\n";
    assert_eq!(lines(&python("", threads)), ["in \"a\"", "in \"b\""]);

    // The grandchild is nobody's child any more when it reads; the pipe says when it has.
    let forks = "import os\nr, w = os.pipe()\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        \
                 open('b').read()\n    os._exit(0)\nos.close(w)\nos.read(r, 1)\nopen('out', 'w')\n";
    assert_eq!(lines(&python("", forks)), ["in \"b\""]);
}

/// Names that no call can take, and a debugger's hands in the command, are no reason to see less.
#[test]
fn calls_that_fail_and_debuggers_leave_no_gap() {
    if !can_watch() {
        return;
    }
    let bad = "import ctypes\nlibc = ctypes.CDLL(None)\nfor p in (0, 1, -1): libc.open(ctypes.c_void_p(p), 0)\n\
               libc.open(b'x' * 5000, 0)\nlibc.openat(77, b'a', 0)\nopen('out', 'w')\n";
    assert_eq!(lines(&python("", bad)), [""; 0]);
    if has("strace") {
        let sandbox = one("    in \"a\"", "strace -f -o /dev/null cat a > out");
        assert_eq!(lines(&sandbox), [""; 0]);
        assert_eq!(sandbox.read("out"), "a\n");
    }
}

#[test]
fn a_static_program_is_seen() {
    // Debian's loader configuration is a static program: it lists a cache file that it is given.
    let program = "/sbin/ldconfig";
    let bytes = std::fs::read(program).unwrap_or_default();
    let dynamic = b"/lib64/ld-linux";
    if bytes.is_empty() || bytes.windows(dynamic.len()).any(|part| part == dynamic) {
        println!("skipped: there is no static {program}");
        return;
    }
    if can_watch() {
        let sandbox = one("", "/sbin/ldconfig -C a -p > out 2>&1 || true");
        assert_eq!(lines(&sandbox), ["in \"a\""]);
    }
}

#[test]
fn what_is_declared_in_whatever_way_is_no_finding() {
    if !can_watch() {
        return;
    }
    for (lines_of_node, script) in [
        ("    in \"data/\"", "cat data/1 > out"),
        ("    in \"data\"", "cat data/1 > out"),
        ("    in \"data/*\"", "cat data/* > out"),
        ("    in \"a\"", "cat ./a \"$PWD/a\" > out"),
        (
            "    out \"many/\"",
            "mkdir -p many/x; echo > many/x/1; cat many/x/1 > out",
        ),
        ("    ignore \"*.log\"", "echo >> my.log; echo > out"),
        ("    depfile \"d\"", "cat a > out; echo 'out: a' > d"),
        (
            "    in \"a\"",
            "mkdir -p .git x/__pycache__; echo > .git/i; echo > x/__pycache__/y; cat a > out",
        ),
        ("    persist", "cat out 2> /dev/null || true; echo > out"),
        ("    dir \"data\"\n    in \"data/1\"", "cat 1 > ../out"),
    ] {
        assert_eq!(lines(&one(lines_of_node, script)), [""; 0], "{script}");
    }
}

#[test]
fn another_nodes_output_and_many_files_are_told_as_such() {
    if !can_watch() {
        return;
    }
    let sandbox = Sandbox::new(
        "/- kdl-version 2\nnode \"first\" {\n    out \"x\" \"parts/\"\n    run \"echo > x; mkdir parts; echo > parts/1\"\n}\n\
         node \"n\" {\n    after \"first\"\n    out \"out\"\n    run \"cat x parts/1 lib/*.txt > out\"\n}\n",
    );
    for number in 0..7 {
        sandbox.write(&format!("lib/{number}.txt"), "");
    }
    sandbox.build();
    let said = sandbox.pipe("trace n").expect_code(1);
    for line in [
        "in \"x\"  // which `first` writes",
        "in \"parts/\"  // which `first` writes",
        "in \"lib/\"  // 7 files of it",
    ] {
        said.expect_said(line);
    }
    assert_eq!(said.out.matches("      in ").count(), 3, "{}", said.out);
}

#[test]
fn a_build_with_trace_warns_and_exits_with_1() {
    if !can_watch() {
        return;
    }
    let sandbox = one("", "cat a > out");
    let warned = sandbox.pipe("build --trace").expect_code(1);
    warned.expect_said(
        "warning: `n` reads files of the project that it does not declare; add to it:",
    );
    warned.expect_said("1 node touched files not declared");
    let well = one("    in \"a\"", "cat a > out");
    let said = well.pipe("build --trace").expect_code(0);
    assert_eq!(said.err.lines().count(), 3, "{}", said.err);
    well.pipe("build --trace")
        .expect_code(0)
        .expect_nothing_done();
}

/// What a command sees of itself must not depend on whether it is watched.
#[test]
fn a_command_that_is_watched_sees_the_same_world() {
    let script = "import os, signal, sys\nout = open('out', 'w')\n\
         print(sorted(e for e in os.environ.items() if not e[0].endswith('MAKEFLAGS')), file=out)\n\
         print([(f, os.readlink('/proc/self/fd/' + f)) for f in ('0',)], file=out)\n\
         print(sorted(os.listdir('/proc/self/fd')), file=out)\n\
         print(os.getcwd(), sys.argv, os.getpgid(0) == os.getppid() or os.getpgid(0) == os.getpid(), file=out)\n\
         print(signal.getsignal(signal.SIGPIPE), signal.getsignal(signal.SIGINT), file=out)\n\
         print([l for l in open('/proc/self/status') if l.startswith('Sig')][1:], file=out)\n";
    let seen = |traced: &str| {
        let sandbox = python("", script);
        sandbox.pipe(&format!("build {traced}")).expect_code(0);
        let root = sandbox.root().to_str().unwrap().to_owned();
        let text = sandbox.read("out").replace(&root, "ROOT");
        // Of each build its own.
        let marks = text.find("'PIPE_BUILD', '").expect("the mark");
        let end = marks + text[marks..].find(')').unwrap();
        text[..marks].to_owned() + &text[end..]
    };
    assert_eq!(seen(""), seen("--trace"));
}

#[test]
fn endings_and_refusals_are_the_same_when_watched() {
    for script in ["exit 3", "kill -9 $$", "true"] {
        let plain = one("", script).pipe("build").expect_code(1);
        let watched = one("", script).pipe("build --trace").expect_code(1);
        let failed = |outcome: &Outcome| {
            let line = outcome.err.lines().find(|line| line.starts_with("failed"));
            line.unwrap().split(", after").next().unwrap().to_owned()
        };
        assert_eq!(failed(&plain), failed(&watched), "{script}");
    }
    let project = || {
        let sandbox = Sandbox::new(
            "/- kdl-version 2\nnode \"n\" {\n    out \"out\"\n    exec \"./bad\"\n}\n",
        );
        sandbox.write("bad", "#!/no/such/interpreter\n");
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(sandbox.path("bad"), mode).unwrap();
        sandbox
    };
    let said = "cannot start ./bad: the interpreter that its first line names does not exist";
    project().pipe("build").expect_code(1).expect_said(said);
    project()
        .pipe("build --trace")
        .expect_code(1)
        .expect_said(said);
}

#[test]
fn io_uring_is_closed_and_foreign_calls_are_refused_and_told() {
    if !can_watch() {
        return;
    }
    let script = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n\
                  r = libc.syscall(425, 1, None)\nopen('out', 'w').write(str((r, ctypes.get_errno())))\n";
    let sandbox = python("", script);
    assert_eq!(lines(&sandbox), [""; 0]);
    assert_eq!(sandbox.read("out"), "(-1, 38)");

    if !cfg!(target_arch = "x86_64") || !has("cc") {
        return;
    }
    // Opens a file by the calls of 32-bit programs, whose numbers mean something else here.
    let sandbox = one("    in \"foreign\"", "./foreign > out");
    sandbox.write(
        "foreign.c",
        "#include <stdio.h>\nint main(void) { static char name[] = \"a\"; long r;\n\
         __asm__ volatile(\"int $0x80\" : \"=a\"(r) : \"a\"(5), \"b\"(name), \"c\"(0), \"d\"(0) : \"memory\");\n\
         printf(\"%ld\\n\", r); return 0; }\n",
    );
    let compiled = Command::new("cc")
        .args(["-no-pie", "-o", "foreign", "foreign.c"])
        .current_dir(sandbox.root())
        .status();
    if !compiled.is_ok_and(|status| status.success()) {
        println!("skipped: cc cannot make such a program");
        return;
    }
    let said = sandbox.pipe("trace n");
    if said.err.contains("SIGSEGV") {
        println!("skipped: the kernel has no 32-bit calls");
        return;
    }
    assert_eq!(sandbox.read("out"), "-38\n");
    said.expect_said("not all of `n` was seen: it started a program of another instruction set");
    assert!(said.code == 1 && !said.out.contains("does what it declares"));
}

#[test]
fn where_a_watcher_stands_already_it_is_said_plainly() {
    if !can_watch() {
        return;
    }
    let sandbox = one("", "true");
    sandbox.write(
        "inner/pipe.kdl",
        "/- kdl-version 2\nnode \"i\" {\n    out \"x\"\n    run \"echo > x\"\n}\n",
    );
    let pipe = env!("CARGO_BIN_EXE_pipe");
    sandbox.manifest(&format!(
        "/- kdl-version 2\nnode \"n\" {{\n    always\n    out \"out\"\n    run \"{pipe} trace i -C inner > out || true\"\n}}\n"
    ));
    sandbox.pipe("build --trace");
    let said = sandbox.read("out");
    assert_eq!(
        said,
        "`i` was not watched, so nothing can be said about its files: it runs inside a program that watches its calls already\n"
    );
}

#[test]
fn an_ordinary_user_can_trace_and_deny() {
    let root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|id| id.stdout == b"0\n");
    if !root || !has("setpriv") || !can_watch() {
        println!("skipped: every other test runs as an ordinary user already");
        return;
    }
    let sandbox = one("    in \"a\"", "cat a b > out");
    let folder = sandbox.root().parent().unwrap();
    let owned = Command::new("chown")
        .args(["-R", "65534:65534"])
        .arg(folder)
        .status();
    assert!(owned.unwrap().success());
    // The program itself may lie where only root can go.
    let program = sandbox.beside("pipe");
    std::fs::copy(env!("CARGO_BIN_EXE_pipe"), &program).unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(&program)
            .args(arguments)
            .current_dir(sandbox.root())
            .output();
        Outcome::of(output.unwrap())
    };
    run(&["trace", "n"])
        .expect_code(1)
        .expect_said("      in \"b\"\n");
    if can_deny() {
        let manifest = sandbox
            .read("pipe.kdl")
            .replace("out \"out\"", "strict\n    out \"sub/out\"")
            .replace("> out", "> sub/out");
        sandbox.manifest(&manifest);
        let denied = run(&["trace", "n"]).expect_code(1);
        denied.expect_said("b: Permission denied");
        denied.expect_said("      in \"b\"\n");
    }
}

#[test]
fn strict_denies_and_the_file_is_named() {
    if !can_deny() {
        return;
    }
    let node = |inputs: &str, output: &str, script: &str| {
        format!(
            "/- kdl-version 2\nnode \"n\" {{\n    strict\n    in {inputs}\n    out \"{output}\"\n    run \"{script}\"\n}}\n"
        )
    };
    let sandbox = one("", "");
    let script = "cat a data/1 b > sub/o";
    sandbox.manifest(&node("\"a\" \"data/\"", "sub/o", script));
    let denied = sandbox.pipe("build").expect_code(1);
    denied.expect_said("b: Permission denied");
    denied.expect_said("`n` tried to read files of the project that it does not declare; add to it:\n      in \"b\"\n");
    denied.expect_said("failed   n                 exit code 1");
    sandbox.manifest(&node("\"a\" \"b\" \"data/\"", "sub/o", script));
    sandbox.build();
    sandbox.build().expect_nothing_done();
    // Who may write into the root may write everywhere, so that nothing is denied, which is said.
    sandbox.manifest(&node("\"a\"", "out", "cat a b > out"));
    let watched = sandbox.pipe("build").expect_code(1);
    watched.expect_said("`n` is strict, but nothing could be denied to it, it was only watched: an output of it lies in");
    watched.expect_said(
        "`n` reads files of the project that it does not declare; add to it:\n      in \"b\"\n",
    );
    assert!(!sandbox.stands("out"));
}

#[test]
fn strict_lets_a_program_work_and_denies_writing() {
    if !can_deny() {
        return;
    }
    let script = "import tempfile, json, sqlite3\nwith tempfile.TemporaryFile() as t: t.write(b'x')\n\
                  c = sqlite3.connect('build/db')\nc.execute('create table t (x)')\nc.commit()\nc.close()\n\
                  open('build/o', 'w').write(open('a').read())\n\
                  def refused(name, mode):\n    try: open(name, mode)\n    except PermissionError: return True\n\
                  assert refused('b', 'r') and refused('b', 'w') and refused('new', 'w') and refused('pipe.kdl', 'a')\n";
    let sandbox = Sandbox::new(
        "/- kdl-version 2\nstrict\nnode \"n\" {\n    in \"a\" script=\"s.py\"\n    out \"build/o\" \"build/db\"\n    run \"python3 {in.script}\"\n}\n",
    );
    sandbox.write("a", "a");
    sandbox.write("b", "b");
    sandbox.write("s.py", script);
    // It went on after the refusals, but it did try: a strict node's result must not hang on such a thing.
    let tried = sandbox.pipe("build").expect_code(1);
    tried.expect_said("exit code 0, but it is strict and touched what it does not declare");
    tried.expect_said("      in \"b\"\n");
    assert!(!sandbox.stands("build/o") && !sandbox.stands("new"));
    assert_eq!(sandbox.read("b"), "b");
    sandbox.write(
        "s.py",
        script.lines().take(7).collect::<Vec<_>>().join("\n"),
    );
    let well = sandbox.pipe("build").expect_code(0);
    assert_eq!(well.err.lines().count(), 3, "{}", well.err);
    sandbox.remove("build");
    assert_eq!(sandbox.build().restored(), 1);
}

#[test]
fn a_strict_node_with_a_depfile_is_only_watched_and_says_so() {
    if !can_watch() {
        return;
    }
    let sandbox = one(
        "    strict\n    depfile \"d\"",
        "cat a > out; echo 'out: a' > d",
    );
    let said = sandbox.pipe("build").expect_code(0);
    said.expect_said("`n` is strict, but nothing could be denied to it, it was only watched: what its depfile names");
    sandbox.build().expect_nothing_done();
    let sandbox = one(
        "    strict\n    depfile \"d\"",
        "cat a b > out; echo 'out: a' > d",
    );
    sandbox
        .pipe("build")
        .expect_code(1)
        .expect_said("      in \"b\"\n");
}

#[test]
fn a_result_that_was_kept_before_is_not_restored_after_it_was_caught() {
    if !can_watch() {
        return;
    }
    let sandbox = one("", "cat a > out");
    sandbox.build();
    let copy = sandbox.moved_copy("copy");
    sandbox.pipe("trace n").expect_code(1);
    // Neither by what stands here, nor by what the cache holds.
    assert_eq!(sandbox.build().ran(), 1);
    sandbox.remove("out");
    let again = sandbox.build();
    assert_eq!((again.ran(), again.restored()), (1, 0), "{}", again.err);
    // Where nobody has caught it, it is restored.
    std::fs::remove_file(copy.join("out")).unwrap();
    let elsewhere = Outcome::of(command_in(&copy, ["build"]).output().unwrap());
    assert_eq!(elsewhere.restored(), 1, "{}", elsewhere.err);
}

/// A pipeline of ordinary scripts has nothing to be told.
#[test]
fn the_penguins_declare_all_that_they_open() {
    if !can_watch() {
        return;
    }
    let sandbox = Sandbox::fixture("penguins");
    let said = sandbox.pipe("build --trace").expect_code(0);
    assert!(
        said.ran() == 11 && !said.err.contains("warning"),
        "{}",
        said.err
    );
}

/// The order to a stub is longer than what fits into its line at once.
#[test]
fn a_strict_node_may_have_thousands_of_inputs() {
    if !can_deny() {
        return;
    }
    let sandbox = Sandbox::new(
        "/- kdl-version 2\nstrict\nnode \"n\" {\n    in \"d/*/*.txt\" \"flat/*.txt\"\n    out \"o/x\"\n    run \"cat d/*/*.txt flat/*.txt > o/x\"\n}\n",
    );
    for number in 0..1500 {
        let name = "a-name-as-long-as-such-names-are".repeat(3);
        sandbox.write(&format!("d/{}/{name}-{number}.txt", number % 40), "x");
    }
    // So many in one folder that the whole of it is opened.
    for number in 0..100 {
        sandbox.write(&format!("flat/{number}.txt"), "x");
    }
    sandbox.build();
    assert_eq!(sandbox.read("o/x").len(), 1600);
}
