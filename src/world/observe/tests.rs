//! The observer on real directories: what changes, what does not, and what is learned.

mod links;

use super::*;
use crate::base::flat::FlatWriter;
use crate::world::stamps::{self, KnownStamps};
use std::ffi::OsStr;
use std::fs;
use std::fs::{FileTimes, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, SystemTime};

struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    fn new() -> Self {
        Project {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &str) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn observer(&self, known: KnownStamps) -> Observer {
        Observer::new(
            self.folder.path().to_path_buf(),
            Box::new(move |path| known.get(path)),
        )
    }

    fn see(&self, name: &str, links: Links) -> Content {
        self.observer(KnownStamps::default())
            .observe(&path(name), links)
            .unwrap()
    }

    /// The stamp that the file has now, with the digest of its bytes: as a settled ledger would know it.
    fn vouch(&self, name: &str) -> (Vec<u8>, StampedDigest) {
        let stamp = stamp_of(&fs::metadata(self.at(name)).unwrap());
        let digest = Digest::of(&fs::read(self.at(name)).unwrap());
        (name.as_bytes().to_vec(), StampedDigest { stamp, digest })
    }

    /// Sets the modification time; the change time, which no program can set, becomes now.
    fn set_mtime(&self, name: &str, time: SystemTime) {
        let file = fs::File::options().write(true).open(self.at(name)).unwrap();
        file.set_times(FileTimes::new().set_modified(time)).unwrap();
    }

    fn fifo(&self, name: &str) {
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(
            rustix::fs::CWD,
            self.at(name),
            rustix::fs::FileType::Fifo,
            mode,
            0,
        )
        .unwrap();
    }
}

/// What a ledger would hand over.
fn known<const N: usize>(entries: &[(Vec<u8>, StampedDigest); N]) -> KnownStamps {
    let mut out = FlatWriter::default();
    for (path, stamped) in entries {
        stamps::put(&mut out, path, stamped);
    }
    let end = out.0.len();
    let mut known = KnownStamps::over(out.0.into());
    known.add_list(0, 0, end);
    known
}

fn path(name: &str) -> ProjectPath {
    ProjectPath::parse(name).unwrap()
}

pub(super) fn file(bytes: &str) -> Content {
    Content::File {
        digest: Digest::of(bytes.as_bytes()),
        executable: false,
        size: bytes.len() as u64,
    }
}

#[test]
fn the_kinds_of_things() {
    let project = Project::new();
    project.write("f", "hello");
    project.write("d/x", "x");
    project.fifo("fifo");
    project.write("special/x", "x");
    project.fifo("special/fifo");
    symlink("f", project.at("to-file")).unwrap();
    symlink("d", project.at("to-folder")).unwrap();
    symlink("fifo", project.at("to-fifo")).unwrap();
    symlink("nowhere", project.at("dangling")).unwrap();
    symlink("loop", project.at("loop")).unwrap();
    std::os::unix::net::UnixListener::bind(project.at("socket")).unwrap();
    for links in [Links::Through, Links::Verbatim] {
        let see = |name| project.see(name, links);
        assert_eq!(see("f"), file("hello"));
        assert_eq!(see("to-file"), file("hello"));
        assert!(matches!(
            see("d"),
            Content::Tree {
                size: 1,
                files: 1,
                ..
            }
        ));
        assert_eq!(see("to-folder"), see("d"));
        for absent in ["nothing", "dangling", "f/below", "nothing/below"] {
            assert_eq!(see(absent), Content::Absent, "{absent}");
        }
        for special in ["fifo", "to-fifo", "socket", "special"] {
            assert_eq!(see(special), Content::Special, "{special}");
        }
        let observer = project.observer(KnownStamps::default());
        assert!(
            observer.observe(&path("loop"), links).is_err(),
            "a link to itself is trouble"
        );
    }
}

#[test]
fn an_unchanged_stamp_spares_the_reading() {
    let project = Project::new();
    project.write("f", "hello");
    project.write("d/x", "x");
    let observer = project.observer(known(&[project.vouch("f"), project.vouch("d/x")]));
    assert_eq!(
        observer.observe(&path("f"), Links::Through).unwrap(),
        file("hello")
    );
    let seen = observer.observe(&path("d"), Links::Through).unwrap();
    assert_eq!(observer.read_so_far(), (0, 0));
    assert_eq!(seen, project.see("d", Links::Through));
    assert_eq!(observer.learned(), []);
}

/// Does `change` to a file whose stamp is known, and checks that the file is read again and rightly so.
fn is_noticed(what: &str, after: &str, change: impl FnOnce(&Project)) {
    let project = Project::new();
    project.write("f", "old bytes");
    project.set_mtime(
        "f",
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000),
    );
    let observer = project.observer(known(&[project.vouch("f")]));
    // Changes within one tick of the file system's clock cannot be told apart by it: that is what keeps such
    // stamps from being learned. Here the stamp is taken as settled, so the clock has to move on first.
    let before = project.vouch("f").1.stamp.ctime_ns;
    while {
        project.write("tick", "");
        project.vouch("tick").1.stamp.ctime_ns == before
    } {}
    change(&project);
    let Content::File { digest, .. } = observer.observe(&path("f"), Links::Through).unwrap() else {
        panic!("{what}: no file");
    };
    assert_eq!(digest, Digest::of(after.as_bytes()), "{what}");
    assert_eq!(observer.read_so_far().0, 1, "{what}");
}

#[test]
fn every_way_to_change_a_file_is_noticed() {
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000);
    is_noticed("same size, time put back", "new bytes", |project| {
        project.write("f", "new bytes");
        project.set_mtime("f", old);
    });
    is_noticed("replaced by an older file", "new bytes", |project| {
        project.write("g", "new bytes");
        project.set_mtime("g", old - Duration::from_secs(60));
        fs::rename(project.at("g"), project.at("f")).unwrap();
    });
    is_noticed("replaced by a link", "new bytes", |project| {
        project.write("g", "new bytes");
        fs::remove_file(project.at("f")).unwrap();
        symlink("g", project.at("f")).unwrap();
    });
    is_noticed("touched", "old bytes", |project| {
        project.set_mtime("f", old + Duration::from_secs(1));
    });
    is_noticed("clock far back", "new bytes", |project| {
        project.write("f", "new bytes");
        project.set_mtime("f", SystemTime::UNIX_EPOCH - Duration::from_secs(1));
    });
}

#[test]
fn the_executable_bit_counts_but_other_bits_do_not() {
    let project = Project::new();
    project.write("d/f", "x");
    let (plain, plain_tree) = (
        project.see("d/f", Links::Through),
        project.see("d", Links::Through),
    );
    fs::set_permissions(project.at("d/f"), Permissions::from_mode(0o600)).unwrap();
    assert_eq!(project.see("d/f", Links::Through), plain);
    assert_eq!(project.see("d", Links::Through), plain_tree);
    fs::set_permissions(project.at("d/f"), Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(
        project.see("d/f", Links::Through),
        Content::File {
            executable: true,
            ..
        }
    ));
    assert_ne!(project.see("d", Links::Through), plain_tree);
}

#[test]
fn fresh_stamps_are_used_but_not_learned() {
    let project = Project::new();
    project.write("f", "x");
    let observer = project.observer(KnownStamps::default());
    // Written a moment ago: whether 20 ms have gone by since is up to the machine, so the time is put ahead.
    project.set_mtime("f", SystemTime::now() + Duration::from_secs(60));
    assert_eq!(
        observer.observe(&path("f"), Links::Through).unwrap(),
        file("x")
    );
    assert_eq!(observer.learned(), []);
    assert_eq!(
        observer.observe(&path("f"), Links::Through).unwrap(),
        file("x")
    );
    assert_eq!(observer.read_so_far(), (2, 2), "it is read again each time");
}

#[test]
fn settled_stamps_are_learned_once() {
    let project = Project::new();
    project.write("d/f", "xy");
    let written = project.vouch("d/f").1.stamp.ctime_ns;
    while crate::world::clock::now_ns() < written + 25_000_000 {
        std::hint::spin_loop();
    }
    let observer = project.observer(KnownStamps::default());
    observer.observe(&path("d"), Links::Through).unwrap();
    observer.observe(&path("d"), Links::Through).unwrap();
    observer.observe(&path("d/f"), Links::Verbatim).unwrap();
    assert_eq!(observer.learned(), [project.vouch("d/f")]);
    assert_eq!(observer.learned(), []);
    assert_eq!(observer.read_so_far(), (1, 2));
}

/// Equal in size, and within a tick of the clock since the last look.
#[test]
fn thousands_of_quick_edits_are_seen_each_time() {
    let project = Project::new();
    let observer = project.observer(KnownStamps::default());
    for number in 1_000..6_000 {
        let text = number.to_string();
        project.write("f", &text);
        let seen = observer.observe(&path("f"), Links::Through).unwrap();
        assert_eq!(seen, file(&text));
    }
}

#[test]
fn names_folders_and_links_make_the_listing() {
    let project = Project::new();
    project.write("d/f", "x");
    let mut seen = vec![project.see("d", Links::Verbatim)];
    let mut differs = |what: &str| {
        let now = project.see("d", Links::Verbatim);
        assert!(!seen.contains(&now), "{what}");
        seen.push(now);
    };
    fs::create_dir(project.at("d/empty")).unwrap();
    differs("an empty folder");
    project.write("d/g", "x");
    differs("a file more");
    fs::rename(project.at("d/g"), project.at("d/h")).unwrap();
    differs("a file renamed");
    symlink("f", project.at("d/l")).unwrap();
    differs("a link");
    fs::remove_file(project.at("d/l")).unwrap();
    symlink("h", project.at("d/l")).unwrap();
    differs("a link swapped");
    fs::write(project.at("d").join(OsStr::from_bytes(b"odd\xff\n")), "x").unwrap();
    differs("a name that is no text");
    fs::create_dir(project.at("d/__pycache__")).unwrap();
    differs("outputs ignore nothing");
}

#[test]
fn directory_inputs_leave_out_what_no_command_means_to_read() {
    let project = Project::new();
    project.write("d/f.py", "x");
    let before = project.see("d", Links::Through);
    for name in [
        "d/__pycache__/f.pyc",
        "d/.git/index",
        "d/sub~",
        "d/.pipe/ledger",
        "d/.f.py.swp",
        "d/4913",
    ] {
        project.write(name, "noise");
        assert_eq!(project.see("d", Links::Through), before, "{name}");
    }
    project.write("d/.env", "x");
    assert_ne!(project.see("d", Links::Through), before);
}

#[test]
fn large_directories_are_the_same_by_all_processors() {
    let project = Project::new();
    for number in 0..500 {
        project.write(&format!("d/{}/{number}", number % 7), &number.to_string());
    }
    let observer = project.observer(KnownStamps::default());
    let first = observer.observe(&path("d"), Links::Verbatim).unwrap();
    assert!(matches!(first, Content::Tree { files: 500, .. }));
    assert_eq!(project.see("d", Links::Verbatim), first);
    assert_eq!(project.see("d", Links::Through), first);
}

#[test]
fn a_stamp_is_trusted_by_how_long_ago_and_how_finely_it_was_set() {
    let stamp = |mtime_ns, ctime_ns| Stamp {
        size: 1,
        mtime_ns,
        ctime_ns,
        device: 1,
        inode: 1,
        mode: 0o100_644,
    };
    const SECOND: i64 = 1_000_000_000;
    let now = 100 * SECOND + 7;
    let settled = |ago: i64| bytes::is_settled(&stamp(5, now - ago), now);
    assert!(!settled(0) && !settled(20_000_000) && settled(20_000_001));
    // Of a file system that counts whole seconds.
    assert!(!bytes::is_settled(&stamp(5, 99 * SECOND), now));
    assert!(bytes::is_settled(&stamp(5, 97 * SECOND), now));
    // Times to come, by a clock that was set back.
    assert!(!bytes::is_settled(&stamp(now + 9, 5), now));
    let set_back = |by: i64| bytes::is_set_back(&stamp(now - by, now));
    assert!(!set_back(0) && !set_back(20_000_000) && set_back(20_000_001));
    assert!(!bytes::is_set_back(&stamp(99 * SECOND, now)));
    assert!(!bytes::is_set_back(&stamp(99 * SECOND + 5, 100 * SECOND)));
}
