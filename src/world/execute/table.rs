//! The system's table of processes, as values; empty on systems that do not show one at `/proc`.
//!
//! Does not know whose processes they are. What is read of two processes is not of one moment.

use std::fs;

/// One process, by numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) number: i32,
    pub(super) parent: i32,
    pub(super) group: i32,
    pub(super) session: i32,
    /// False for one that has ended and waits for its parent to take note.
    pub(super) alive: bool,
    /// Processor time of it and of what it waited for, in the system's ticks.
    pub(super) ticks: u64,
    /// Resident memory, in pages.
    pub(super) pages: u64,
}

/// Every process, in no order.
pub(super) fn processes() -> impl Iterator<Item = Process> {
    numbers().filter_map(process)
}

/// The numbers of all processes.
pub(super) fn numbers() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The process of this number, if there is one.
pub(super) fn process(number: i32) -> Option<Process> {
    parse(&fs::read(format!("/proc/{number}/stat")).ok()?)
}

/// Reads a line of `/proc/*/stat`: `number (name) state parent group …`. The name may hold anything, also `)`.
fn parse(stat: &[u8]) -> Option<Process> {
    let name_ends = stat.iter().rposition(|&byte| byte == b')')?;
    let number = stat.split(|&byte| byte == b' ').next()?;
    let fields: Vec<&[u8]> = stat[name_ends + 1..]
        .split(u8::is_ascii_whitespace)
        .filter(|field| !field.is_empty())
        .collect();
    // The manual counts the fields from 1, number and name first.
    let field = |number: usize| str::from_utf8(fields.get(number - 3)?).ok();
    let small = |number: usize| field(number)?.parse::<i32>().ok();
    let long = |number: usize| field(number).and_then(|text| text.parse::<u64>().ok());
    Some(Process {
        number: str::from_utf8(number).ok()?.parse().ok()?,
        alive: !matches!(field(3)?, "Z" | "X"),
        parent: small(4)?,
        group: small(5)?,
        session: small(6)?,
        // Its own in user and kernel mode, and that of its children.
        ticks: (14..=17).filter_map(long).sum(),
        pages: long(24).unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_whatever_the_name_holds() {
        let line =
            "50 (a) Z 1 7) R 1 42 43 0 -1 4194560 1 2 3 4 5 6 70 800 20 0 1 0 99 8888 77 more\n";
        let want = Process {
            number: 50,
            parent: 1,
            group: 42,
            session: 43,
            alive: true,
            ticks: 881,
            pages: 77,
        };
        assert_eq!(parse(line.as_bytes()), Some(want));
        let dead = parse(b"50 (sleep) Z 1 42 42 0").unwrap();
        assert!(!dead.alive && dead.group == 42 && dead.pages == 0);
        assert_eq!(parse(b"50 (sleep) S"), None);
        assert_eq!(parse(b""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_among_them() {
        let own = std::process::id() as i32;
        let found = processes()
            .find(|process| process.number == own)
            .expect("it runs");
        assert!(found.alive && found.pages > 0);
        assert_eq!(process(own).map(|again| again.group), Some(found.group));
    }
}
