//! Sources that change in odd ways, and directories of odd things.

use super::{call, copying};
use crate::support::Sandbox;
use std::fs::{self, File, FileTimes};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

#[test]
fn a_file_replaced_by_an_equal_one_runs_nothing() {
    let sandbox = copying();
    sandbox.build();
    sandbox.write("new.txt", "one\n");
    fs::rename(sandbox.path("new.txt"), sandbox.path("a.txt")).expect("it is replaced");
    sandbox.build().expect_nothing_done();
    sandbox.write("new.txt", "two\n");
    fs::rename(sandbox.path("new.txt"), sandbox.path("a.txt")).expect("it is replaced");
    assert_eq!(sandbox.build().ran(), 1);
    assert_eq!(sandbox.read("o.txt"), "two\n");
}

/// `tar` puts times back, and `touch -d` sets any.
#[test]
fn times_put_back_by_tar_and_touch_hide_nothing() {
    let sandbox = copying();
    let date = "2001-02-03 04:05:06";
    call(sandbox.root(), "touch", &["-d", date, "a.txt"]);
    sandbox.build();
    sandbox.write("new/a.txt", "two\n");
    call(sandbox.root(), "touch", &["-d", date, "new/a.txt"]);
    call(
        sandbox.root(),
        "tar",
        &["-cf", "new.tar", "-C", "new", "a.txt"],
    );
    call(sandbox.root(), "tar", &["-xf", "new.tar"]);
    assert_eq!(sandbox.build().ran(), 1);
    assert_eq!(sandbox.read("o.txt"), "two\n");
    sandbox.write("a.txt", "six\n");
    call(sandbox.root(), "touch", &["-d", date, "a.txt"]);
    assert_eq!(sandbox.build().ran(), 1);
    assert_eq!(sandbox.read("o.txt"), "six\n");
    sandbox.build().expect_nothing_done();
}

/// What a clock that was set back leaves: files from the future, and then files older than those they replace.
#[test]
fn a_clock_that_was_set_back_hides_nothing() {
    let sandbox = copying();
    let set = |days: i64| {
        let file = File::options()
            .append(true)
            .open(sandbox.path("a.txt"))
            .expect("it stands");
        let day = Duration::from_secs(86_400);
        let time = match days {
            0.. => SystemTime::now() + day * days as u32,
            _ => SystemTime::now() - day * days.unsigned_abs() as u32,
        };
        file.set_times(FileTimes::new().set_modified(time))
            .expect("its time is set");
    };
    set(1);
    sandbox.build();
    sandbox.build().expect_nothing_done();
    for (text, days) in [("two\n", 1), ("six\n", -1), ("ten\n", 0)] {
        sandbox.write("a.txt", text);
        set(days);
        assert_eq!(sandbox.build().ran(), 1, "{text}");
        assert_eq!(sandbox.read("o.txt"), text);
        sandbox.build().expect_nothing_done();
    }
}

#[test]
fn a_directory_of_10_000_files_is_an_input_like_any_other() {
    a_directory_of(10_000);
}

#[test]
#[ignore = "takes a minute; `cargo test -- --ignored 100_000`"]
fn a_directory_of_100_000_files_is_an_input_like_any_other() {
    a_directory_of(100_000);
}

/// They are links to two files, so that making them is cheap; some file systems allow no more than 65,000 to one.
fn a_directory_of(count: usize) {
    let sandbox =
        Sandbox::new(r#"node "n" { in "data/"; out "o"; run "ls -U {in} | wc -l > {out}" }"#);
    sandbox.write("data/0", "x");
    sandbox.write("data/1", "x");
    for number in 2..count {
        let from = sandbox.path(if number % 2 == 0 { "data/0" } else { "data/1" });
        fs::hard_link(from, sandbox.path(&format!("data/{number}"))).expect("a link");
    }
    sandbox.build();
    assert_eq!(sandbox.read("o").trim(), count.to_string());
    sandbox.build().expect_nothing_done();
    sandbox.remove(&format!("data/{}", count - 1));
    assert_eq!(sandbox.build().ran(), 1);
    assert_eq!(sandbox.read("o").trim(), (count - 1).to_string());
}

#[test]
fn what_is_no_file_is_no_input_and_nothing_hangs() {
    let sandbox = Sandbox::new(r#"node "n" { in "a.txt"; out "o.txt"; run "cat {in} > {out}" }"#);
    call(sandbox.root(), "mkfifo", &["a.txt"]);
    sandbox.pipe("build").expect_code(2).expect_said("a.txt");
    sandbox.remove("a.txt");
    let _socket = std::os::unix::net::UnixListener::bind(sandbox.path("a.txt")).expect("a socket");
    sandbox.pipe("build").expect_code(2).expect_said("a.txt");
    sandbox.manifest(r#"node "n" { in "d/"; out "o.txt"; run "ls {in} > {out}" }"#);
    sandbox.write("d/file", "");
    call(sandbox.root(), "mkfifo", &["d/fifo"]);
    sandbox.pipe("build").expect_code(2).expect_said("d");
}

#[test]
fn what_is_no_file_is_no_output() {
    let sandbox = Sandbox::new("");
    let socket = sandbox.path("socket");
    let _socket = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    for command in [
        "cp -a socket {out}",
        "ln -s nowhere {out}",
        "ln -s /dev/null {out}",
    ] {
        sandbox.manifest(&format!(
            "node \"n\" {{ out \"o.txt\"; run \"{command}\" }}"
        ));
        sandbox.pipe("build").expect_code(1).expect_said("o.txt");
        assert!(!sandbox.stands("o.txt"), "{command}");
    }
    for command in ["cp -a socket", "mkfifo"] {
        let target = if command == "mkfifo" {
            "mkfifo {out}/x"
        } else {
            "cp -a socket {out}/x"
        };
        sandbox.manifest(&format!(
            "node \"n\" {{ out \"d/\"; run \"mkdir {{out}}; {target}\" }}"
        ));
        sandbox.pipe("build").expect_code(1).expect_said("d");
        assert!(!sandbox.stands("d"), "{command}");
    }
}

/// Of a mode only the executable bit is kept.
#[test]
fn set_user_bits_do_not_come_back() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new(r#"node "n" { out "p"; run "echo x > {out}; chmod 6755 {out}" }"#);
    sandbox.build();
    sandbox.build().expect_nothing_done();
    sandbox.remove("p");
    assert_eq!(sandbox.build().restored(), 1);
    let mode = sandbox
        .path("p")
        .metadata()
        .expect("it stands")
        .permissions()
        .mode();
    assert_eq!((mode & 0o7000, mode & 0o100), (0, 0o100));
}

/// Writes one letter after another into `a.txt` through a mapping, each when it is told one; `!` in front of it flushes
/// first, after which the system moves the file's time with the next write.
const MAPPED_WRITER: &str = r#"
import mmap, sys
with open("a.txt", "r+b") as file:
    memory = mmap.mmap(file.fileno(), 0)
print("ready", flush=True)
for line in sys.stdin:
    if line[0] == "!":
        memory.flush()
    memory[0:1] = line[-2:-1].encode()
    print("done", flush=True)
"#;

/// Where the system moves the time of a file that is written through a mapping, the write is seen. Where it does not, nobody
/// who goes by stamps can see it.
#[test]
fn what_is_written_through_a_mapping_is_seen_once_the_time_moves() {
    let sandbox = copying();
    let started = Command::new("python3")
        .args(["-c", MAPPED_WRITER])
        .current_dir(sandbox.root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut writer) = started else {
        println!("skipped: python3 is not installed, so nobody writes through a mapping");
        return;
    };
    let mut lines = BufReader::new(writer.stdout.take().expect("its output")).lines();
    let mut input = writer.stdin.take().expect("its input");
    let mut hear = || lines.next().expect("a line").expect("a text");
    assert_eq!(hear(), "ready");
    let stamp = || {
        let metadata = sandbox.path("a.txt").metadata().expect("it stands");
        (metadata.ctime(), metadata.ctime_nsec())
    };
    let (mut seen, mut hidden) = (0, 0);
    sandbox.build();
    sandbox.build_until_listed(1);
    for letters in ["!x", "y", "!z", "v", "!w"] {
        let before = stamp();
        writeln!(input, "{letters}").expect("it listens");
        assert_eq!(hear(), "done");
        let has_moved = stamp() != before;
        sandbox.build();
        match has_moved {
            true => {
                assert_eq!(sandbox.read("o.txt"), sandbox.read("a.txt"), "{letters}");
                seen += 1;
            }
            false => hidden += 1,
        }
        sandbox.build_until_listed(1);
    }
    println!("{seen} writes through a mapping moved the time and were seen, {hidden} did not");
    drop(input);
    writer.wait().expect("its end");
    let file = File::options().append(true).open(sandbox.path("a.txt"));
    let times = FileTimes::new().set_modified(SystemTime::now());
    file.and_then(|file| file.set_times(times))
        .expect("its time is set");
    sandbox.build();
    assert_eq!(sandbox.read("o.txt"), sandbox.read("a.txt"));
}

#[test]
fn an_output_directory_of_2_000_files_comes_back_whole() {
    an_output_directory_of(2_000);
}

#[test]
#[ignore = "takes a minute; `cargo test -- --ignored 100_000`"]
fn an_output_directory_of_100_000_files_comes_back_whole() {
    an_output_directory_of(100_000);
}

/// Each file holds its number.
fn an_output_directory_of(count: usize) {
    let sandbox = Sandbox::new(&format!(
        "node \"n\" {{ out \"d/\"; run \"mkdir {{out}}; cd {{out}}; seq 0 {} | split -l 1 -a 6 -d -\" }}",
        count - 1
    ));
    let expect_whole = |what: &str| {
        assert_eq!(
            fs::read_dir(sandbox.path("d")).expect("a folder").count(),
            count,
            "{what}"
        );
        for number in 0..count {
            let text = sandbox.read(&format!("d/x{number:06}"));
            assert!(
                text == format!("{number}\n"),
                "{what}: {number} holds {text}"
            );
        }
        sandbox.build().expect_nothing_done();
    };
    sandbox.build();
    sandbox.build().expect_nothing_done();
    sandbox.remove("d");
    assert_eq!(sandbox.build().restored(), 1);
    expect_whole("all was gone");
    for number in (0..count).step_by(7) {
        sandbox.remove(&format!("d/x{number:06}"));
    }
    sandbox.write("d/x000001", "another");
    sandbox.write("d/more", "more");
    assert_eq!(sandbox.build().restored(), 1);
    expect_whole("files were gone, changed and added");
}
