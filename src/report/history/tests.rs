//! Tables of builds and runs, word by word.

use super::*;
use crate::base::record::{Ending, Peak, PeakSource, RunCause, Usage};

fn run(build: u32, ms: u64, outcome: RunOutcome) -> RunRecord {
    RunRecord {
        node: "fit".into(),
        build,
        started_ms: u64::from(build),
        duration_ms: ms,
        ending: Ending::Exit(0),
        outcome,
        cause: Some(RunCause {
            kind: "input-changed".into(),
            subject: Some("raw.csv".into()),
            more: 2,
        }),
        log: true,
        usage: Usage {
            cpu_ms: Some(ms * 3),
            peak: (build > 1).then_some(Peak {
                bytes: 5 << 20,
                source: PeakSource::Sampled,
            }),
        },
    }
}

fn moment(ms: u64) -> String {
    format!("moment {ms}")
}

#[test]
fn runs_stand_below_what_is_usual() {
    let ran = RunOutcome::Ran;
    let text = runs(
        &[NodeRuns {
            node: "fit".into(),
            runs: vec![
                run(1, 1000, ran),
                run(2, 1100, ran),
                run(3, 10, RunOutcome::Failed),
                run(4, 2200, ran),
            ],
        }],
        3,
        &moment,
    );
    assert_eq!(
        text,
        "\
`fit`: 4 runs; usually 1.1 s (median), last 2.2 s, 100 % more
build  when      result   took    cpu   memory  why
    4  moment 4  ran     2.2 s  6.6 s  5.0 MiB  input raw.csv changed (and 2 more)
    3  moment 3  failed  10 ms  30 ms  5.0 MiB  input raw.csv changed (and 2 more)
    2  moment 2  ran     1.1 s  3.3 s  5.0 MiB  input raw.csv changed (and 2 more)
1 run more, older; `--last 4` shows all
"
    );
}

#[test]
fn headings() {
    let (ran, failed) = (RunOutcome::Ran, RunOutcome::Failed);
    assert_eq!(
        heading("a", &[run(1, 5, failed)]),
        "`a`: 1 run, none of which went well"
    );
    let once = [run(1, 5, failed), run(2, 700, ran)];
    assert_eq!(
        heading("a", &once),
        "`a`: 2 runs; the one that went well took 0.7 s"
    );
    // A few milliseconds are no trend, however large a part they are.
    let short = [run(1, 5, ran), run(2, 40, ran), run(3, 10, ran)];
    assert_eq!(
        heading("a", &short),
        "`a`: 3 runs; usually 10 ms (median), last 10 ms"
    );
    let faster = [run(1, 2000, ran), run(2, 2000, ran), run(3, 1000, ran)];
    assert_eq!(
        heading("a", &faster),
        "`a`: 3 runs; usually 2.0 s (median), last 1.0 s, 50 % less"
    );
    let nobody = NodeRuns {
        node: "a".into(),
        runs: Vec::new(),
    };
    assert_eq!(
        runs(&[nobody], 5, &moment),
        "`a`: no run of it is remembered here\n"
    );
}

#[test]
fn builds_are_told_newest_first() {
    let end = BuildEnd {
        took_ms: 1500,
        jobs: 2,
        fresh: 3,
        restored: 1,
        ran: 2,
        failed: 0,
        blocked: 0,
        stopped: 0,
        saved_ms: 60_000,
        interrupted: false,
    };
    let failed = BuildEnd {
        failed: 1,
        blocked: 2,
        stopped: 1,
        saved_ms: 0,
        ..end.clone()
    };
    let record = |build, end| BuildRecord {
        build,
        started_ms: u64::from(build),
        end,
    };
    let all = [
        record(8, Some(end)),
        record(9, None),
        record(10, Some(failed)),
    ];
    assert_eq!(
        builds(&all, 9, &moment),
        "\
build  when       result       took  nodes
   10  moment 10  failed      1.5 s  1 failed, 2 blocked, 1 not done, 2 ran, 1 restored, 3 fresh
    9  moment 9   unfinished
    8  moment 8   done        1.5 s  2 ran, 1 restored, 3 fresh; saved 1 min 00 s
"
    );
    assert_eq!(builds(&[], 9, &moment), "no build is remembered here\n");
}
