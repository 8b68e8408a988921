//! The recorder: a thread that answers the calls of one command that wait, and takes note of what they name.
//!
//! It goes to the processor on which a thread runs that calls often: waking a thread of another processor takes several
//! times as long as the rest of a call. It never says no to a call that it understands. Does not judge
//! what it sees.

use super::super::{Fenced, Recording, Watch};
use super::calls::{self, ARCH, Act, FOREIGN_FROM, Name};
use super::handshake;
use super::places::{Places, join};
use super::seen::{Deed, Seen, Standing};
use super::stub::Line;
use super::sys::{self, Waiting};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::fs;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The longest name that the kernel takes, its closing zero byte counted.
const LONGEST_NAME: usize = 4096;
/// How many calls of one thread there may be between two looks at the processor that it runs on.
const CALLS_BETWEEN_LOOKS: u32 = 32;

/// A command that is being watched.
#[derive(Debug)]
pub(in super::super::super) struct Recorder {
    line: Line,
    fence: Fenced,
    not_watched: Option<String>,
    notes: Arc<Mutex<Option<Notes>>>,
}

#[derive(Debug, Default)]
struct Notes {
    seen: Seen,
    /// Names that could not be read.
    unread: u64,
    /// Some call was made in a foreign convention.
    foreign: bool,
}

impl Recorder {
    /// Waits until the stub is ready, and starts to watch what it becomes.
    pub(in super::super::super) fn begin(line: Line, watch: &Watch) -> Recorder {
        let mut recorder = Recorder {
            line,
            fence: Fenced::NotAsked,
            not_watched: None,
            notes: Arc::default(),
        };
        let (ready, listener) = match handshake::receive_ready(&recorder.line.0) {
            Ok(Some(answer)) => answer,
            // It was killed, or could not be set up: the end of the process tells more.
            Ok(None) | Err(_) => {
                recorder.not_watched = Some("the command ended before it had begun".to_owned());
                return recorder;
            }
        };
        recorder.fence = match ready.fence {
            None => Fenced::NotAsked,
            Some(true) => Fenced::Stood,
            Some(false) => {
                Fenced::Missing("this kernel has no Landlock, or not that of Linux 5.19".to_owned())
            }
        };
        let Some(listener) = listener else {
            recorder.not_watched = Some(why_not(ready.error));
            return recorder;
        };
        recorder.notes = Arc::new(Mutex::new(Some(Notes::default())));
        let watcher = Watcher {
            listener,
            places: Places::new(watch.root.clone()),
            notes: Arc::clone(&recorder.notes),
            anywhere: sched_getaffinity(None).ok(),
            processor: None,
            thread: 0,
            calls: 0,
        };
        let started = std::thread::Builder::new()
            .name("recorder".into())
            .spawn(move || watcher.run());
        if let Err(error) = started {
            // The listener is gone with the thread, so the command's calls fail: it cannot go unnoticed.
            recorder.not_watched = Some(format!("no thread could be started: {error}"));
        }
        recorder
    }

    /// What was seen, once the command has ended and was waited for; and why it could not be started, if so. What a
    /// process that outlives it goes on to do is let through and not recorded any more.
    pub(in super::super::super) fn finish(mut self) -> (Recording, Option<io::Error>) {
        let mut number = [0; 4];
        // The process is gone, so all that it had to say is there, or the end.
        let failed = match self.line.0.read_exact(&mut number) {
            Ok(()) => Some(io::Error::from_raw_os_error(i32::from_le_bytes(number))),
            Err(_) => None,
        };
        let notes = self
            .notes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let notes = notes.unwrap_or_default();
        let mut gaps = Vec::new();
        if notes.unread > 0 {
            gaps.push(format!(
                "{} file names could not be read from its memory",
                notes.unread
            ));
        }
        if notes.foreign {
            let said = "it started a program of another instruction set, such as a 32-bit one, whose calls were refused";
            gaps.push(said.to_owned());
        }
        let recording = Recording {
            touches: notes.seen.touches(),
            not_watched: self.not_watched,
            gaps,
            fence: self.fence,
        };
        (recording, failed)
    }
}

fn why_not(error: i32) -> String {
    match error {
        libc::EBUSY => "it runs inside a program that watches its calls already".to_owned(),
        libc::ENOSYS | libc::EINVAL => "this kernel has no seccomp notification".to_owned(),
        libc::EPERM | libc::EACCES => "the system does not allow seccomp filters here".to_owned(),
        error => format!(
            "its calls cannot be watched: {}",
            io::Error::from_raw_os_error(error)
        ),
    }
}

struct Watcher {
    listener: OwnedFd,
    places: Places,
    /// `None` once the command has ended.
    notes: Arc<Mutex<Option<Notes>>>,
    /// Where this thread may run.
    anywhere: Option<CpuSet>,
    /// Where it was put.
    processor: Option<usize>,
    /// The thread that called last, and how often in a row.
    thread: u32,
    calls: u32,
}

impl Watcher {
    /// Answers until no process of the command is left.
    fn run(mut self) {
        sys::stay_close(&self.listener);
        loop {
            let mut ready = [PollFd::new(&self.listener, PollFlags::IN)];
            if poll(&mut ready, None).is_err() {
                continue;
            }
            let events = ready[0].revents();
            if events.contains(PollFlags::IN) {
                // A thread that was killed meanwhile waits no more.
                if let Ok(call) = sys::receive(&self.listener) {
                    self.handle(&call);
                }
            } else if events.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
                return;
            }
        }
    }

    fn handle(&mut self, call: &Waiting) {
        self.follow(call.thread);
        let foreign = call.arch != ARCH || FOREIGN_FROM.is_some_and(|from| call.number >= from);
        if foreign {
            if let Some(notes) = &mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner) {
                notes.foreign = true;
            }
            let _ = sys::answer(&self.listener, call.id, Some(libc::ENOSYS));
            return;
        }
        self.take_note(call);
        let _ = sys::answer(&self.listener, call.id, None);
    }

    /// The names are read first, then it is made sure that they were this call's, then they are noted down.
    fn take_note(&mut self, call: &Waiting) {
        let Some((_, names)) = calls::all().find(|(number, _)| *number == call.number) else {
            return;
        };
        let notes = Arc::clone(&self.notes);
        let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(notes) = &mut *notes else {
            return;
        };
        let mut found: Vec<(PathBuf, Deed)> = Vec::with_capacity(2);
        for name in names {
            match read_name(call, name) {
                Ok(Some((path, deed))) => {
                    found.extend(self.places.inside(&path).map(|path| (path, deed)));
                }
                Ok(None) => {}
                Err(()) => notes.unread += u64::from(sys::still_waits(&self.listener, call.id)),
            }
        }
        if found.is_empty() || !sys::still_waits(&self.listener, call.id) {
            return;
        }
        for (path, deed) in &found {
            let now = self.places.standing(path, *deed);
            notes.seen.note(path, now, *deed);
        }
        if let [(from, Deed::Move), (to, _)] = &found[..] {
            notes.seen.note_moved(from, to);
        }
    }

    /// Goes to the processor on which `thread` runs, once it has called some times in a row; short processes are gone
    /// before that would pay. Goes where the system likes when another thread calls.
    fn follow(&mut self, thread: u32) {
        if thread != self.thread {
            (self.thread, self.calls) = (thread, 0);
            if self.processor.take().is_some()
                && let Some(anywhere) = &self.anywhere
            {
                let _ = sched_setaffinity(None, anywhere);
            }
        }
        self.calls += 1;
        if !self.calls.is_multiple_of(CALLS_BETWEEN_LOOKS) {
            return;
        }
        let now = processor_of(thread).filter(|&processor| processor < CpuSet::MAX_CPU);
        if let Some(processor) = now.filter(|_| now != self.processor) {
            let mut set = CpuSet::new();
            set.set(processor);
            let _ = sched_setaffinity(None, &set);
            self.processor = now;
        }
    }
}

/// The processor on which a thread ran last.
fn processor_of(thread: u32) -> Option<usize> {
    /// Which field of `stat` it is, counted from the one behind the name.
    const PROCESSOR: usize = 36;
    let stat = fs::read(format!("/proc/{thread}/stat")).ok()?;
    let behind_name = stat.iter().rposition(|&byte| byte == b')')? + 2;
    let fields = stat.get(behind_name..)?;
    let field = fields.split(|&byte| byte == b' ').nth(PROCESSOR)?;
    str::from_utf8(field).ok()?.trim().parse().ok()
}

/// One name of a call as an absolute path, and what is done to it; `None` where nothing is done to a file.
fn read_name(call: &Waiting, name: &Name) -> Result<Option<(Vec<u8>, Deed)>, ()> {
    let Some(deed) = deed(call, name.act)? else {
        return Ok(None);
    };
    let Some(text) = text_at(call.thread, call.arguments[name.text])? else {
        return Ok(None);
    };
    if text.first() == Some(&b'/') {
        return Ok(Some((text, deed)));
    }
    let folder = name.folder.map(|folder| call.arguments[folder] as i32);
    let link = match folder {
        None | Some(libc::AT_FDCWD) => format!("/proc/{}/cwd", call.thread),
        Some(descriptor) if descriptor >= 0 => format!("/proc/{}/fd/{descriptor}", call.thread),
        // The call will fail.
        Some(_) => return Ok(None),
    };
    match fs::read_link(&link) {
        // A descriptor without a file, such as a socket's, or a folder that is gone.
        Ok(folder) if !folder.is_absolute() => Ok(None),
        Ok(folder) => Ok(Some((join(folder, &text), deed))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(_) => Err(()),
    }
}

fn deed(call: &Waiting, act: Act) -> Result<Option<Deed>, ()> {
    let open = |flags: u64| Some(Deed::Open(calls::opening(flags)));
    Ok(match act {
        Act::Open(at) => open(call.arguments[at]).filter(gives_bytes),
        Act::OpenHow(at) => {
            let mut flags = [0; 8];
            match memory(call.thread, call.arguments[at], &mut flags)? {
                count if count == flags.len() => {
                    open(u64::from_le_bytes(flags)).filter(gives_bytes)
                }
                _ => None,
            }
        }
        Act::Write => Some(Deed::Write),
        Act::Change => Some(Deed::Change),
        Act::Read => Some(Deed::Read),
        Act::Remove => Some(Deed::Remove),
        Act::RemoveAt(at) => {
            let folder = call.arguments[at] & libc::AT_REMOVEDIR as u64 != 0;
            (!folder).then_some(Deed::Remove)
        }
        Act::Move => Some(Deed::Move),
        Act::Folder => Some(Deed::Folder),
    })
}

fn gives_bytes(deed: &Deed) -> bool {
    !matches!(deed, Deed::Open(opening) if opening.nothing)
}

/// Copies memory of another process, as far as it goes. Where it has none, the call will fail as well.
fn memory(thread: u32, address: u64, into: &mut [u8]) -> Result<usize, ()> {
    match sys::read_memory(thread, address, into) {
        Ok(count) => Ok(count),
        Err(error) if error.raw_os_error() == Some(libc::EFAULT) => Ok(0),
        Err(_) => Err(()),
    }
}

/// The text that ends with a zero byte at `address`; `None` when it has no end, so that the call will fail.
fn text_at(thread: u32, address: u64) -> Result<Option<Vec<u8>>, ()> {
    /// Nearly all names are shorter.
    const FIRST_LOOK: usize = 256;
    for length in [FIRST_LOOK, LONGEST_NAME] {
        let mut bytes = vec![0; length];
        let count = memory(thread, address, &mut bytes)?;
        if let Some(end) = bytes[..count].iter().position(|&byte| byte == 0) {
            bytes.truncate(end);
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

impl Places {
    /// What stands at a path of the project now. What replaces and removes meets a link itself, the rest its target.
    fn standing(&self, path: &Path, deed: Deed) -> Standing {
        let place = self.root().join(path);
        let metadata = match deed {
            Deed::Write | Deed::Remove | Deed::Move => fs::symlink_metadata(place),
            Deed::Open(_) | Deed::Read | Deed::Change | Deed::Folder => fs::metadata(place),
        };
        match metadata {
            Ok(metadata) if metadata.is_dir() => Standing::Folder,
            Ok(_) => Standing::File,
            Err(_) => Standing::Nothing,
        }
    }
}
