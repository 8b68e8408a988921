//! Builds as the services' logs show them.

use super::*;
use crate::base::record::{Ending, Usage};
use crate::logic::event::{Failure, Printed};

fn ran(node: &str, printed: &str) -> BuildEvent {
    BuildEvent::NodeFinished {
        node: node.to_owned(),
        outcome: Outcome::Ran {
            took: Duration::from_secs(3),
            unchanged: false,
            printed: Printed {
                bytes: printed.into(),
                cut: false,
            },
            usage: Usage::default(),
        },
    }
}

fn failed(node: &str, printed: &str) -> BuildEvent {
    let cause = FailureCause::Ending(Ending::Exit(1));
    let failure = Failure {
        took: Duration::from_secs(1),
        output: printed.into(),
        ..Failure::before_start(cause, "false")
    };
    BuildEvent::NodeFinished {
        node: node.to_owned(),
        outcome: Outcome::Failed(failure),
    }
}

fn end(failed: usize, ran: usize) -> Summary {
    Summary {
        failed,
        ran,
        took: Duration::from_secs(4),
        ..Summary::default()
    }
}

fn told(service: Service, events: &[BuildEvent]) -> (String, String) {
    let options = PlainOptions {
        output: Shown::Grouped,
        ..PlainOptions::default()
    };
    let mut out = Vec::new();
    let mut report = CiReport::new(&mut out, service, options);
    let mut summary = String::new();
    for event in events {
        report.tell(event, 1000);
        if let BuildEvent::Finished(end) = event {
            summary = report.summary(end);
        }
    }
    (String::from_utf8(out).expect("text"), summary)
}

#[test]
fn successes_are_folded_and_failures_stand_last() {
    let events = [
        failed("bad", "50%\n::endgroup::\n"),
        ran("good", "hello\n::set-output name=x::y\n"),
        BuildEvent::Finished(end(1, 1)),
    ];
    let (log, _) = told(Service::GitHub, &events);
    assert_eq!(
        log,
        "failed   bad               exit code 1, after 1.0 s (more at the end)\n\
         ::group::ran      good              3.0 s\n  | hello\n  | ::set-output name=x::y\n::endgroup::\n\
         \n\
         failed   bad               exit code 1, after 1.0 s\n  $ false\n  | 50%\n  | ::endgroup::\n\
         \n\
         ::error title=bad failed::exit code 1%0A50%25%0A::endgroup::\n\
         failed: 1 failed (`bad`), 1 ran in 4.0 s\n"
    );
    let (log, _) = told(Service::GitLab, &events);
    assert!(
        log.contains(
            "\x1b[0Ksection_start:997:pipe_1[collapsed=true]\r\x1b[0Kran      good              3.0 s\n  | hello\n"
        ) && log.contains("\n\x1b[0Ksection_end:1000:pipe_1\r\x1b[0K\n")
            && !log.contains("::error"),
        "{log:?}"
    );
}

#[test]
fn github_gets_no_more_errors_than_it_shows() {
    let count = |failures: usize| {
        let nodes: Vec<String> = (0..failures)
            .map(|number| format!("a:{number},b"))
            .collect();
        let mut events: Vec<BuildEvent> = nodes.iter().map(|node| failed(node, "")).collect();
        events.push(BuildEvent::Finished(end(failures, 0)));
        let (log, _) = told(Service::GitHub, &events);
        let errors: Vec<String> = log
            .lines()
            .filter(|line| line.starts_with("::error "))
            .map(str::to_owned)
            .collect();
        errors
    };
    assert_eq!(count(10).len(), 10);
    assert_eq!(count(1), ["::error title=a%3A0%2Cb failed::exit code 1"]);
    let many = count(13);
    assert_eq!(many.len(), 10);
    assert_eq!(
        many[9],
        "::error title=4 more nodes failed::a:9,b, a:10,b, a:11,b, a:12,b"
    );
}

#[test]
fn the_summary_is_markdown_that_names_cannot_break() {
    let events = [
        ran("a|<b>", ""),
        failed("bad", "```\nx"),
        ran("c", ""),
        BuildEvent::Finished(end(1, 2)),
    ];
    let (_, summary) = told(Service::GitHub, &events);
    assert_eq!(
        summary,
        "### pipe: failed\n\n1 failed (\\`bad\\`), 2 ran in 4.0 s\n\n\
         | outcome | node | time | why |\n|---|---|---|---|\n\
         | failed | bad | 1.0 s | exit code 1 |\n\
         | ran | a\\|&lt;b&gt; | 3.0 s |  |\n\
         | ran | c | 3.0 s |  |\n\n\
         Slowest: a\\|&lt;b&gt; 3.0 s, c 3.0 s\n\n\
         <details><summary>What bad printed at the end</summary>\n\n````\n```\nx\n````\n\n</details>\n\n"
    );
    let rows: Vec<BuildEvent> = (0..1000)
        .map(|number| ran(&format!("{number}{}", "x".repeat(5000)), ""))
        .chain([BuildEvent::Finished(end(0, 1000))])
        .collect();
    let (_, summary) = told(Service::GitHub, &rows);
    assert!(summary.len() < 512 * 1024 && summary.contains("and 800 more"));
}
