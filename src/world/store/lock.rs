//! One build at a time in a checkout: a lock that dies with its process, and a line that says whose it is.
//!
//! Does not know what is protected. Looking at a project needs no lock.

use crate::world::clock;
use crate::world::trouble::Trouble;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// The held lock. Dropping it gives it back; a process that dies gives it back too, but leaves its line.
pub struct ProjectLock {
    file: File,
    /// Process and moment, as the line begins.
    holder: String,
    token: String,
}

impl ProjectLock {
    /// Takes the lock below `state`. When somebody has it, `busy` is told once who that is and says whether to wait;
    /// `None` when not. `token` is written down for the next one. The second value holds the tokens of builds that died
    /// and whose processes may still run; they stay written down until [`ProjectLock::forget_the_dead`].
    ///
    /// # Errors
    /// The lock file cannot be opened, locked or written.
    pub fn acquire(
        state: &Path,
        token: &str,
        busy: &mut dyn FnMut(String) -> bool,
    ) -> Result<Option<(ProjectLock, Vec<String>)>, Trouble> {
        let path = state.join("lock");
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(Trouble::on("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                if !busy(holder(&read(&mut file))) {
                    return Ok(None);
                }
                file.lock().map_err(Trouble::on("lock", &path))?;
            }
            Err(TryLockError::Error(error)) => return Err(Trouble::on("lock", &path)(error)),
        }
        let dead: Vec<String> = read(&mut file)
            .split_whitespace()
            .skip(2)
            .map(str::to_owned)
            .collect();
        let holder = format!("{} {}", std::process::id(), clock::now_ms());
        let mut lock = ProjectLock {
            file,
            holder,
            token: token.to_owned(),
        };
        lock.write(&dead).map_err(Trouble::on("write", &path))?;
        Ok(Some((lock, dead)))
    }

    /// Nothing of the builds that died runs any more.
    pub fn forget_the_dead(&mut self) {
        // Should this fail, the next build looks for them once more.
        let _ = self.write(&[]);
    }

    fn write(&mut self, dead: &[String]) -> std::io::Result<()> {
        let line = format!("{} {} {}\n", self.holder, self.token, dead.join(" "));
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(line.as_bytes())
    }
}

impl Drop for ProjectLock {
    /// Clears the line, so that the next one knows that all ended in order.
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
    }
}

/// Whether somebody works in the project. Waits for nobody; where nobody does, it has the lock for a moment, shared, and
/// a build that starts in this very moment finds it busy and waits for it.
pub fn is_held(home: &Path) -> bool {
    let Ok(file) = File::open(home.join("lock")) else {
        return false;
    };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

fn read(file: &mut File) -> String {
    let mut line = String::new();
    let _ = file
        .seek(SeekFrom::Start(0))
        .and_then(|_| file.read_to_string(&mut line));
    line
}

/// `process 123, for 12 s` from the line that the holder wrote.
fn holder(line: &str) -> String {
    let mut words = line.split_whitespace();
    let (Some(process), Some(since)) = (
        words.next(),
        words.next().and_then(|since| since.parse::<u64>().ok()),
    ) else {
        return "another process".to_owned();
    };
    let time = match clock::now_ms().saturating_sub(since) / 1000 {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ ..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    };
    format!("process {process}, for {time}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_was_not_given_back_in_order_tells_its_tokens() {
        let folder = tempfile::tempdir().unwrap();
        let mut nobody = |holder: String| panic!("nobody holds it, not {holder}");
        let mut acquire = |token: &str| {
            let taken = ProjectLock::acquire(folder.path(), token, &mut nobody);
            taken.unwrap().expect("the lock")
        };
        let (first, dead) = acquire("one");
        assert!(dead.is_empty());
        drop(first);
        // As after a kill: the lock goes, the line stays.
        let mut killed = |token: &str| {
            let (lock, dead) = acquire(token);
            lock.file.unlock().unwrap();
            std::mem::forget(lock);
            dead
        };
        assert!(killed("two").is_empty());
        assert_eq!(killed("three"), ["two"]);
        assert_eq!(
            killed("four"),
            ["three", "two"],
            "who dies before it has looked hands all of them on"
        );
        let (mut last, dead) = acquire("five");
        assert_eq!(dead, ["four", "three", "two"]);
        last.forget_the_dead();
        assert_eq!(
            read(&mut last.file)
                .split_whitespace()
                .skip(2)
                .collect::<Vec<_>>(),
            ["five"]
        );
    }

    #[test]
    fn who_does_not_wait_is_told_who_has_it_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let acquire = |busy: &mut dyn FnMut(String) -> bool| {
            ProjectLock::acquire(folder.path(), "token", busy).unwrap()
        };
        let held = acquire(&mut |_| false);
        let mut told = String::new();
        let second = acquire(&mut |holder| {
            told = holder;
            false
        });
        assert!(held.is_some() && second.is_none());
        assert_eq!(told, format!("process {}, for 0 s", std::process::id()));
        drop(held);
        assert!(acquire(&mut |_| false).is_some(), "it was given back");
    }

    #[test]
    fn the_holder_is_named() {
        let line = format!("4711 {} token\n", clock::now_ms());
        assert_eq!(holder(&line), "process 4711, for 0 s");
        assert_eq!(holder("nonsense"), "another process");
    }
}
