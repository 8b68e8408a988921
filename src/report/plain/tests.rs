//! The exact text of each kind of line.

use super::*;
use crate::base::path::ProjectPath;
use crate::base::record::{Ending, Usage};
use crate::logic::event::{FailureCause, Printed, Prospect, Takes};
use crate::report::printed;
use std::time::Duration;

fn told_with(options: PlainOptions, events: &[BuildEvent]) -> String {
    let mut out = Vec::new();
    let mut report = PlainReport::new(&mut out, options);
    events.iter().for_each(|event| report.tell(event));
    String::from_utf8(out).unwrap()
}

fn told(events: &[BuildEvent]) -> String {
    told_with(PlainOptions::default(), events)
}

fn finished(node: &str, outcome: Outcome) -> BuildEvent {
    BuildEvent::NodeFinished {
        node: node.to_owned(),
        outcome,
    }
}

fn ran(node: &str) -> BuildEvent {
    finished(
        node,
        Outcome::Ran {
            took: Duration::from_millis(1200),
            unchanged: false,
            printed: Printed::default(),
            usage: Usage::default(),
        },
    )
}

fn failure(output: &str) -> Failure {
    Failure {
        cause: FailureCause::Ending(Ending::Exit(1)),
        took: Duration::from_millis(400),
        usage: Usage::default(),
        output: output.into(),
        output_cut: false,
        command: "python split.py data/x.csv".to_owned(),
        withheld: Vec::new(),
    }
}

fn every_end() -> Vec<BuildEvent> {
    vec![
        BuildEvent::Started {
            total: 8,
            fresh: 3,
            jobs: 4,
        },
        BuildEvent::NodeStarted {
            node: "clean".into(),
            reasons: vec![
                Reason::InputAdded(ProjectPath::from_normal("b.csv")),
                Reason::InputOrder,
            ],
            command: "cat a b\n\tsort".into(),
            prospect: Prospect::default(),
            attempt: 1,
            takes: Takes::default(),
            log: String::new(),
        },
        ran("clean"),
        finished(
            "tidy",
            Outcome::Ran {
                took: Duration::from_millis(12),
                unchanged: true,
                printed: Printed::default(),
                usage: Usage::default(),
            },
        ),
        finished("train", Outcome::Restored { saved_ms: 200_000 }),
        finished("same", Outcome::Fresh),
        finished("plot", Outcome::Blocked { by: "split".into() }),
        finished("late", Outcome::Stopped),
    ]
}

#[test]
fn a_line_for_each_node_that_was_not_fresh() {
    assert_eq!(
        told(&every_end()),
        "\
5 of 8 nodes to check, 3 are fresh; up to 4 jobs at once
ran      clean             1.2 s
ran      tidy              12 ms, outputs as before
restored train             saved 3 min 20 s
"
    );
}

#[test]
fn everything_when_verbose() {
    let verbose = PlainOptions {
        verbose: true,
        explain: true,
        ..PlainOptions::default()
    };
    assert_eq!(
        told_with(verbose, &every_end()),
        "\
5 of 8 nodes to check, 3 are fresh; up to 4 jobs at once
start    clean             input b.csv is new
  and its inputs are given in another order
  $ cat a b
    \tsort
ran      clean             1.2 s
ran      tidy              12 ms, outputs as before
restored train             saved 3 min 20 s
fresh    same
blocked  plot              `split`, which it needs, failed
stopped  late              the build ended before it was done
"
    );
}

#[test]
fn a_quiet_one_tells_failures_warnings_and_the_end() {
    let quiet = PlainOptions {
        quiet: true,
        ..PlainOptions::default()
    };
    let mut events = every_end();
    events.push(BuildEvent::Notice(Notice::OrphansEnded { count: 1 }));
    events.push(BuildEvent::Notice(Notice::Trouble(
        "cannot list x: gone".into(),
    )));
    events.push(finished("split", Outcome::Failed(failure(""))));
    let took = Duration::from_secs(4);
    events.push(BuildEvent::Finished(Summary {
        ran: 2,
        failed: 1,
        stopped: 1,
        took,
        ..Summary::default()
    }));
    assert_eq!(
        told_with(quiet, &events),
        "\
warning: cannot list x: gone
failed   split             exit code 1, after 0.4 s
  $ python split.py data/x.csv
  it printed nothing
failed: 1 failed (`split`), 1 not done, 2 ran in 4.0 s
hint: `pipe build -k` goes on with everything that does not need what failed
"
    );
}

#[test]
fn a_failure_with_all_that_belongs_to_it() {
    let mut failure = failure("Traceback:\n\x1b[31mKeyError: 'y'\x1b[0m\n\n");
    failure.cause = FailureCause::Ending(Ending::Signal(13));
    failure.withheld = vec!["API_KEY".into()];
    assert_eq!(
        told(&[finished("split", Outcome::Failed(failure))]),
        "\
failed   split             ended by signal 13 (SIGPIPE), after 0.4 s
  $ python split.py data/x.csv
  | Traceback:
  | KeyError: 'y'
  hint: a program in a pipe wrote to one that had stopped reading, as `head` does; the shell's `pipefail` makes that a \
failure
  hint: what it printed names `API_KEY`, which the command did not get to see: `pass-env \"API_KEY\"` hands it through, \
`env \"API_KEY\"` also makes it a part of the key
"
    );
}

#[test]
fn names_are_aligned_as_far_as_is_sensible() {
    let long = "a-name-of-more-than-sixteen-characters";
    assert_eq!(
        told(&[
            ran("a"),
            ran("twenty-characters-xx"),
            ran("b"),
            ran(long),
            ran("c")
        ]),
        format!(
            "\
ran      a                 1.2 s
ran      twenty-characters-xx  1.2 s
ran      b                     1.2 s
ran      {long}  1.2 s
ran      c                                 1.2 s
"
        )
    );
}

#[test]
fn results_that_cannot_be_kept_are_counted_after_the_third() {
    let not_kept = BuildEvent::Notice(Notice::NotKept {
        node: "a".into(),
        trouble: "disk full".into(),
    });
    let mut events = vec![not_kept; 5];
    let took = Duration::from_secs(4);
    events.push(BuildEvent::Finished(Summary {
        ran: 5,
        not_kept: 5,
        took,
        ..Summary::default()
    }));
    let text = told(&events);
    assert_eq!(text.matches("warning: the result of `a`").count(), 3);
    assert!(
        text.ends_with("done: 5 ran in 4.0 s\nwarning: 5 results could not be kept in the cache\n"),
        "{text}"
    );
}

#[test]
fn colours_only_add_to_the_text() {
    let colour = PlainOptions {
        colour: true,
        ..PlainOptions::default()
    };
    let mut events = every_end();
    events.push(finished(
        "split",
        Outcome::Failed(failure("\x1b[31mred\x1b[0m")),
    ));
    events.push(BuildEvent::Finished(Summary {
        fresh: 1,
        ..Summary::default()
    }));
    let coloured = told_with(colour, &events);
    assert!(
        coloured.contains("\x1b[32mran     \x1b[0m clean"),
        "{coloured}"
    );
    assert!(coloured.contains("  | \x1b[31mred\x1b[0m"), "{coloured}");
    assert_eq!(
        printed::lines(coloured.as_bytes(), false).join("\n") + "\n",
        told(&events)
    );
}
