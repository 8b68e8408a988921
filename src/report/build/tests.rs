//! What stands on the page without script, what is escaped, and the trace.

use super::*;
use crate::base::story::{Shares, TryStory};
use serde_json::Value;

fn ran(name: &str, needs: Vec<u32>, from: u64, to: u64) -> NodeStory {
    NodeStory {
        name: name.to_owned(),
        needs,
        takes: Shares {
            slots: 1,
            ..Shares::default()
        },
        fate: Fate::Ran,
        checked_ms: Some(from),
        queued_ms: Some(from),
        settled_ms: Some(to),
        tries: vec![TryStory {
            started_ms: from,
            ended_ms: to,
            took_ms: to - from,
        }],
        ..NodeStory::default()
    }
}

fn story() -> Story {
    let mut restored = ran("back", Vec::new(), 0, 3);
    (restored.fate, restored.saved_ms) = (Fate::Restored, 60_000);
    restored.tries.clear();
    Story {
        build: 4,
        took_ms: 5000,
        jobs: 1,
        complete: true,
        nodes: vec![
            ran("</script><script>alert(1)</script>", Vec::new(), 0, 1000),
            ran("b", Vec::new(), 1000, 5000),
            restored,
        ],
        memory: vec![(100, 1 << 20), (200, 5 << 20)],
        ..Story::default()
    }
}

fn page_of(story: &Story) -> String {
    page(&Telling {
        story,
        title: "<b>project</b>",
        when: "now",
        lacking: "",
        runs: &|_| Vec::new(),
        log: &|_, _| Some((b"\x1b[31m</script><!--\x1b[0m".to_vec(), true)),
    })
}

#[test]
fn what_users_write_is_never_markup() {
    let page = page_of(&story());
    assert!(!page.contains("%%"), "a place of the page is not filled");
    assert!(!page.contains("<script>alert") && !page.contains("<b>project"));
    // Two blocks of data and one of script.
    assert_eq!(page.matches("</script>").count(), 3);
    assert_eq!(page.matches("<!--").count(), 0);
    assert!(
        !page.contains("http://")
            || page.matches("http://").count() == page.matches("http://www.w3.org/").count()
    );
}

#[test]
fn figures_path_and_advice_stand_without_script() {
    let page = page_of(&story());
    for part in [
        "1 min 00 s</strong><span>1 restored, 0 fresh",
        "5.0 MiB</strong>",
        "Without the time of b it would have been 4.0 s (80 %) shorter.",
        "With 2 slots instead of 1 it would have been 1.0 s (20 %) shorter.",
        "No number of slots would have made it more than 1.0 s (20 %) shorter",
    ] {
        assert!(page.contains(part), "no {part:?}");
    }
}

#[test]
fn what_failed_stands_at_the_top() {
    let mut story = story();
    assert!(!page_of(&story).contains("What failed"));
    story.nodes[1].fate = Fate::Failed;
    story.nodes[2].fate = Fate::Blocked;
    let page = page_of(&story);
    let section = page.split("What failed").nth(1).expect("the section");
    let section = section.split("</section>").next().unwrap();
    for part in [
        "data-node=\"1\"",
        ">b</button>",
        "<pre>&lt;/script&gt;&lt;!--</pre>",
        "1 node needs what failed and could not run.",
    ] {
        assert!(section.contains(part), "no {part:?} in {section}");
    }
    let rows = page.split("<tbody>").nth(1).expect("the table");
    let at = |node: &str| rows.find(node).expect(node);
    assert!(at("data-node=\"1\"") < at("data-node=\"2\""));
    assert!(at("data-node=\"2\"") < at("data-node=\"0\""));
}

#[test]
fn nothing_done_is_a_page_too() {
    let page = page_of(&Story::default());
    assert!(page.contains("Nothing was done.") && page.contains("No command ran."));
}

#[test]
fn the_trace_has_slots_restored_nodes_and_memory() {
    let trace: Value = serde_json::from_str(&trace(&story(), "p")).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let of = |kind: &str| {
        events
            .iter()
            .filter(|event| event["ph"] == kind)
            .collect::<Vec<_>>()
    };
    let spans = of("X");
    assert_eq!(spans.len(), 2);
    assert_eq!(
        (&spans[1]["ts"], &spans[1]["dur"], &spans[1]["tid"]),
        (&1_000_000.into(), &4_000_000.into(), &1.into())
    );
    assert_eq!((of("b").len(), of("e").len(), of("C").len()), (1, 1, 2));
    assert_eq!(of("b")[0]["args"]["saved_ms"], 60_000);
}
