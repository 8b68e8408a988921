//! What looks wrong in a manifest that can be built: things that nobody uses, files that nobody declares.
//!
//! Guesses from the text alone, so it only warns. Does not look at the disk.

use super::demands::named_params;
use super::instance::{Instance, Instances};
use crate::base::path::ProjectPath;
use crate::logic::manifest::{Command, Manifest, Piece, Problem, Source, Span, Template};
use crate::logic::params::Params;
use std::collections::HashSet;
use std::sync::Arc;

/// Names that are listed; of more there is the number.
const LISTED: usize = 5;

/// Options behind which programs commonly take the name of a file that they write.
const WRITING: [&str; 5] = ["-o", "--out", "--output", "--out-file", "--output-file"];

/// Warnings about a manifest without errors.
pub fn review(
    manifest: &Manifest,
    source: &Arc<Source>,
    params: &Params,
    instances: &Instances<'_>,
) -> Vec<Problem> {
    let mut warnings = Vec::new();
    for resource in &manifest.resources {
        let name = &resource.name;
        let mut draws = manifest.nodes.iter().flat_map(|node| &node.draws);
        if !draws.any(|draw| draw.resource.value == name.value) {
            let message = format!("no node uses the resource `{}`", name.value);
            warnings.push(
                Problem::error(source, "unused", message)
                    .at(name.span, "limits nothing")
                    .help(format!(
                        "write `use {}=…` in the nodes that take some of it, or remove this",
                        name.value
                    )),
            );
        }
    }
    warnings.extend(unused_params(manifest, source, params));
    let mut told = HashSet::new();
    for instance in &instances.list {
        for (path, span) in undeclared(instance, params) {
            if told.insert((span, path.clone())) {
                let message = format!(
                    "`{}` seems to write {path}, which it does not declare",
                    instance.name
                );
                warnings.push(
                    Problem::error(source, "undeclared-output", message)
                        .at(span, "this command")
                        .help(format!("declare it, so that it is kept, restored and known to others: `out \"{path}\"`")),
                );
            }
        }
    }
    warnings.into_iter().map(Problem::as_warning).collect()
}

fn unused_params(manifest: &Manifest, source: &Arc<Source>, params: &Params) -> Option<Problem> {
    let span = manifest.param_files.first()?.span;
    let axes = manifest
        .nodes
        .iter()
        .filter_map(|node| node.matrix.as_ref());
    let axes = axes.flat_map(super::instance::axis_params);
    let named = manifest
        .nodes
        .iter()
        .flat_map(named_params)
        .map(|name| name.value);
    let used: HashSet<&str> = named.chain(axes).collect();
    let is_used = |key: &str| {
        let below = |inner: &str, outer: &str| {
            let rest = inner.strip_prefix(outer);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        used.iter()
            .any(|&name| below(key, name) || below(name, key))
    };
    let keys = params.keys();
    let unused: Vec<&str> = keys
        .iter()
        .map(String::as_str)
        .filter(|key| !is_used(key))
        .collect();
    if unused.is_empty() {
        return None;
    }
    let shown: Vec<String> = unused
        .iter()
        .take(LISTED)
        .map(|key| format!("`{key}`"))
        .collect();
    let more = match unused.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!("no node names the parameters {}{more}", shown.join(", "));
    Some(
        Problem::error(source, "unused", message)
            .at(span, "from here")
            .help("a change of them runs nothing; a node that reads them by itself says so with `param \"name\"`"),
    )
}

/// Paths that a command seems to write besides those that it declares.
fn undeclared(instance: &Instance<'_>, params: &Params) -> Vec<(ProjectPath, Span)> {
    let decl = instance.decl;
    let found: Vec<(String, Span)> = match &decl.command {
        Command::Run(script) => {
            let words = written_in_script(&script.value);
            words.into_iter().map(|word| (word, script.span)).collect()
        }
        Command::Exec(arguments) => {
            let pairs = arguments.iter().zip(arguments.iter().skip(1));
            let options = pairs.filter(|(option, _)| WRITING.contains(&option.text.as_str()));
            let literal = |(_, file): (_, &crate::logic::manifest::Spanned<Template>)| {
                Some((file.as_literal()?.to_owned(), file.span))
            };
            options.filter_map(literal).collect()
        }
        Command::Missing => Vec::new(),
    };
    let folder = decl.dir.as_ref().map(|dir| instance.path(dir, params));
    let Some(folder) = folder
        .transpose()
        .ok()
        .map(|folder| folder.map(|(text, _)| text))
    else {
        return Vec::new();
    };
    let mut own: Vec<ProjectPath> = Vec::new();
    let outputs = decl.outputs.iter().map(|output| &output.path);
    for template in outputs.chain(decl.depfile.iter().map(|depfile| &depfile.value)) {
        own.extend(
            instance
                .path(template, params)
                .ok()
                .and_then(|(text, _)| ProjectPath::parse(&text).ok()),
        );
    }
    let resolve = |(word, span): (String, Span)| {
        let whole = folder
            .as_ref()
            .map_or(word.clone(), |folder| format!("{folder}/{word}"));
        let path = ProjectPath::parse(&whole).ok()?;
        let declared = own.iter().any(|output| path.is_within(output));
        (!declared && !path.is_root()).then_some((path, span))
    };
    found.into_iter().filter_map(resolve).collect()
}

/// The plain words of a script that stand behind a `>` or behind an option that names an output.
fn written_in_script(script: &Template) -> Vec<String> {
    let mut text = String::new();
    for piece in &script.pieces {
        match piece {
            Piece::Text(literal) => text.push_str(literal),
            // Whatever it stands for is declared.
            Piece::Placeholder(_) => text.push('\u{0}'),
        }
    }
    let mut found = Vec::new();
    let mut after_arrow = false;
    let mut after_option = false;
    for word in text
        .replace(">>", " > ")
        .replace('>', " > ")
        .split_whitespace()
    {
        if after_arrow || after_option {
            let word = word.trim_end_matches([';', ')', '&', '|']);
            let looks =
                word.contains(['/', '.']) && !word.starts_with(['/', '&', '-', '~', '<', '|']);
            let plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
            if looks && word.chars().all(plain) {
                found.push(word.to_owned());
            }
        }
        after_arrow = word == ">";
        after_option = WRITING.contains(&word);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logic::manifest;
    use std::collections::HashMap;

    fn warnings(text: &str, files: &[(&str, &str)]) -> Vec<String> {
        let source = Source::new("pipe.kdl", text);
        let (decoded, problems) = manifest::read(&source);
        assert!(problems.is_empty(), "{problems:?}");
        let decoded = decoded.expect("a manifest");
        let mut params = Params::default();
        for (name, text) in files {
            let format = crate::logic::params::Format::of(name).expect("a format");
            params
                .add_file(&Source::new(*name, *text), format)
                .expect("params");
        }
        let instances = Instances::of(&decoded, &source, &params, &HashMap::new());
        let found = review(&decoded, &source, &params, &instances);
        found.into_iter().map(|warning| warning.message).collect()
    }

    #[test]
    fn what_nobody_uses_is_told() {
        let text = "resource \"gpu\" 1\nparams \"p.toml\"\nnode \"a\" { param \"t\"; matrix { m (param)\"list\" }; out \"x{matrix.m}\"; run \"{params.b.c}\" }";
        let params = "list = [1]\nother = 2\n[t]\nx = 1\n[b]\nc = 1\nd = 2\n";
        assert_eq!(
            warnings(text, &[("p.toml", params)]),
            [
                "no node uses the resource `gpu`",
                "no node names the parameters `b.d`, `other`"
            ]
        );
    }

    #[test]
    fn files_that_a_command_seems_to_write_are_told() {
        let text = r##"
node "a" { out "build/a" "dir/"; run #"tool {in} > {out.0} 2>&1 >> build/log.txt; x -o build/b.csv > dir/in; echo ">" > /dev/null; y > $X"#; in "s" }
node "b" { out "b"; dir "sub"; exec "cc" "-o" "main.o" "{out}" }
"##;
        assert_eq!(
            warnings(text, &[]),
            [
                "`a` seems to write build/log.txt, which it does not declare",
                "`a` seems to write build/b.csv, which it does not declare",
                "`b` seems to write sub/main.o, which it does not declare",
            ]
        );
    }
}
