//! What a node's command and its key are made of, as a graph carries it: filled in, or for a simple node as the text of
//! its command with the names of its values, which is filled in when somebody asks.
//!
//! The rows and the job of a simple node are those that `fill` makes of the same node read with care; a test compares
//! them. Does not know the manifest.

use super::draft::{self, JobSpec};
use super::fill::shown_arguments;
use crate::base::digest::{Digest, DigestWriter};
use crate::base::flat::{FlatReader, FlatWriter};
use crate::base::record::Row;
use crate::logic::manifest::{Placeholder, Span, Style, Template};

const FILLED: u8 = 0;
const SIMPLE: u8 = 1;

/// What all simple nodes of a graph have in common: shell, variables, what `defaults` says.
#[derive(Debug, Clone, Default)]
pub(super) struct Common {
    /// A job without command, inputs and outputs; its `argv` is the shell.
    pub(super) job: JobSpec,
    /// The rows of the variables.
    pub(super) rows: Vec<Row>,
}

impl Common {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut writer = FlatWriter::default();
        writer.bytes(&self.job.encode());
        writer.0.extend(draft::encode_rows(&self.rows));
        writer.0
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Common> {
        let mut reader = FlatReader(bytes);
        Some(Common {
            job: JobSpec::decode(reader.bytes()?)?,
            rows: draft::decode_rows(reader.0)?,
        })
    }
}

/// A path of a simple node: what `{in.NAME}` calls it, empty for none, and the path.
#[derive(Debug, Clone, Copy)]
pub(super) struct NamedPath<'a> {
    pub(super) name: &'a str,
    pub(super) path: &'a str,
    /// Of an output: declared with a trailing `/`.
    pub(super) directory: bool,
}

/// A simple node with all that its key and its command are made of.
#[derive(Debug, Default)]
pub(super) struct SimpleView<'a> {
    pub(super) name: &'a str,
    /// The script, or the program and its arguments.
    pub(super) command: Vec<&'a str>,
    pub(super) exec: bool,
    pub(super) outputs: Vec<NamedPath<'a>>,
    pub(super) inputs: Vec<NamedPath<'a>>,
}

/// What a graph carries of a node.
pub(super) enum Spec<'a> {
    /// Everything: its rows and its job, each as bytes.
    Filled(&'a [u8], &'a [u8]),
    /// A command, and the names of outputs and inputs; their paths are the graph's.
    Simple(SimpleSpec<'a>),
}

pub(super) struct SimpleSpec<'a> {
    pub(super) exec: bool,
    pub(super) command: Vec<&'a str>,
    pub(super) outputs: Vec<&'a str>,
    pub(super) inputs: Vec<&'a str>,
}

/// Writes down a node that is filled in.
pub(super) fn encode_filled(rows: &[Row], job: &JobSpec) -> Vec<u8> {
    let mut writer = FlatWriter::default();
    writer.byte(FILLED).bytes(&draft::encode_rows(rows));
    writer.bytes(&job.encode());
    writer.0
}

impl<'a> Spec<'a> {
    /// Reads what a run of bytes starts with.
    pub(super) fn decode(bytes: &'a [u8]) -> Option<Spec<'a>> {
        let mut reader = FlatReader(bytes);
        if reader.byte()? == FILLED {
            return Some(Spec::Filled(reader.bytes()?, reader.bytes()?));
        }
        let exec = reader.byte()? != 0;
        let mut texts = || -> Option<Vec<&'a str>> {
            let count = reader.number()?;
            (0..count).map(|_| reader.text()).collect()
        };
        Some(Spec::Simple(SimpleSpec {
            exec,
            command: texts()?,
            outputs: texts()?,
            inputs: texts()?,
        }))
    }
}

impl SimpleView<'_> {
    /// Writes down what the graph's paths do not say, behind what `writer` holds already.
    pub(super) fn encode(&self, writer: &mut FlatWriter) {
        writer.byte(SIMPLE).byte(u8::from(self.exec));
        writer.texts(&self.command);
        for paths in [&self.outputs, &self.inputs] {
            writer.number(paths.len() as u32);
            for path in paths {
                writer.text(path.name);
            }
        }
    }

    /// The digest of [`SimpleView::rows`]; `hands` are any that were used before.
    pub(super) fn digest(&self, common: &Common, shell: &str, hands: &mut Hands) -> Digest {
        let Hands { text, writer } = hands;
        writer.clear();
        self.each_row(common, shell, text, &mut |name, value| {
            writer.field(name, value.as_bytes());
        });
        writer.finish()
    }

    /// The rows of its key that the manifest decides.
    pub(super) fn rows(&self, common: &Common) -> Vec<Row> {
        let mut rows = Vec::new();
        let shell = shown_arguments(&common.job.argv);
        self.each_row(
            common,
            &shell,
            &mut Default::default(),
            &mut |name, value| {
                rows.push(Row {
                    name: name.to_owned(),
                    value: value.to_owned(),
                });
            },
        );
        rows
    }

    fn each_row(
        &self,
        common: &Common,
        shell: &str,
        (name, value): &mut (String, String),
        row: &mut dyn FnMut(&str, &str),
    ) {
        if self.exec {
            for (number, argument) in self.command.iter().enumerate() {
                row(&format!("argument {number}"), argument);
            }
        } else {
            row("command", self.command[0]);
            row("shell", shell);
        }
        for (word, paths) in [("{in}", &self.inputs), ("{out}", &self.outputs)] {
            value.clear();
            for (number, path) in paths.iter().filter(|path| path.name.is_empty()).enumerate() {
                if number > 0 {
                    value.push('\n');
                }
                value.push_str(path.path);
            }
            row(word, value);
        }
        for (word, paths) in [("{in.", &self.inputs), ("{out.", &self.outputs)] {
            for path in paths.iter().filter(|path| !path.name.is_empty()) {
                name.clear();
                name.push_str(word);
                name.push_str(path.name);
                name.push('}');
                row(name, path.path);
            }
        }
        if self.command.iter().any(|text| names_node(text)) {
            row("{node}", self.name);
        }
        for common in &common.rows {
            row(&common.name, &common.value);
        }
        for output in &self.outputs {
            name.clear();
            name.push_str("output ");
            name.push_str(output.path);
            row(
                name,
                if output.directory {
                    "directory"
                } else {
                    "file"
                },
            );
        }
    }

    /// All that is needed to start its command.
    pub(super) fn job(&self, common: &Common) -> JobSpec {
        let mut job = common.job.clone();
        job.inputs = unnamed(&self.inputs);
        job.outputs = unnamed(&self.outputs);
        let values = |placeholder: &Placeholder| self.value(placeholder);
        if self.exec {
            let filled = |text: &&str| {
                let template = Template::read(text, Span::default(), Style::Plain);
                template.render_args(&values).unwrap_or_default()
            };
            job.argv = self.command.iter().flat_map(filled).collect();
            job.shown = shown_arguments(&job.argv);
        } else {
            let template = Template::read(self.command[0], Span::default(), Style::Shell);
            job.shown = template.render(&values, Style::Shell).unwrap_or_default();
            job.argv.push(job.shown.clone());
        }
        job
    }

    fn value(&self, placeholder: &Placeholder) -> Option<Vec<String>> {
        let paths = match placeholder.namespace.as_str() {
            "in" => &self.inputs,
            "out" => &self.outputs,
            _ => return Some(vec![self.name.to_owned()]),
        };
        let Some(member) = placeholder.member.as_deref() else {
            return Some(unnamed(paths));
        };
        if let Ok(number) = member.parse::<usize>() {
            return unnamed(paths)
                .into_iter()
                .nth(number)
                .map(|path| vec![path]);
        }
        let named = paths.iter().find(|path| path.name == member)?;
        Some(vec![named.path.to_owned()])
    }
}

/// What is used again from node to node.
pub(super) struct Hands {
    text: (String, String),
    writer: DigestWriter,
}

impl Default for Hands {
    fn default() -> Self {
        Hands {
            text: Default::default(),
            writer: Row::digest_writer(),
        }
    }
}

fn unnamed(paths: &[NamedPath<'_>]) -> Vec<String> {
    let paths = paths.iter().filter(|path| path.name.is_empty());
    paths.map(|path| path.path.to_owned()).collect()
}

/// Whether a command says `{node}`.
fn names_node(text: &str) -> bool {
    text.contains("{node")
        && Template::read(text, Span::default(), Style::Plain)
            .placeholders()
            .any(|placeholder| placeholder.namespace == "node")
}
