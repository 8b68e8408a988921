//! The exact lines of the live view, at several sizes.

use super::*;
use crate::logic::event::{Failure, FailureCause, Printed, Summary, Takes};

const WIDE: Size = Size {
    columns: 101,
    rows: 30,
};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn progress(total: usize, fresh: usize, jobs: u32) -> Progress {
    let mut progress = Progress::new(LiveOptions {
        colour: false,
        unicode: true,
    });
    progress.hear(&BuildEvent::Started { total, fresh, jobs }, seconds(0));
    progress
}

fn start(progress: &mut Progress, node: &str, at: u64, prospect: Prospect) {
    let event = BuildEvent::NodeStarted {
        node: node.into(),
        reasons: Vec::new(),
        command: String::new(),
        prospect,
        attempt: 1,
        takes: Takes::default(),
        log: String::new(),
    };
    progress.hear(&event, seconds(at));
}

fn end(progress: &mut Progress, node: &str, outcome: Outcome) {
    let node = node.to_owned();
    progress.hear(&BuildEvent::NodeFinished { node, outcome }, seconds(0));
}

fn ran() -> Outcome {
    Outcome::Ran {
        took: seconds(1),
        unchanged: false,
        usage: crate::base::record::Usage::default(),
        printed: Printed::default(),
    }
}

fn failed() -> Outcome {
    Outcome::Failed(Failure::before_start(
        FailureCause::Trouble("x".into()),
        "x",
    ))
}

fn expected(time: u64, below: u64) -> Prospect {
    Prospect {
        expected: Some(seconds(time)),
        below: seconds(below),
        slots: 1,
        alone: false,
    }
}

fn ahead(path: u64, work: u64, nodes: usize, guessed: usize) -> BuildEvent {
    BuildEvent::Ahead(Ahead {
        path: seconds(path),
        work: seconds(work),
        nodes,
        guessed,
    })
}

fn shown(progress: &Progress, size: Size, now: u64) -> String {
    let lines = progress.render(size, 16, seconds(now));
    assert!(lines.len() <= size.rows, "{} lines", lines.len());
    for line in &lines {
        assert_eq!(columns::width(&line.text), line.width, "{}", line.text);
        assert!(line.width < size.columns.max(1), "{}", line.text);
    }
    let last = lines.last().map_or(0, |line| line.width);
    assert!(last == 0 || last + 2 < size.columns, "no room for ^C");
    let texts = lines
        .iter()
        .map(|line| line.text.trim_end().to_owned() + "\n");
    texts.collect()
}

/// Two running, one past its time; one waits to be alone.
fn busy() -> Progress {
    let mut progress = progress(11, 4, 2);
    end(&mut progress, "clean", ran());
    end(&mut progress, "old", Outcome::Restored { saved_ms: 1 });
    start(&mut progress, "fit", 2, expected(40, 10));
    start(&mut progress, "train@rf,1", 3, expected(3, 0));
    progress.hear(&ahead(30, 20, 3, 0), seconds(3));
    let room = Room {
        node: "D".into(),
        alone: true,
        slots: 2,
        uses: Vec::new(),
    };
    progress.hear(&BuildEvent::RoomFor(Some(room)), seconds(3));
    progress
}

#[test]
fn what_runs_what_waits_and_how_far_it_is() {
    assert_eq!(
        shown(&busy(), WIDE, 12),
        "\
running  fit               10 s of ~40 s
running  train@rf,1        9 s of ~3.0 s
waiting  D                 for 2 running nodes to end, then runs alone
2 running, 1 ran, 1 restored, 4 fresh, 3 waiting
 6 of 11 ━━━━━━━━━━━━━━━━━━━━━─────────────────── 12 s, ~40 s left
"
    );
}

#[test]
fn a_narrow_screen_shows_the_same() {
    let size = Size {
        columns: 40,
        rows: 12,
    };
    assert_eq!(
        shown(&busy(), size, 12),
        "\
running  fit             10 s of ~40 s
running  train@rf,1      9 s of ~3.0 s
waiting  D  for 2 running nodes to end…
2 running, 1 ran, 1 restored, 4 fresh …
 6 of 11 ━━━━━━───── 12 s, ~40 s left
"
    );
}

#[test]
fn no_screen_is_too_small() {
    let mut progress = busy();
    progress.hear(&BuildEvent::Stopping(Stop::Interrupt), seconds(4));
    for columns in 0..60 {
        for rows in 1..12 {
            shown(&progress, Size { columns, rows }, 70);
        }
    }
    let lowest = Size {
        columns: 101,
        rows: 1,
    };
    assert!(shown(&progress, lowest, 70).starts_with(" 6 of 11"));
}

#[test]
fn of_many_nodes_the_longest_are_shown() {
    let mut progress = progress(100, 0, 64);
    for number in 0..64 {
        start(
            &mut progress,
            &format!("n{number}"),
            number,
            Prospect::default(),
        );
    }
    let size = Size {
        columns: 101,
        rows: 10,
    };
    assert_eq!(
        shown(&progress, size, 70),
        "\
running  n0                1 min 10 s
running  n1                1 min 09 s
running  n2                1 min 08 s
         … 61 more
64 running, 36 waiting
  0 of 100 ──────────────────────────────────────── 1 min 10 s
"
    );
}

#[test]
fn wide_characters_take_their_columns() {
    let mut progress = progress(1, 0, 1);
    start(
        &mut progress,
        "訓練@東京,大阪の器械学習",
        0,
        Prospect::default(),
    );
    let size = Size {
        columns: 40,
        rows: 12,
    };
    assert!(
        shown(&progress, size, 1).starts_with(
            "running  \u{8a13}\u{7df4}@\u{6771}\u{2026}\u{68b0}\u{5b66}\u{7fd2}  1 s\n"
        ),
        "{}",
        shown(&progress, size, 1)
    );
}

#[test]
fn a_check_is_shown_when_it_takes_long() {
    let mut progress = progress(4, 0, 1);
    for node in ["large", "small"] {
        let node = node.to_owned();
        progress.hear(&BuildEvent::NodeChecking { node }, seconds(1));
    }
    assert!(!shown(&progress, WIDE, 1).contains("checking"));
    let node = "small".to_owned();
    progress.hear(&BuildEvent::NodeQueued { node }, seconds(2));
    let now = shown(&progress, WIDE, 4);
    assert!(
        now.starts_with("checking large             3 s\n1 ready, 3 waiting\n0 of 4 "),
        "{now}"
    );
    end(&mut progress, "large", Outcome::Restored { saved_ms: 1 });
    start(&mut progress, "small", 4, Prospect::default());
    let now = shown(&progress, WIDE, 9);
    assert!(
        now.contains("5 s\n1 running, 1 restored, 2 waiting\n1 of 4 "),
        "{now}"
    );
}

#[test]
fn names_cannot_act_on_the_terminal() {
    let mut progress = progress(1, 0, 1);
    start(&mut progress, "a\u{1b}[2Jb", 0, Prospect::default());
    assert!(shown(&progress, WIDE, 1).contains("a\\u{1b}[2Jb"));
}

#[test]
fn the_time_left_is_the_longer_of_path_and_work() {
    let mut progress = progress(9, 0, 2);
    assert_eq!(progress.left(seconds(0)), None);
    progress.hear(&ahead(30, 50, 8, 0), seconds(0));
    assert_eq!(progress.left(seconds(0)), Some(seconds(50)));
    // A running one adds its own rest to the path and to the work.
    start(&mut progress, "a", 0, expected(20, 60));
    assert_eq!(progress.left(seconds(0)), Some(seconds(80)));
    assert_eq!(progress.left(seconds(15)), Some(seconds(65)));
    // Past its time, at least what follows is left.
    assert_eq!(progress.left(seconds(99)), Some(seconds(60)));
    // Half of it may be a guess, no more.
    progress.hear(&ahead(30, 50, 8, 4), seconds(0));
    assert!(progress.left(seconds(0)).is_some());
    progress.hear(&ahead(30, 50, 8, 5), seconds(0));
    assert_eq!(progress.left(seconds(0)), None);
}

#[test]
fn a_build_that_stops_says_what_it_waits_for() {
    let mut progress = busy();
    progress.hear(&BuildEvent::RoomFor(None), seconds(5));
    end(&mut progress, "train@rf,1", failed());
    progress.hear(&BuildEvent::Stopping(Stop::Failure), seconds(5));
    assert_eq!(
        shown(&progress, WIDE, 12),
        "\
running  fit               10 s of ~40 s
stopping after a failure, when 1 running node has ended
1 failed, 1 running, 1 ran, 1 restored, 4 fresh, 3 waiting
 7 of 11 ━━━━━━━━━━━━━━━━━━━━━━━━━─────────────── 12 s
"
    );
    progress.hear(&BuildEvent::Stopping(Stop::Interrupt), seconds(5));
    assert!(
        shown(&progress, WIDE, 12)
            .contains("stopping when 1 running node has ended; Ctrl-C again kills")
    );
    progress.hear(&BuildEvent::Stopping(Stop::Kill), seconds(5));
    assert!(shown(&progress, WIDE, 12).contains("stopping 1 running node is killed"));
}

#[test]
fn before_the_first_node_and_after_the_last() {
    let mut progress = Progress::new(LiveOptions::default());
    assert_eq!(shown(&progress, WIDE, 3), "looking at what is there, 3 s\n");
    let holder = "process 12".to_owned();
    progress.hear(&BuildEvent::Notice(Notice::Waiting { holder }), seconds(1));
    assert_eq!(
        shown(&progress, WIDE, 3),
        "waiting for the other build, 3 s\n"
    );
    progress.hear(&BuildEvent::Finished(Summary::default()), seconds(4));
    assert_eq!(shown(&progress, WIDE, 4), "");
}

#[test]
fn what_room_is_made_for() {
    let mut progress = progress(3, 0, 4);
    let mut room = |slots, uses: &[&str]| {
        let room = Room {
            node: "wide".into(),
            alone: false,
            slots,
            uses: uses.iter().map(|&name| name.to_owned()).collect(),
        };
        progress.hear(&BuildEvent::RoomFor(Some(room)), seconds(0));
        shown(&progress, WIDE, 0)
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(room(3, &[]), "waiting  wide              for room: 3 slots");
    assert_eq!(
        room(2, &["memory"]),
        "waiting  wide              for room: 2 slots, memory"
    );
    assert_eq!(
        room(1, &["memory"]),
        "waiting  wide              for room: memory"
    );
}
