//! Bytes for somebody else, who may be slow, may go away, or may never come: written by a thread of its own.
//!
//! Who sends never waits. What cannot be written is a fault, told once; after it nothing more is written, so that what
//! arrived is whole from its start. Does not know what the bytes say.

use crate::world::clock;
use crate::world::trouble::Trouble;
use rustix::fs::{FileType, Mode, OFlags};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// So much may wait to be written, in bytes.
const MOST_WAITING: usize = 64 * 1024 * 1024;
/// How long the end waits for somebody who takes nothing.
const PATIENCE: Duration = Duration::from_secs(2);
/// So much is written at once, in bytes.
const PORTION: usize = 64 * 1024;

/// See the module.
#[derive(Debug)]
pub struct Stream {
    name: String,
    lines: Option<Sender<Vec<u8>>>,
    state: Arc<State>,
}

/// Writes a file, or into a device, and waits for it.
///
/// # Errors
/// It cannot be written.
pub fn save(path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
    std::fs::write(path, bytes).map_err(Trouble::on("write", path))
}

#[derive(Debug, Default)]
struct State {
    progress: Mutex<Progress>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct Progress {
    waiting: usize,
    written: u64,
    over: bool,
    /// Nothing is written any more.
    faulty: bool,
    /// Not told yet.
    fault: Option<String>,
}

impl Stream {
    /// Opens a file, a FIFO or a device for writing; a file is emptied. Does not wait for the reader of a FIFO.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Path) -> Result<Stream, Trouble> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let name = path.display().to_string();
        match rustix::fs::open(path, flags, Mode::from_raw_mode(0o666)) {
            Ok(opened) => {
                let file = blocking(opened).map_err(Trouble::on("open", path))?;
                Ok(Stream::start(name, || Ok(Box::new(file))))
            }
            Err(error) if error == rustix::io::Errno::NXIO && is_fifo(path) => {
                let path = path.to_owned();
                Ok(Stream::start(name, move || {
                    Ok(Box::new(File::options().write(true).open(path)?))
                }))
            }
            Err(error) => Err(Trouble::on("open", path)(error.into())),
        }
    }

    /// Over something that is open already; `name` is for messages.
    pub fn over(name: &str, out: impl Write + Send + 'static) -> Stream {
        Stream::start(name.to_owned(), || Ok(Box::new(out)))
    }

    fn start(
        name: String,
        open: impl FnOnce() -> io::Result<Box<dyn Write>> + Send + 'static,
    ) -> Stream {
        let (lines, waiting) = mpsc::channel();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let written = thread::Builder::new().name("stream".into()).spawn(move || {
            let done = open().and_then(|mut out| write(&mut *out, &waiting, &shared));
            shared.end(done.err());
        });
        if let Err(error) = written {
            state.end(Some(error));
        }
        Stream {
            name,
            lines: Some(lines),
            state,
        }
    }

    /// Takes bytes to be written; drops them after a fault.
    pub fn send(&self, bytes: Vec<u8>) {
        let Some(lines) = &self.lines else { return };
        let mut progress = self.state.lock();
        if progress.faulty || bytes.is_empty() {
            return;
        }
        progress.waiting += bytes.len();
        if progress.waiting > MOST_WAITING {
            progress.fail("its reader is too slow".to_owned());
            return;
        }
        // The thread may have ended just now; then it has said why.
        let _ = lines.send(bytes);
    }

    /// What went wrong, in a sentence; each fault is told once.
    pub fn fault(&self) -> Option<String> {
        let fault = self.state.lock().fault.take()?;
        Some(format!(
            "cannot write to {}: {fault}; no more is written to it",
            self.name
        ))
    }

    /// Waits until all is written, as long as somebody takes it.
    pub fn finish(&mut self) {
        drop(self.lines.take());
        let mut progress = self.state.lock();
        let (mut seen, mut since) = (progress.written, clock::instant());
        while !progress.over && !progress.faulty {
            let left = PATIENCE.saturating_sub(since.elapsed());
            if left.is_zero() {
                progress.fail("nobody reads it".to_owned());
                return;
            }
            let waited = self.state.moved.wait_timeout(progress, left);
            progress = waited.unwrap_or_else(PoisonError::into_inner).0;
            if progress.written != seen {
                (seen, since) = (progress.written, clock::instant());
            }
        }
    }
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, error: Option<io::Error>) {
        let mut progress = self.lock();
        progress.over = true;
        if let Some(error) = error {
            progress.fail(error.to_string());
        }
        self.moved.notify_all();
    }
}

impl Progress {
    fn fail(&mut self, fault: String) {
        if !self.faulty {
            self.faulty = true;
            self.fault = Some(fault);
        }
    }
}

fn write(out: &mut dyn Write, waiting: &Receiver<Vec<u8>>, state: &State) -> io::Result<()> {
    while let Ok(mut bytes) = waiting.recv() {
        while bytes.len() < PORTION
            && let Ok(more) = waiting.try_recv()
        {
            bytes.extend(more);
        }
        for portion in bytes.chunks(PORTION) {
            if state.lock().faulty {
                return Ok(());
            }
            out.write_all(portion)?;
            out.flush()?;
            let mut progress = state.lock();
            progress.waiting -= portion.len();
            progress.written += portion.len() as u64;
            state.moved.notify_all();
        }
    }
    Ok(())
}

fn blocking(opened: OwnedFd) -> io::Result<File> {
    let flags = rustix::fs::fcntl_getfl(&opened)?;
    rustix::fs::fcntl_setfl(&opened, flags - OFlags::NONBLOCK)?;
    Ok(File::from(opened))
}

fn is_fifo(path: &Path) -> bool {
    rustix::fs::stat(path).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Fifo)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn fifo(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("fifo");
        let status = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(status.unwrap().success());
        path
    }

    #[test]
    fn a_file_gets_everything_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "what stood there before, and was longer").unwrap();
        let mut stream = Stream::open(&path).unwrap();
        let lines: Vec<String> = (0..20_000).map(|line| format!("{line}\n")).collect();
        for line in &lines {
            stream.send(line.clone().into_bytes());
        }
        stream.finish();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), lines.concat());
        assert_eq!(stream.fault(), None);
    }

    #[test]
    fn a_reader_may_come_late() {
        let folder = tempfile::tempdir().unwrap();
        let path = fifo(folder.path());
        let mut stream = Stream::open(&path).unwrap();
        stream.send(b"early".to_vec());
        let reading = thread::spawn(move || std::fs::read_to_string(path).unwrap());
        stream.finish();
        drop(stream);
        assert_eq!(reading.join().unwrap(), "early");
    }

    #[test]
    fn a_reader_that_goes_away_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = fifo(folder.path());
        let reading = thread::spawn({
            let path = path.clone();
            move || File::open(path).unwrap().read_exact(&mut [0; 1]).unwrap()
        });
        let mut stream = Stream::open(&path).unwrap();
        stream.send(b"x".to_vec());
        reading.join().unwrap();
        while stream.state.lock().fault.is_none() {
            stream.send(b"x".to_vec());
            thread::yield_now();
        }
        let fault = stream.fault().unwrap();
        assert!(fault.contains("roken pipe"), "{fault}");
        stream.send(b"x".to_vec());
        stream.finish();
        assert_eq!(stream.fault(), None);
    }

    #[test]
    fn nobody_is_waited_for_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = fifo(folder.path());
        let mut stream = Stream::open(&path).unwrap();
        stream.send(b"x".to_vec());
        stream.finish();
        assert!(stream.fault().unwrap().contains("nobody reads it"));
    }

    /// Takes nothing until it is let go.
    struct Stuck(Receiver<()>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn memory_is_bounded_when_the_reader_stands_still() {
        let (let_go, stuck) = mpsc::channel();
        let stream = Stream::over("it", Stuck(stuck));
        let line = vec![b'x'; 1024 * 1024];
        let sent = (0..1000).take_while(|_| {
            stream.send(line.clone());
            !stream.state.lock().faulty
        });
        assert_eq!(sent.count(), MOST_WAITING / line.len());
        drop(let_go);
        assert_eq!(
            stream.fault().unwrap(),
            "cannot write to it: its reader is too slow; no more is written to it"
        );
    }
}
