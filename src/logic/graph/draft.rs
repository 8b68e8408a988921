//! A graph while it is being put together: plain structs, turned into the flat form once all is known.
//!
//! Does not know the manifest; `expand` and `link` fill it in.

use crate::base::flat::{FlatReader, FlatWriter};
use crate::base::path::ProjectPath;
use crate::base::record::Row;
use crate::logic::manifest::Exclusive;

/// One node, expanded and linked.
#[derive(Debug, Clone, Default)]
pub(super) struct DraftNode {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) always: bool,
    pub(super) exclusive: Option<Exclusive>,
    pub(super) inputs: Vec<DraftInput>,
    pub(super) outputs: Vec<DraftOutput>,
    /// Patterns that match nothing.
    pub(super) empty_patterns: Vec<String>,
    pub(super) needs: Vec<u32>,
    pub(super) after: Vec<u32>,
    pub(super) rows: Vec<Row>,
    pub(super) job: JobSpec,
}

/// A path that a node reads.
#[derive(Debug, Clone)]
pub(super) struct DraftInput {
    pub(super) path: ProjectPath,
    /// Written with a trailing `/`.
    pub(super) directory: bool,
    /// Nodes write above or below this path, not the path itself: what stands here is known only once they are done.
    pub(super) mixed: bool,
}

/// A path that a node writes.
#[derive(Debug, Clone)]
pub(super) struct DraftOutput {
    pub(super) path: ProjectPath,
    /// Written with a trailing `/`.
    pub(super) directory: bool,
}

/// All that is needed to start a node's command, in the form in which a graph carries it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobSpec {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// The script or the arguments, as a person would type them.
    pub shown: String,
    /// The folder in which it starts, relative to the project's root.
    pub folder: ProjectPathText,
    /// Declared variables and their values, sorted by name.
    pub env: Vec<(String, String)>,
    /// Names and patterns of variables that are handed through.
    pub pass_env: Vec<String>,
    /// What `{in}` stands for, for `PIPE_IN`.
    pub inputs: Vec<String>,
    /// What `{out}` stands for, for `PIPE_OUT`.
    pub outputs: Vec<String>,
}

/// A normalised project path as text; empty for the root.
pub type ProjectPathText = String;

impl JobSpec {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut writer = FlatWriter::default();
        writer
            .texts(&self.argv)
            .text(&self.shown)
            .text(&self.folder);
        let (names, values): (Vec<&str>, Vec<&str>) =
            self.env.iter().map(|(n, v)| (&**n, &**v)).unzip();
        writer.texts(&names).texts(&values).texts(&self.pass_env);
        writer.texts(&self.inputs).texts(&self.outputs);
        writer.0
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<JobSpec> {
        let mut reader = FlatReader(bytes);
        Some(JobSpec {
            argv: reader.texts()?,
            shown: reader.text()?.to_owned(),
            folder: reader.text()?.to_owned(),
            env: reader.texts()?.into_iter().zip(reader.texts()?).collect(),
            pass_env: reader.texts()?,
            inputs: reader.texts()?,
            outputs: reader.texts()?,
        })
    }
}

pub(super) fn encode_rows(rows: &[Row]) -> Vec<u8> {
    let mut writer = FlatWriter::default();
    writer.number(rows.len() as u32);
    for row in rows {
        writer.text(&row.name).text(&row.value);
    }
    writer.0
}

pub(super) fn decode_rows(bytes: &[u8]) -> Option<Vec<Row>> {
    let mut reader = FlatReader(bytes);
    let count = reader.number()?;
    let row = |reader: &mut FlatReader<'_>| {
        Some(Row {
            name: reader.text()?.to_owned(),
            value: reader.text()?.to_owned(),
        })
    };
    (0..count).map(|_| row(&mut reader)).collect()
}
