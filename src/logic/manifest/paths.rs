//! Checks what `in`, `out` and `dir` name: paths inside the project, globs where they may be.
//!
//! Does not know what stands on the disk, nor which node writes what.

use super::check::Reader;
use super::source::Span;
use super::template::{Piece, Style, Template, Written};
use super::typed::Value;
use crate::base::path::{PathFault, PathPattern, ProjectPath, STATE_FOLDER};

/// What a path is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Input,
    Output,
    Folder,
}

/// What is wrong and what to do.
type Complaint = (String, String);

impl Reader<'_> {
    /// A template of a value; where its placeholders cannot be quoted is a problem.
    pub(super) fn template(&mut self, value: &Value<'_>, style: Style) -> Template {
        let written = Written {
            text: self.written(value.span),
            span: value.span,
        };
        let (template, faults) = Template::parse(value.text(), written, style);
        for fault in faults {
            self.error("quoting", fault.message, (fault.span, "here"), fault.help);
        }
        template
    }

    /// A path: checked as far as it is known without the values of its placeholders.
    pub(super) fn path(&mut self, value: &Value<'_>, role: Role) -> Template {
        let template = self.template(value, Style::Plain);
        if let Some((message, help)) = complain(&template, role) {
            self.error(
                "path",
                message,
                (
                    first_line(self.written(value.span), value.span),
                    "this path",
                ),
                help,
            );
        }
        template
    }
}

/// The part of a string's place that lies on its first line.
fn first_line(text: &str, span: Span) -> Span {
    Span {
        start: span.start,
        len: text.lines().next().map_or(0, str::len) as u32,
    }
}

fn complain(template: &Template, role: Role) -> Option<Complaint> {
    let text = template.text.as_str();
    if text.contains("://") {
        return Some((
            format!("`{text}` is no path"),
            "inputs and outputs are files of the project; fetch or send it in a command".to_owned(),
        ));
    }
    if text.starts_with("~/") || text == "~" {
        return Some((
            "`~` does not stand for the home folder here".to_owned(),
            outside_help(role),
        ));
    }
    let literals = || {
        template.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Placeholder(_) => None,
        })
    };
    let glob = literals().any(PathPattern::is_pattern);
    match role {
        Role::Output if glob => return Some((
            "an output cannot be a glob".to_owned(),
            "name every file, or the folder they lie in with a `/` at the end: `out \"build/parts/\"`".to_owned(),
        )),
        Role::Folder if glob => {
            return Some(("`dir` names one folder, not a glob".to_owned(), "write `dir \"sub/folder\"`".to_owned()));
        }
        _ => {}
    }
    let text = template.as_literal()?;
    match ProjectPath::parse(text) {
        Err(fault) => Some(path_fault(text, fault, role)),
        Ok(path) if path.is_root() && role == Role::Output => Some((
            "the whole project cannot be an output".to_owned(),
            "outputs are removed before a run; name a file or a folder inside: `out \"build/\"`".to_owned(),
        )),
        Ok(path) if path.is_root() && role == Role::Input => Some((
            "the whole project cannot be an input".to_owned(),
            "every output would count as well; name the files or folders that are read: `in \"src/\"`".to_owned(),
        )),
        Ok(_) if glob => glob_fault(text),
        Ok(_) => None,
    }
}

fn glob_fault(text: &str) -> Option<Complaint> {
    if text.split('/').any(|part| part == "..") {
        return Some((
            format!("the glob `{text}` has a `..` in it"),
            "write the path without it".to_owned(),
        ));
    }
    let fault = PathPattern::parse(text).err()?;
    Some((
        format!("the glob `{text}` cannot be read: {fault}"),
        "`*` and `?` stand for letters of one name, `**/` for folders, `[a-z]` and `{a,b}` for a choice".to_owned(),
    ))
}

fn path_fault(text: &str, fault: PathFault, role: Role) -> Complaint {
    match fault {
        PathFault::Empty => (
            "an empty path".to_owned(),
            "name a file or a folder, or remove it".to_owned(),
        ),
        PathFault::Absolute => (
            format!("`{text}` is not a path inside the project: it starts with `/`"),
            outside_help(role),
        ),
        PathFault::Leaves => (
            format!("`{text}` leads out of the project"),
            outside_help(role),
        ),
        PathFault::State => (
            format!("`{text}` lies in `{STATE_FOLDER}`, where pipe keeps its own files"),
            "choose another folder".to_owned(),
        ),
        PathFault::Nul => (
            "a path holds no NUL character".to_owned(),
            "remove it".to_owned(),
        ),
    }
}

fn outside_help(role: Role) -> String {
    let start = "paths start at the folder of the manifest";
    match role {
        Role::Input => {
            format!("{start}; copy the file into the project, or put a link to it there")
        }
        Role::Output => {
            format!("{start}; write into the project, and copy from there in a command of its own")
        }
        Role::Folder => format!("{start}; a command can change into another folder by itself"),
    }
}
