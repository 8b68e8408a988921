//! How a story is written down, value by value.
//!
//! A test pins the bytes of a known story; whatever changes them counts the mark of the file up.

use super::super::format;
use crate::base::flat::{FlatReader, FlatWriter};
use crate::base::record::{Key, RunCause};
use crate::base::story::{Fate, NodeStory, OutputStory, RoomSpan, Shares, Story, TryStory};

pub(super) fn put(out: &mut FlatWriter, story: &Story) {
    out.number(story.build)
        .long(story.started_ms)
        .long(story.took_ms)
        .number(story.jobs)
        .byte(u8::from(story.interrupted))
        .number(story.fresh)
        .byte(u8::from(story.complete));
    out.number(story.resources.len() as u32);
    for (name, total) in &story.resources {
        out.text(name).long(*total);
    }
    out.number(story.nodes.len() as u32);
    for node in &story.nodes {
        put_node(out, node);
    }
    out.number(story.rooms.len() as u32);
    for room in &story.rooms {
        out.number(room.node).long(room.from_ms).long(room.to_ms);
    }
    out.number(story.memory.len() as u32);
    for (at, bytes) in &story.memory {
        out.long(*at).long(*bytes);
    }
}

/// `None` for what was not written by [`put`].
pub(super) fn take(from: &mut FlatReader<'_>) -> Option<Story> {
    let story = Story {
        build: from.number()?,
        started_ms: from.long()?,
        took_ms: from.long()?,
        jobs: from.number()?,
        interrupted: from.byte()? == 1,
        fresh: from.number()?,
        complete: from.byte()? == 1,
        resources: list(from, |from| Some((from.text()?.to_owned(), from.long()?)))?,
        nodes: list(from, take_node)?,
        rooms: list(from, |from| {
            Some(RoomSpan {
                node: from.number()?,
                from_ms: from.long()?,
                to_ms: from.long()?,
            })
        })?,
        memory: list(from, |from| Some((from.long()?, from.long()?)))?,
    };
    is_sound(&story).then_some(story)
}

/// Whether every place that it names is there, and what a node waits for stands before it.
fn is_sound(story: &Story) -> bool {
    let before = |(at, node): (usize, &NodeStory)| {
        let mut others = node.needs.iter().chain(&node.after);
        others.all(|&other| (other as usize) < at)
    };
    let count = story.nodes.len();
    let resources = story.resources.len();
    let draws = |node: &NodeStory| {
        node.takes
            .draws
            .iter()
            .all(|(number, _)| (*number as usize) < resources)
    };
    story.nodes.iter().enumerate().all(before)
        && story.nodes.iter().all(draws)
        && story.rooms.iter().all(|room| (room.node as usize) < count)
}

fn list<T>(
    from: &mut FlatReader<'_>,
    mut one: impl FnMut(&mut FlatReader<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let count = from.number()?;
    (0..count).map(|_| one(from)).collect()
}

fn put_node(out: &mut FlatWriter, node: &NodeStory) {
    out.text(&node.name);
    for places in [&node.needs, &node.after] {
        out.number(places.len() as u32);
        for place in places {
            out.number(*place);
        }
    }
    out.byte(u8::from(node.takes.alone))
        .number(node.takes.slots);
    let (line, most) = node.takes.limit.unwrap_or((0, 0));
    out.number(line).number(most);
    out.number(node.takes.draws.len() as u32);
    for (resource, amount) in &node.takes.draws {
        out.number(*resource).long(*amount);
    }
    out.byte(match node.fate {
        Fate::Fresh => 0,
        Fate::Restored => 1,
        Fate::Ran => 2,
        Fate::Failed => 3,
        Fate::Blocked => 4,
        Fate::Stopped => 5,
    });
    out.text(&node.command).texts(&node.inputs);
    out.number(node.outputs.len() as u32);
    for output in &node.outputs {
        out.text(&output.path);
        out.byte(u8::from(output.digest.is_some()) + 2 * u8::from(output.size.is_some()));
        if let Some(digest) = &output.digest {
            out.digest(digest);
        }
        if let Some(size) = output.size {
            out.long(size);
        }
    }
    out.byte(u8::from(node.key.is_some()));
    if let Some(key) = &node.key {
        out.digest(&key.0);
    }
    out.byte(u8::from(node.unchanged));
    out.number(node.reasons.len() as u32);
    for reason in &node.reasons {
        out.text(&reason.kind)
            .byte(u8::from(reason.subject.is_some()))
            .text(reason.subject.as_deref().unwrap_or_default())
            .number(reason.more);
    }
    for time in [node.checked_ms, node.queued_ms, node.settled_ms] {
        out.byte(u8::from(time.is_some()))
            .long(time.unwrap_or_default());
    }
    out.number(node.tries.len() as u32);
    for one in &node.tries {
        out.long(one.started_ms)
            .long(one.ended_ms)
            .long(one.took_ms);
    }
    out.long(node.saved_ms);
    format::put_usage(out, node.usage);
}

fn take_number(from: &mut FlatReader<'_>) -> Option<u32> {
    from.number()
}

fn take_node(from: &mut FlatReader<'_>) -> Option<NodeStory> {
    Some(NodeStory {
        name: from.text()?.to_owned(),
        needs: list(from, take_number)?,
        after: list(from, take_number)?,
        takes: Shares {
            alone: from.byte()? == 1,
            slots: from.number()?,
            limit: Some((from.number()?, from.number()?)).filter(|(_, most)| *most > 0),
            draws: list(from, |from| Some((from.number()?, from.long()?)))?,
        },
        fate: match from.byte()? {
            0 => Fate::Fresh,
            1 => Fate::Restored,
            2 => Fate::Ran,
            3 => Fate::Failed,
            4 => Fate::Blocked,
            5 => Fate::Stopped,
            _ => return None,
        },
        command: from.text()?.to_owned(),
        inputs: from.texts()?,
        outputs: list(from, take_output)?,
        key: match from.byte()? {
            0 => None,
            _ => Some(Key(from.digest()?)),
        },
        unchanged: from.byte()? == 1,
        reasons: list(from, take_reason)?,
        checked_ms: take_time(from)?,
        queued_ms: take_time(from)?,
        settled_ms: take_time(from)?,
        tries: list(from, |from| {
            Some(TryStory {
                started_ms: from.long()?,
                ended_ms: from.long()?,
                took_ms: from.long()?,
            })
        })?,
        saved_ms: from.long()?,
        usage: format::take_usage(from)?,
    })
}

fn take_output(from: &mut FlatReader<'_>) -> Option<OutputStory> {
    let path = from.text()?.to_owned();
    let holds = from.byte()?;
    Some(OutputStory {
        path,
        digest: match holds & 1 {
            0 => None,
            _ => Some(from.digest()?),
        },
        size: match holds & 2 {
            0 => None,
            _ => Some(from.long()?),
        },
    })
}

fn take_reason(from: &mut FlatReader<'_>) -> Option<RunCause> {
    let kind = from.text()?.to_owned();
    let has_subject = from.byte()? == 1;
    Some(RunCause {
        kind,
        subject: Some(from.text()?.to_owned()).filter(|_| has_subject),
        more: from.number()?,
    })
}

fn take_time(from: &mut FlatReader<'_>) -> Option<Option<u64>> {
    let is_there = from.byte()? == 1;
    let time = from.long()?;
    Some(is_there.then_some(time))
}
