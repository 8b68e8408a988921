//! A build as trace events: the JSON that chrome://tracing, Perfetto and Speedscope read.
//!
//! One process: a thread for each slot, one for what was restored, one for the time in which slots were kept free; the
//! memory of all commands as a counter. Times are microseconds. Does not know the page.

use super::code;
use crate::base::story::{Fate, NodeStory, Story};
use crate::logic::story::lanes::lanes;
use crate::report::words;
use serde_json::{Value, json};

/// Thread numbers of what has no slot; slots count from 1.
const RESTORED: u32 = 100_000;
const ROOMS: u32 = 100_001;

/// `pipe report --format trace`. `title` is the project.
pub fn trace(story: &Story, title: &str) -> String {
    let mut events = vec![meta(
        "process_name",
        0,
        &format!("{title}: build {}", story.build),
    )];
    let (bars, count) = lanes(story);
    for lane in 0..count {
        events.push(meta("thread_name", lane + 1, &format!("slot {}", lane + 1)));
    }
    events.push(meta("thread_name", RESTORED, "restored"));
    events.push(meta("thread_name", ROOMS, "room kept free"));
    for bar in bars {
        let node = &story.nodes[bar.node as usize];
        let one = &node.tries[bar.attempt as usize];
        let mut told = about(node);
        told["attempt"] = json!(bar.attempt + 1);
        told["waited_ms"] = json!(
            node.queued_ms
                .map(|queued| one.started_ms.saturating_sub(queued))
        );
        // A command with several slots stands in each.
        for lane in bar.lanes {
            events.push(span(
                &node.name,
                code(node.fate),
                lane + 1,
                (one.started_ms, one.ended_ms),
                &told,
            ));
        }
    }
    for node in &story.nodes {
        if let (Fate::Restored, Some(from), Some(to)) =
            (node.fate, node.checked_ms, node.settled_ms)
        {
            // Many are restored at a time, which a thread's spans must not be: these are pairs with a number.
            events.extend(pair(&node.name, from, to, events.len(), &about(node)));
        }
    }
    for room in &story.rooms {
        let name = &story.nodes[room.node as usize].name;
        events.push(span(
            name,
            "room",
            ROOMS,
            (room.from_ms, room.to_ms),
            &json!({}),
        ));
    }
    for (at, bytes) in &story.memory {
        events.push(json!({
            "ph": "C", "name": "memory", "pid": 1, "ts": at * 1000, "args": { "bytes": bytes }
        }));
    }
    let whole = json!({
        "traceEvents": events,
        "displayTimeUnit": "ms",
        "otherData": { "build": story.build, "started_ms": story.started_ms, "jobs": story.jobs }
    });
    whole.to_string() + "\n"
}

fn meta(what: &str, thread: u32, name: &str) -> Value {
    json!({ "ph": "M", "name": what, "pid": 1, "tid": thread, "args": { "name": name } })
}

fn span(name: &str, category: &str, thread: u32, (from, to): (u64, u64), about: &Value) -> Value {
    json!({
        "ph": "X", "name": name, "cat": category, "pid": 1, "tid": thread,
        "ts": from * 1000, "dur": to.saturating_sub(from) * 1000, "args": about
    })
}

fn pair(name: &str, from: u64, to: u64, number: usize, about: &Value) -> [Value; 2] {
    let event = |kind: &str, at: u64, about: &Value| {
        json!({
            "ph": kind, "name": name, "cat": "restored", "pid": 1, "tid": RESTORED, "id": number,
            "ts": at * 1000, "args": about
        })
    };
    [event("b", from, about), event("e", to, &json!({}))]
}

fn about(node: &NodeStory) -> Value {
    json!({
        "outcome": code(node.fate),
        "command": node.command,
        "reasons": node.reasons.iter().map(words::past_cause).collect::<Vec<_>>(),
        "cpu_ms": node.usage.cpu_ms,
        "peak_memory": node.usage.peak.map(|peak| peak.bytes),
        "saved_ms": node.saved_ms
    })
}
