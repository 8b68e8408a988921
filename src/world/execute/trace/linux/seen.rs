//! What has been seen of a command so far, by path: the touches of a recording while they come in.
//!
//! A look at a place comes before the call that touches it is carried out, so what stands there is what stood there
//! before. Does not know calls or processes.

use super::super::Touch;
use super::calls::Opening;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Standing {
    Nothing,
    Folder,
    File,
}

/// What is about to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Deed {
    Open(Opening),
    /// Read or executed.
    Read,
    /// Made or replaced.
    Write,
    /// Written into.
    Change,
    Remove,
    /// Moved away.
    Move,
    /// A folder is made.
    Folder,
}

#[derive(Debug, Default)]
struct Entry {
    touch: Touch,
    /// All that stands there now is this command's own work.
    own: bool,
    /// A folder was moved to here.
    moved_here: bool,
}

/// See the file's head.
#[derive(Debug, Default)]
pub(in super::super) struct Seen(BTreeMap<PathBuf, Entry>);

impl Seen {
    /// Takes note of a deed at `path`, where `now` stands.
    pub(in super::super) fn note(&mut self, path: &Path, now: Standing, deed: Deed) {
        let own_folder = || {
            let above = path.ancestors().skip(1);
            above
                .filter_map(|folder| self.0.get(folder))
                .any(|entry| entry.moved_here)
        };
        if now == Standing::Folder && !matches!(deed, Deed::Write | Deed::Move) {
            return;
        }
        let own = now == Standing::File && !self.0.contains_key(path) && own_folder();
        let entry = self.0.entry(path.to_path_buf()).or_insert_with(|| Entry {
            touch: Touch {
                path: path.to_path_buf(),
                stood: now != Standing::Nothing && !own,
                ..Touch::default()
            },
            own,
            moved_here: false,
        });
        match deed {
            Deed::Open(opening) => entry.open(opening, now),
            Deed::Read if now == Standing::Nothing => entry.touch.missed = true,
            Deed::Read => entry.read(),
            Deed::Write => entry.replace(),
            Deed::Change if now == Standing::Nothing => entry.touch.missed = true,
            Deed::Change => {
                entry.read();
                entry.touch.written = true;
            }
            Deed::Remove | Deed::Move if now == Standing::Nothing => entry.touch.missed = true,
            Deed::Remove => entry.remove(),
            Deed::Move => {
                // What it holds goes on living under another name.
                if now == Standing::File {
                    entry.read();
                }
                entry.remove();
            }
            // Only that nothing stood here before matters.
            Deed::Folder => {}
        }
    }

    /// Takes note that what stood at `from` comes to `to`: with a folder that the command made comes its own work.
    pub(in super::super) fn note_moved(&mut self, from: &Path, to: &Path) {
        let own = self.0.get(from).is_some_and(|entry| !entry.touch.stood);
        if let Some(entry) = self.0.get_mut(to).filter(|_| own) {
            entry.moved_here = true;
        }
    }

    /// What was seen, sorted by path.
    pub(in super::super) fn touches(self) -> Vec<Touch> {
        let touches = self.0.into_values().map(|entry| entry.touch);
        touches
            .filter(|touch| touch.read || touch.written || touch.removed || touch.missed)
            .collect()
    }
}

impl Entry {
    fn open(&mut self, opening: Opening, now: Standing) {
        match now {
            _ if opening.nothing => {}
            Standing::Nothing if opening.makes => self.replace(),
            Standing::Nothing => self.touch.missed = true,
            // It will fail, and the file is as it was.
            _ if opening.only_makes => self.touch.missed = true,
            _ if opening.empties => self.replace(),
            _ => {
                if opening.reads {
                    self.read();
                }
                self.touch.written |= opening.writes;
            }
        }
    }

    fn read(&mut self) {
        self.touch.read |= !self.own;
    }

    fn replace(&mut self) {
        self.touch.written = true;
        self.own = true;
    }

    fn remove(&mut self) {
        self.touch.removed = true;
        self.own = true;
    }
}

#[cfg(test)]
mod tests {
    use super::super::calls::opening;
    use super::*;

    fn open(flags: i32) -> Deed {
        Deed::Open(opening(flags as u64))
    }

    /// The letters of what is said of `path` after these deeds: stood, read, written, removed, missed.
    fn said(path: &str, deeds: &[(&str, Standing, Deed)]) -> String {
        let mut seen = Seen::default();
        for (place, now, deed) in deeds {
            seen.note(Path::new(place), *now, *deed);
            if *place == "out" {
                seen.note_moved(Path::new("tmp"), Path::new(place));
            }
        }
        let touches = seen.touches();
        let Some(touch) = touches.iter().find(|touch| touch.path == Path::new(path)) else {
            return String::new();
        };
        let letters = [
            (touch.stood, 's'),
            (touch.read, 'r'),
            (touch.written, 'w'),
            (touch.removed, 'x'),
            (touch.missed, 'm'),
        ];
        letters
            .iter()
            .filter(|(on, _)| *on)
            .map(|(_, c)| c)
            .collect()
    }

    #[test]
    fn readings_writings_and_look_ups_in_vain() {
        use Standing::{File, Folder, Nothing};
        let read = open(libc::O_RDONLY);
        let create = open(libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC);
        let append = open(libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND);
        let exclusive = open(libc::O_RDWR | libc::O_CREAT | libc::O_EXCL);
        let update = open(libc::O_RDWR);
        for (deeds, want) in [
            (&[(File, read)][..], "sr"),
            (&[(Nothing, read)], "m"),
            (&[(Folder, read)], ""),
            (&[(Nothing, create)], "w"),
            (&[(File, create)], "sw"),
            (&[(File, append)], "sw"),
            (&[(File, update)], "srw"),
            (&[(Nothing, exclusive)], "w"),
            (&[(File, exclusive)], "sm"),
            // Its own work is no reading.
            (&[(Nothing, create), (File, read)], "w"),
            (&[(File, create), (File, read)], "sw"),
            (&[(Nothing, create), (File, Deed::Remove)], "wx"),
            (&[(File, read), (File, create), (File, read)], "srw"),
            // Somebody else made it in between.
            (&[(Nothing, read), (File, read)], "rm"),
            (&[(File, Deed::Move)], "srx"),
            (&[(File, Deed::Remove)], "sx"),
            (&[(Nothing, Deed::Remove)], "m"),
            (&[(File, Deed::Change)], "srw"),
            (&[(File, Deed::Write)], "sw"),
            (&[(Nothing, Deed::Folder)], ""),
        ] {
            let deeds: Vec<_> = deeds.iter().map(|(now, deed)| ("a", *now, *deed)).collect();
            assert_eq!(said("a", &deeds), want, "{deeds:?}");
        }
    }

    #[test]
    fn what_comes_with_a_moved_folder_is_its_own() {
        let moved = [
            ("tmp", Standing::Nothing, Deed::Folder),
            ("tmp", Standing::Folder, Deed::Move),
            ("out", Standing::Nothing, Deed::Write),
            ("out/a", Standing::File, open(libc::O_RDONLY)),
        ];
        assert_eq!(said("out/a", &moved), "");
        assert_eq!(said("out", &moved), "w");
        // A folder that stood before brings along what others put there.
        assert_eq!(said("out/a", &moved[1..]), "sr");
        assert_eq!(said("tmp", &moved[1..]), "sx");
    }
}
