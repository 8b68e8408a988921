//! Simple nodes: literal paths, one command and a few plain words. They are kept as places in the text, without a value
//! of their own, so that a manifest of a hundred thousand of them is read in the time that it takes to look at it.
//!
//! Declines every node that holds anything else, or in which anything is or might be wrong: those are read with care.
//! A test compares what comes of a graph in both ways.

mod bytes;
mod reader;

use super::source::Span;
use reader::Reader;
use std::ops::Range;

/// A node with more values than this is read with care: looking for repeated ones costs their square.
const MOST_VALUES: usize = 32;

/// All simple nodes of a manifest, in the order of the text.
#[derive(Debug, Clone, Default)]
pub struct SimpleNodes {
    /// The nodes.
    pub nodes: Vec<SimpleNode>,
    /// Their values: of each node its outputs, its inputs and the arguments of its command.
    values: Vec<SimpleValue>,
}

/// A node whose parts are places in the manifest's text.
#[derive(Debug, Clone, Copy, Default)]
pub struct SimpleNode {
    /// Its name.
    pub name: Span,
    /// What the manifest says about it.
    pub about: Span,
    /// The script of a `run`; empty for an `exec`.
    pub script: Span,
    /// `exclusive`.
    pub alone: bool,
    /// `always`.
    pub always: bool,
    first: u32,
    outputs: u16,
    inputs: u16,
    arguments: u16,
}

/// A path or an argument.
#[derive(Debug, Clone, Copy, Default)]
pub struct SimpleValue {
    /// What `{in.NAME}` calls it; empty for none.
    pub name: Span,
    /// The text, without its quotes.
    pub text: Span,
}

impl SimpleNodes {
    /// What a node writes.
    pub fn outputs(&self, node: &SimpleNode) -> &[SimpleValue] {
        &self.values[node.first as usize..][..node.outputs as usize]
    }

    /// What it reads.
    pub fn inputs(&self, node: &SimpleNode) -> &[SimpleValue] {
        &self.values[node.first as usize + node.outputs as usize..][..node.inputs as usize]
    }

    /// The program of an `exec` and its arguments; empty for a `run`.
    pub fn arguments(&self, node: &SimpleNode) -> &[SimpleValue] {
        let before = node.outputs as usize + node.inputs as usize;
        &self.values[node.first as usize + before..][..node.arguments as usize]
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Adds what was read of a later part of the text.
    pub(super) fn append(&mut self, more: SimpleNodes) {
        let shift = self.values.len() as u32;
        let shifted = more.nodes.into_iter().map(|node| SimpleNode {
            first: node.first + shift,
            ..node
        });
        self.nodes.extend(shifted);
        self.values.extend(more.values);
    }

    /// Adds the node that stands at `piece` of `text`, if it is a simple one. `hands` are any that were used before.
    pub(super) fn read(&mut self, text: &str, piece: Range<usize>, hands: &mut Hands) -> bool {
        let Hands {
            inputs,
            outputs,
            arguments,
            sound,
            next,
        } = hands;
        for values in [&mut *inputs, &mut *outputs, &mut *arguments] {
            values.0.clear();
        }
        let mut reader = Reader {
            text,
            bytes: &text.as_bytes()[..piece.end],
            at: piece.start,
            node: SimpleNode::default(),
            inputs,
            outputs,
            arguments,
            sound,
            next,
        };
        if reader.node().is_none() {
            return false;
        }
        let node = SimpleNode {
            first: self.values.len() as u32,
            outputs: reader.outputs.0.len() as u16,
            inputs: reader.inputs.0.len() as u16,
            arguments: reader.arguments.0.len() as u16,
            ..reader.node
        };
        self.nodes.push(node);
        for values in [outputs, inputs, arguments] {
            self.values.extend_from_slice(&values.0);
        }
        true
    }
}

/// Where the values of the node that is being read are gathered; kept from node to node.
#[derive(Default)]
pub(super) struct Hands {
    inputs: Values,
    outputs: Values,
    arguments: Values,
    /// The last script whose placeholders were found to be right, with the names of its node's values.
    sound: Vec<u8>,
    next: Vec<u8>,
}

#[derive(Default)]
struct Values(Vec<SimpleValue>);

impl Values {
    fn push(&mut self, value: SimpleValue) -> Option<()> {
        self.0.push(value);
        (self.0.len() <= MOST_VALUES).then_some(())
    }

    /// Whether one of this name, or for an all-digit name at this position among those without one, is there.
    fn has(&self, text: &str, member: Option<&str>) -> bool {
        let unnamed = || self.0.iter().filter(|value| value.name.len == 0);
        match member {
            None => unnamed().next().is_some(),
            Some(member) if member.bytes().all(|byte| byte.is_ascii_digit()) => member
                .parse::<usize>()
                .is_ok_and(|number| number < unnamed().count()),
            Some(member) => self
                .0
                .iter()
                .any(|value| value.name.len > 0 && value.name.of(text) == member),
        }
    }
}
