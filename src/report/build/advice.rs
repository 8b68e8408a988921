//! A build in figures and sentences: what it came to, the path that made it as long as it was, what would shorten it,
//! what the cache saved. As HTML that needs no script.
//!
//! Does not reckon; `logic/story` does.

use super::Found;
use super::xml;
use crate::base::story::{Fate, NodeStory, Story};
use crate::logic::story::path::Because;
use crate::report::units;
use std::fmt::Write;

/// So many nodes are named that would shorten the build.
const NODES: usize = 5;
/// From this share of the slots' time on, in percent, the path says little.
const BUSY: u64 = 95;
/// So many steps of the path are told; of more the longest.
const STEPS: usize = 20;

/// The figures at the top.
pub(super) fn tiles(story: &Story, found: &Found) -> String {
    let totals = &found.totals;
    let mut text = String::new();
    let mut tile = |value: &str, of: &str, more: &str| {
        let _ = write!(
            text,
            "<div class=\"tile\"><dt>{of}</dt><dd><strong>{}</strong><span>{}</span></dd></div>",
            xml(value),
            xml(more)
        );
    };
    let ran = story.nodes.iter().filter(|node| !node.tries.is_empty());
    let commands: u64 = ran.clone().map(NodeStory::ran_ms).sum();
    tile(
        &units::duration_ms(story.took_ms),
        "from start to end",
        &format!(
            "{} took {} together",
            units::count(ran.count(), "command"),
            units::duration_ms(commands)
        ),
    );
    if let Some(percent) = (totals.held_ms * 100).checked_div(totals.offered_ms)
        && commands > 0
    {
        tile(
            &format!("{percent} %"),
            "of the slots' time in use",
            &units::count(story.jobs as usize, "slot"),
        );
    }
    let restored = story
        .nodes
        .iter()
        .filter(|node| node.fate == Fate::Restored);
    let restored = restored.count();
    let kept = match (restored, story.fresh) {
        (0, 0) => "nothing was fresh or cached".to_owned(),
        (0, fresh) => format!(
            "{} had to do nothing",
            units::count(fresh as usize, "fresh node")
        ),
        (restored, fresh) => format!("{restored} restored, {fresh} fresh"),
    };
    tile(
        &units::duration_ms(totals.restored_ms),
        "saved by the cache",
        &kept,
    );
    if totals.peak > 0 {
        let largest = story
            .nodes
            .iter()
            .filter_map(|node| Some((node.usage.peak?.bytes, node)));
        let largest = largest.max_by_key(|(bytes, _)| *bytes);
        let whose = largest.map_or_else(String::new, |(bytes, node)| {
            format!("most by {}: {}", node.name, units::size(bytes))
        });
        tile(&units::size(totals.peak), "of memory at most", &whose);
    }
    if totals.alone_ms > 0 {
        tile(
            &units::duration_ms(totals.alone_ms),
            "for exclusive nodes",
            "in which nothing else ran",
        );
    }
    text
}

/// The path, each step with a bar.
pub(super) fn path(story: &Story, found: &Found) -> String {
    if found.path.is_empty() {
        return "<p>Nothing was done.</p>".to_owned();
    }
    let whole = story.took_ms.max(1);
    let mut shortest: Vec<u64> = found
        .path
        .iter()
        .map(|step| step.took_ms + step.waited_ms)
        .collect();
    shortest.sort_unstable_by(|a, b| b.cmp(a));
    let least = shortest.get(STEPS).map_or(0, |least| least + 1);
    let mut text = "<ol class=\"path\">".to_owned();
    let mut left_out = 0;
    for step in &found.path {
        if step.took_ms + step.waited_ms < least {
            left_out += 1;
            continue;
        }
        let node = &story.nodes[step.node as usize];
        let because = match step.because {
            Because::Room if step.waited_ms > 0 => {
                format!("waited {} for room", units::duration_ms(step.waited_ms))
            }
            Because::Room => "waited for room".to_owned(),
            Because::Needs => String::new(),
            Because::First => String::new(),
        };
        let _ = write!(
            text,
            "<li data-node=\"{}\"><button type=\"button\" class=\"link\">{}</button> <span class=\"took\">{}</span> <span class=\"dim\">{because}</span><span class=\"bar\"><i class=\"{}\" style=\"width:{:.1}%\"></i></span></li>",
            step.node,
            xml(&node.name),
            units::duration_ms(step.took_ms),
            super::code(node.fate),
            (step.took_ms as f64 * 100.0 / whole as f64).clamp(0.3, 100.0),
        );
    }
    text.push_str("</ol>");
    if left_out > 0 {
        let _ = write!(
            text,
            "<p class=\"dim\">{} left out here.</p>",
            units::count(left_out, "more short step")
        );
    }
    text
}

/// What would have made the build shorter, the most telling first.
pub(super) fn advice(story: &Story, found: &Found) -> String {
    let told = sentences(story, found);
    let mut text = "<ul class=\"advice\">".to_owned();
    for said in told {
        let _ = write!(text, "<li>{}</li>", xml(&said));
    }
    text.push_str("</ul><p class=\"dim\">Reckoned with the times of this build, as if commands took as long beside others as they did.</p>");
    text
}

pub(super) fn sentences(story: &Story, found: &Found) -> Vec<String> {
    let reckoned = &found.what_if;
    let was = reckoned.as_it_was;
    if was == 0 {
        return vec!["No command ran.".to_owned()];
    }
    let telling = |took: u64| took + was / 50 < was;
    let shorter = |took: u64| {
        let saved = was - took;
        format!(
            "{} ({} %) shorter",
            units::duration_ms(saved),
            saved * 100 / was
        )
    };
    let mut told = Vec::new();
    for &(node, took) in reckoned.without.iter().take(NODES) {
        let name = &story.nodes[node as usize].name;
        if telling(took) {
            let said = format!(
                "Without the time of {name} it would have been {}.",
                shorter(took)
            );
            told.push((was - took, said));
        }
    }
    let more = reckoned.with_jobs.iter().find(|(_, took)| telling(*took));
    if let Some((jobs, took)) = more {
        let best = reckoned
            .with_jobs
            .iter()
            .min_by_key(|(jobs, took)| (*took, *jobs));
        let further = match best {
            Some((all, best)) if *best + was / 50 < *took => {
                format!(", with {all} slots {}", shorter(*best))
            }
            _ => String::new(),
        };
        let said = format!(
            "With {jobs} slots instead of {} it would have been {}{further}.",
            story.jobs,
            shorter(*took)
        );
        told.push((was - took, said));
    }
    if let Some(took) = reckoned.not_exclusive.filter(|took| telling(*took)) {
        let said = format!(
            "If no node were exclusive it would have been {}.",
            shorter(took)
        );
        told.push((was - took, said));
    }
    told.sort_by_key(|(saved, _)| std::cmp::Reverse(*saved));
    let mut told: Vec<String> = told.into_iter().map(|(_, said)| said).collect();
    let used = (found.totals.held_ms * 100).checked_div(found.totals.offered_ms);
    if let Some(used) = used.filter(|used| *used >= BUSY) {
        told.insert(
            0,
            format!("The slots were in use {used} % of the time: there was more work than slots, whatever came first."),
        );
    }
    told.push(match telling(reckoned.with_all_jobs) {
        true => format!(
            "No number of slots would have made it more than {}: the rest is what needs, exclusive nodes and resources ask for.",
            shorter(reckoned.with_all_jobs)
        ),
        false => "More slots would not make it shorter: needs, exclusive nodes and resources ask for this time.".to_owned(),
    });
    told
}
