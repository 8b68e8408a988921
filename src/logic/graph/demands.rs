//! Checks what nodes ask for against what there is: parameters, resources, slots.
//!
//! Does not know when anything runs; the scheduler does.

use super::expand::Facts;
use super::instance::unknown_param;
use crate::logic::manifest::{
    Amount, Draw, Manifest, NodeDecl, Placeholder, Problem, Source, Spanned, Template, nearest,
};
use crate::logic::params::Params;
use std::collections::HashSet;
use std::sync::Arc;

/// The resource that every machine has.
pub const MEMORY: &str = "memory";

/// Reports every parameter that is not there and every request that can never be met.
pub(super) fn check(
    manifest: &Manifest,
    source: &Arc<Source>,
    params: &Params,
    facts: &Facts<'_>,
    problems: &mut Vec<Problem>,
) {
    for decl in &manifest.nodes {
        unknown_params(decl, source, params, problems);
        for draw in &decl.draws {
            problems.extend(draw_problem(manifest, source, facts, draw));
        }
        if let (Some(slots), Some(jobs)) = (&decl.slots, manifest.jobs)
            && slots.value > jobs
        {
            let message = format!(
                "`{}` takes {} slots, but there are {jobs}",
                decl.name.value, slots.value
            );
            problems.push(
                Problem::error(source, "too-much", message)
                    .at(slots.span, "more than there are")
                    .help(format!("raise `jobs {jobs}` at the top, or lower this")),
            );
        }
    }
}

/// The parameters that a node names: by `param`, and in placeholders.
pub(super) fn named_params(decl: &NodeDecl) -> impl Iterator<Item = Spanned<&str>> {
    let placed = decl
        .templates()
        .flat_map(Template::placeholders)
        .filter_map(of_placeholder);
    let read = decl.params.iter();
    read.map(|name| Spanned::new(name.value.as_str(), name.span))
        .chain(placed)
}

fn of_placeholder(placeholder: &Placeholder) -> Option<Spanned<&str>> {
    let member = placeholder.member.as_deref()?;
    (placeholder.namespace == "params").then(|| Spanned::new(member, placeholder.span))
}

fn unknown_params(
    decl: &NodeDecl,
    source: &Arc<Source>,
    params: &Params,
    problems: &mut Vec<Problem>,
) {
    let mut told = HashSet::new();
    for name in named_params(decl) {
        if params.get(&name).is_none() && told.insert(name.value) {
            let (message, help) = unknown_param(&name, params);
            problems.push(
                Problem::error(source, "unknown-param", message)
                    .at(name.span, "not found")
                    .help(help),
            );
        }
    }
    for name in decl
        .templates()
        .flat_map(Template::placeholders)
        .filter_map(of_placeholder)
    {
        let value = params.get(&name);
        if value.is_some_and(|value| value.plain().is_none() && value.items().is_none()) {
            let message = format!(
                "the parameter `{}` is a table and cannot be filled in",
                name.value
            );
            problems.push(
                Problem::error(source, "unknown-param", message)
                    .at(name.span, "a table")
                    .help(format!("name one of its values; for all of them `param \"{}\"` makes them part of the key", name.value)),
            );
        }
    }
}

fn draw_problem(
    manifest: &Manifest,
    source: &Arc<Source>,
    facts: &Facts<'_>,
    draw: &Draw,
) -> Option<Problem> {
    let name = draw.resource.value.as_str();
    let declared = manifest
        .resources
        .iter()
        .find(|resource| resource.name.value == name);
    if declared.is_none() && name != MEMORY {
        let names = manifest
            .resources
            .iter()
            .map(|resource| resource.name.value.as_str());
        let problem = Problem::error(
            source,
            "unknown-resource",
            format!("there is no resource `{name}`"),
        )
        .at(draw.resource.span, "not declared");
        return Some(match nearest(name, names.chain([MEMORY])) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help(format!("declare it at the top: `resource \"{name}\" 1`")),
        });
    }
    let total = declared.map_or(Amount::Bytes(facts.memory), |resource| {
        resource.amount.value
    });
    let all = resolved(total, facts.memory);
    let kinds = (draw.amount.value, total);
    if let (Amount::Count(_), Amount::Bytes(_) | Amount::Percent(_))
    | (Amount::Bytes(_), Amount::Count(_)) = kinds
    {
        let problem = Problem::error(
            source,
            "amount",
            format!("`{name}` is counted in another way"),
        )
        .at(draw.amount.span, "asked for here")
        .help("write both as sizes, as in \"4GiB\", or both as plain numbers");
        return Some(match declared {
            Some(resource) => problem.at(resource.amount.span, "declared here"),
            None => problem,
        });
    }
    if resolved(draw.amount.value, all) <= all {
        return None;
    }
    let problem = Problem::error(
        source,
        "too-much",
        format!("more of `{name}` is asked for than there is"),
    )
    .at(draw.amount.span, "asked for here");
    Some(match declared {
        Some(resource) => problem
            .at(resource.amount.span, "all there is")
            .help("lower the one or raise the other; such a node could never start"),
        None => problem.help(format!(
            "the machine has {} MiB of memory; such a node could never start",
            facts.memory >> 20
        )),
    })
}

/// An amount as a number; a percentage is a part of `whole`.
pub fn resolved(amount: Amount, whole: u64) -> u64 {
    match amount {
        Amount::Count(count) => count,
        Amount::Bytes(bytes) => bytes,
        Amount::Percent(percent) => (u128::from(whole) * u128::from(percent) / 100) as u64,
    }
}
