//! A node's instances: one for every combination of its matrix, or the node itself.
//!
//! Does not look at the disk: which files an axis matches is told. Does not know edges.

use super::complaints::path_fault_message;
use crate::base::path::{PathPattern, ProjectPath};
use crate::logic::manifest::{
    AxisValue, Manifest, Matrix, NodeDecl, PathPart, Piece, Placeholder, Problem, SimpleNodes,
    Source, Spanned, Style, Template, TemplateFault, nearest,
};
use crate::logic::params::Params;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// The most instances that one node may have.
const MOST: usize = 1_000_000;

/// One node to build: a declared node, or one combination of its matrix.
#[derive(Debug, Clone)]
pub(super) struct Instance<'m> {
    pub(super) decl: &'m NodeDecl,
    /// `train@rf,1`, or the node's own name where there is no matrix.
    pub(super) name: Cow<'m, str>,
    /// Its value on each axis, in their order.
    pub(super) values: Vec<(&'m str, String)>,
}

/// All instances of a manifest, and what was wrong with making them.
pub struct Instances<'m> {
    pub(super) list: Vec<Instance<'m>>,
    pub(super) params: &'m Params,
    pub(super) problems: Vec<Problem>,
}

/// Every glob that an axis takes its values from; each needs a listing before [`Instances::of`].
pub fn axis_patterns(manifest: &Manifest) -> Vec<PathPattern> {
    let texts = manifest.nodes.iter().flat_map(axis_globs);
    let patterns = texts.filter_map(|text| PathPattern::parse(text).ok());
    let unique: BTreeMap<String, PathPattern> = patterns
        .map(|pattern| (pattern.as_str().to_owned(), pattern))
        .collect();
    unique.into_values().collect()
}

/// The globs among a node's axes.
pub(super) fn axis_globs(decl: &NodeDecl) -> impl Iterator<Item = &Spanned<String>> {
    let axes = decl.matrix.iter().flat_map(|matrix| &matrix.axes);
    axes.flat_map(|axis| &axis.values)
        .filter_map(|value| match value {
            AxisValue::Glob(text) => Some(text),
            AxisValue::Literal(_) | AxisValue::Param(_) => None,
        })
}

/// The parameters that a matrix takes values from.
pub(super) fn axis_params(matrix: &Matrix) -> impl Iterator<Item = &str> {
    let values = matrix.axes.iter().flat_map(|axis| &axis.values);
    values.filter_map(|value| match value {
        AxisValue::Param(name) => Some(name.value.as_str()),
        AxisValue::Literal(_) | AxisValue::Glob(_) => None,
    })
}

impl<'m> Instances<'m> {
    /// Makes every instance. `listings` holds, for each of [`axis_patterns`], the files that stand and match, sorted.
    pub fn of(
        manifest: &'m Manifest,
        source: &Arc<Source>,
        params: &'m Params,
        listings: &HashMap<String, Vec<ProjectPath>>,
    ) -> Self {
        let mut instances = Instances {
            list: Vec::with_capacity(manifest.nodes.len()),
            params,
            problems: Vec::new(),
        };
        for decl in &manifest.nodes {
            match &decl.matrix {
                None => instances.list.push(Instance {
                    decl,
                    name: Cow::Borrowed(&decl.name.value),
                    values: Vec::new(),
                }),
                Some(matrix) => instances.multiply(decl, matrix, source, listings),
            }
        }
        instances
    }

    /// Every distinct pattern that some node reads; each needs a listing.
    pub fn patterns(&self) -> Vec<PathPattern> {
        let mut found: BTreeMap<String, PathPattern> = BTreeMap::new();
        for instance in &self.list {
            for template in instance.decl.input_paths() {
                if let Ok((text, true)) = instance.path(template, self.params)
                    && let Ok(pattern) = PathPattern::parse(&text)
                {
                    found.insert(pattern.as_str().to_owned(), pattern);
                }
            }
        }
        found.into_values().collect()
    }

    /// Every path that some node declares as an output, the `simple` nodes of `source` as well.
    pub fn declared_outputs(&self, simple: &SimpleNodes, source: &Source) -> HashSet<ProjectPath> {
        let values = simple.nodes.iter().flat_map(|node| simple.outputs(node));
        let of_simple =
            values.filter_map(|value| ProjectPath::parse(value.text.of(&source.text)).ok());
        let of = |instance: &Instance<'m>| {
            let decls = instance.decl.outputs.iter();
            let texts = decls.filter_map(|out| instance.path(&out.path, self.params).ok());
            texts
                .filter_map(|(text, _)| ProjectPath::parse(&text).ok())
                .collect::<Vec<_>>()
        };
        self.list.iter().flat_map(of).chain(of_simple).collect()
    }

    fn multiply(
        &mut self,
        decl: &'m NodeDecl,
        matrix: &'m Matrix,
        source: &Arc<Source>,
        listings: &HashMap<String, Vec<ProjectPath>>,
    ) {
        let mut axes: Vec<(&'m str, Vec<String>)> = Vec::new();
        for axis in &matrix.axes {
            let mut values = Vec::new();
            for value in &axis.values {
                match value {
                    AxisValue::Literal(text) => values.push(text.value.clone()),
                    AxisValue::Glob(pattern) => {
                        let key = PathPattern::parse(pattern).map(|p| p.as_str().to_owned());
                        let found = key.ok().and_then(|key| listings.get(&key));
                        values.extend(found.into_iter().flatten().map(ToString::to_string));
                    }
                    AxisValue::Param(name) => match self.list_of(name) {
                        Ok(list) => values.extend(list),
                        Err((message, help)) => self.problems.push(
                            Problem::error(source, "axis", message)
                                .at(name.span, "here")
                                .help(help),
                        ),
                    },
                }
            }
            let mut seen = HashSet::new();
            values.retain(|value| seen.insert(value.clone()));
            axes.push((&axis.name.value, values));
        }
        let count = axes
            .iter()
            .try_fold(1usize, |count, (_, values)| count.checked_mul(values.len()))
            .filter(|&count| count <= MOST);
        let Some(count) = count else {
            let message = format!(
                "the matrix of `{}` has more than {MOST} instances",
                decl.name.value
            );
            self.problems
                .push(Problem::error(source, "axis", message).at(decl.name.span, "this node"));
            return;
        };
        let mut names: HashMap<String, usize> = HashMap::new();
        for number in 0..count {
            let values = combination(&axes, number);
            let is_out = |pairs: &Vec<(Spanned<String>, Spanned<String>)>| {
                pairs.iter().all(|(axis, wanted)| {
                    values
                        .iter()
                        .any(|(name, value)| **name == axis.value && *value == wanted.value)
                })
            };
            if matrix.excludes.iter().any(is_out) {
                continue;
            }
            let labels: Vec<&str> = values.iter().map(|(_, value)| value.as_str()).collect();
            let name = format!("{}@{}", decl.name.value, labels.join(","));
            if names.insert(name.clone(), number).is_some() {
                let message = format!("two instances would be named `{name}`");
                let problem = Problem::error(source, "axis", message)
                    .at(decl.name.span, "this node's matrix")
                    .help("values with commas in them cannot be told apart here; change them");
                self.problems.push(problem);
                return;
            }
            self.list.push(Instance {
                decl,
                name: Cow::Owned(name),
                values,
            });
        }
    }

    fn list_of(&self, name: &str) -> Result<Vec<String>, (String, String)> {
        let Some(value) = self.params.get(name) else {
            return Err(unknown_param(name, self.params));
        };
        match value.items() {
            Some(items) if !items.is_empty() => Ok(items),
            Some(_) => Err((
                format!("the parameter `{name}` is an empty list, so the axis has no value"),
                "a matrix needs a value on each axis".to_owned(),
            )),
            None => Err((
                format!("the parameter `{name}` is no list of texts and numbers"),
                "an axis takes its values from a list".to_owned(),
            )),
        }
    }
}

/// What is wrong with the name of a parameter that is not there, and what to do.
pub(super) fn unknown_param(name: &str, params: &Params) -> (String, String) {
    let keys = params.keys();
    let help = match nearest(name, keys.iter().map(AsRef::as_ref)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if keys.is_empty() => {
            "name the file that holds it: `params \"params.toml\"`".to_owned()
        }
        None => "none of the params files has it".to_owned(),
    };
    (format!("there is no parameter `{name}`"), help)
}

/// The combination of this number; the last axis changes fastest.
fn combination<'m>(axes: &[(&'m str, Vec<String>)], mut number: usize) -> Vec<(&'m str, String)> {
    let mut values: Vec<(&'m str, String)> = Vec::with_capacity(axes.len());
    for (name, all) in axes.iter().rev() {
        values.push((name, all[number % all.len()].clone()));
        number /= all.len();
    }
    values.reverse();
    values
}

impl Instance<'_> {
    /// What a placeholder stands for that does not name inputs or outputs.
    pub(super) fn value(&self, placeholder: &Placeholder, params: &Params) -> Option<Vec<String>> {
        let member = placeholder.member.as_deref();
        match (placeholder.namespace.as_str(), member) {
            ("node", None) => Some(vec![self.name.clone().into_owned()]),
            ("slots", None) => {
                let slots = self.decl.slots.as_ref().map_or(1, |slots| slots.value);
                Some(vec![slots.to_string()])
            }
            ("matrix", Some(member)) => {
                let on = |axis: &str| {
                    self.values
                        .iter()
                        .find(|(name, _)| *name == axis)
                        .map(|(_, value)| value.as_str())
                };
                let part = || {
                    let (axis, part) = PathPart::split(member)?;
                    Some(part.of(on(axis)?))
                };
                on(member).or_else(part).map(|value| vec![value.to_owned()])
            }
            ("params", Some(member)) => {
                let value = params.get(member)?;
                value
                    .items()
                    .or_else(|| value.plain().map(|text| vec![text]))
            }
            _ => None,
        }
    }

    /// A path with its placeholders filled in, and whether it is a glob: a `*` that comes from a value is no pattern.
    pub(super) fn path(
        &self,
        template: &Template,
        params: &Params,
    ) -> Result<(String, bool), TemplateFault> {
        if template.placeholders().next().is_none() {
            return Ok((
                template.text.clone(),
                PathPattern::is_pattern(&template.text),
            ));
        }
        let is_glob = |piece: &Piece| match piece {
            Piece::Text(text) => PathPattern::is_pattern(text),
            Piece::Placeholder(_) => false,
        };
        let glob = template.pieces.iter().any(is_glob);
        let values = |placeholder: &Placeholder| {
            let values = self.value(placeholder, params)?;
            Some(match glob {
                true => values
                    .iter()
                    .map(|value| PathPattern::literal(value))
                    .collect(),
                false => values,
            })
        };
        Ok((template.render(&values, Style::Plain)?, glob))
    }

    /// A path that is no glob, read.
    pub(super) fn plain_path(
        &self,
        template: &Template,
        params: &Params,
    ) -> Result<ProjectPath, TemplateFault> {
        let (text, _) = self.path(template, params)?;
        ProjectPath::parse(&text).map_err(|fault| TemplateFault {
            span: template
                .placeholders()
                .next()
                .map_or_else(Default::default, |p| p.span),
            message: path_fault_message(&text, fault),
            help: String::new(),
        })
    }
}
