//! A graph while it is being put together: plain structs, turned into the flat form once all is known.
//!
//! Does not know the manifest; `expand` and `link` fill it in.

use crate::base::flat::{FlatReader, FlatWriter};
use crate::base::path::ProjectPath;
use crate::base::record::Row;
use crate::logic::manifest::{Amount, Exclusive};

/// One node, expanded; what it reads and needs is gathered by `link`.
#[derive(Debug, Clone, Default)]
pub(super) struct DraftNode {
    pub(super) about: String,
    pub(super) tags: Vec<String>,
    pub(super) always: bool,
    pub(super) exclusive: Option<Exclusive>,
    pub(super) outputs: Vec<DraftOutput>,
    /// Patterns that match nothing.
    pub(super) empty_patterns: Vec<String>,
    pub(super) rows: Vec<Row>,
    pub(super) job: JobSpec,
    pub(super) temp: bool,
    pub(super) demand: Demand,
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
    /// Scripts whose standard output is part of the key.
    pub probes: Vec<String>,
    /// The shell for them, with its arguments.
    pub probe_shell: Vec<String>,
    /// The file in Make's form that the command writes, relative to the root; empty for none.
    pub depfile: ProjectPathText,
    /// Names in directory inputs that do not count.
    pub ignore: Vec<String>,
    /// How often a failed command is tried again.
    pub retries: u32,
    /// Milliseconds after which the command is ended; 0 for no limit.
    pub timeout_ms: u64,
    /// Outputs are not removed before a run.
    pub persist: bool,
    /// Results are not kept in the cache.
    pub cache_off: bool,
    /// Files of the project that it does not declare are denied to it.
    pub strict: bool,
}

/// What a node's command takes while it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Demand {
    /// Job slots; 0 counts as 1.
    pub slots: u32,
    /// At most so many of the node's instances at once; 0 for any.
    pub limit: u32,
    /// Resources by name.
    pub draws: Vec<(String, Amount)>,
}

impl Demand {
    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = FlatWriter::default();
        writer.number(self.slots).number(self.limit);
        writer.number(self.draws.len() as u32);
        for (name, amount) in &self.draws {
            let (kind, number) = match *amount {
                Amount::Count(count) => (0, count),
                Amount::Bytes(bytes) => (1, bytes),
                Amount::Percent(percent) => (2, u64::from(percent)),
            };
            writer.text(name).byte(kind).long(number);
        }
        writer.0
    }

    /// From bytes; `None` when they are damaged.
    pub fn decode(bytes: &[u8]) -> Option<Demand> {
        let mut reader = FlatReader(bytes);
        let (slots, limit, count) = (reader.number()?, reader.number()?, reader.number()?);
        let draw = |reader: &mut FlatReader<'_>| {
            let name = reader.text()?.to_owned();
            let (kind, number) = (reader.byte()?, reader.long()?);
            let amount = match kind {
                0 => Amount::Count(number),
                1 => Amount::Bytes(number),
                _ => Amount::Percent(u32::try_from(number).ok()?),
            };
            Some((name, amount))
        };
        let draws = (0..count)
            .map(|_| draw(&mut reader))
            .collect::<Option<_>>()?;
        Some(Demand {
            slots,
            limit,
            draws,
        })
    }
}

/// A normalised project path as text; empty for the root.
pub type ProjectPathText = String;

impl JobSpec {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut writer = FlatWriter::default();
        // What is shown of a script is the script itself.
        let shown = match self.argv.last() {
            Some(last) if *last == self.shown => "",
            _ => &self.shown,
        };
        writer.texts(&self.argv).text(shown).text(&self.folder);
        let (names, values): (Vec<&str>, Vec<&str>) =
            self.env.iter().map(|(n, v)| (&**n, &**v)).unzip();
        writer.texts(&names).texts(&values).texts(&self.pass_env);
        writer.texts(&self.inputs).texts(&self.outputs);
        writer.texts(&self.probes).texts(&self.probe_shell);
        writer.text(&self.depfile).texts(&self.ignore);
        writer.number(self.retries).long(self.timeout_ms);
        writer
            .byte(u8::from(self.persist))
            .byte(u8::from(self.cache_off))
            .byte(u8::from(self.strict));
        writer.0
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<JobSpec> {
        let mut reader = FlatReader(bytes);
        let argv = reader.texts()?;
        let shown = match reader.text()? {
            "" => argv.last().cloned().unwrap_or_default(),
            shown => shown.to_owned(),
        };
        Some(JobSpec {
            argv,
            shown,
            folder: reader.text()?.to_owned(),
            env: reader.texts()?.into_iter().zip(reader.texts()?).collect(),
            pass_env: reader.texts()?,
            inputs: reader.texts()?,
            outputs: reader.texts()?,
            probes: reader.texts()?,
            probe_shell: reader.texts()?,
            depfile: reader.text()?.to_owned(),
            ignore: reader.texts()?,
            retries: reader.number()?,
            timeout_ms: reader.long()?,
            persist: reader.byte()? != 0,
            cache_off: reader.byte()? != 0,
            strict: reader.byte()? != 0,
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
