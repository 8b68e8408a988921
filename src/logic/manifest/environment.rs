//! What a command starts in: variables, and the shell that reads `run`.
//!
//! Does not know which variables a command sees besides; the engine does.

use super::check::{Reader, Statement};
use super::shell::POSIX_SHELLS;
use super::source::Spanned;
use super::template::Style;
use super::{Command, EnvDecl, EnvValue, NodeDecl};

impl Reader<'_> {
    pub(super) fn env(&mut self, statement: &Statement<'_>, env: &mut Vec<EnvDecl>) {
        for value in &statement.values {
            let (name, set) = match value.name.clone() {
                Some(name) => (name, EnvValue::Set(self.template(value, Style::Plain))),
                None => (value.spanned(), EnvValue::Caller),
            };
            self.variable_name(&name);
            if let Some(first) = env.iter().find(|other| other.name.value == name.value) {
                let message = format!("the variable `{}` is given twice", name.value);
                self.twice(message, first.name.span, name.span, "keep one of the two");
                continue;
            }
            env.push(EnvDecl { name, value: set });
        }
    }

    fn variable_name(&mut self, name: &Spanned<String>) {
        let text = name.value.as_str();
        if let Some((variable, value)) = text.split_once('=') {
            let message = "the value of a variable stands behind the `=`, in quotes of its own";
            return self.error(
                "variable",
                message,
                (name.span, "one text"),
                format!("write `env {variable}=\"{value}\"`"),
            );
        }
        let proper = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if text.is_empty() || !proper || text.starts_with(|c: char| c.is_ascii_digit()) {
            let help = match text.contains('*') {
                true => {
                    "a pattern can be handed through, without being part of a key, with `pass-env`"
                }
                false => {
                    "a variable's name has letters, digits and `_`, and does not start with a digit"
                }
            };
            self.error(
                "variable",
                format!("`{text}` is not the name of a variable"),
                (name.span, "this name"),
                help,
            );
        }
    }

    pub(super) fn pass_env(&mut self, statement: &Statement<'_>, pass: &mut Vec<Spanned<String>>) {
        for value in &statement.values {
            let text = value.text();
            if text.is_empty()
                || !text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '*'))
            {
                let message =
                    format!("`{text}` is not the name of a variable, nor a pattern for some");
                let help = "write a name, with `*` for any letters: `pass-env \"AWS_*\"`";
                self.error("variable", message, (value.span, "this name"), help);
            }
            pass.push(value.spanned());
        }
    }

    pub(super) fn shell(&mut self, statement: &Statement<'_>) -> Option<Vec<String>> {
        let program = statement.values.first()?;
        self.not_empty(program, "an empty name of a program");
        if statement.values.len() == 1 && program.text().trim().contains(' ') {
            let help =
                "write `shell \"bash\" \"-c\"`; if this is the command itself, it is called `run`";
            self.error(
                "shell",
                "`shell` names a program, not a command",
                (program.span, "several words in one"),
                help,
            );
        }
        Some(
            statement
                .values
                .iter()
                .map(|value| value.text().to_owned())
                .collect(),
        )
    }

    /// Values are quoted for POSIX shells; in any other they would be read as something else.
    pub(super) fn foreign_shell(&mut self, node: &NodeDecl, default: Option<&Vec<String>>) {
        let shell = node.shell.as_ref().or(default);
        let Some(name) = shell.and_then(|shell| foreign(shell)) else {
            return;
        };
        let Command::Run(script) = &node.command else {
            return;
        };
        if let Some(placeholder) = script
            .value
            .placeholders()
            .find(|placeholder| !placeholder.raw)
        {
            let message = format!("how to quote {placeholder} for `{name}` is not known");
            let help = "write `:raw` inside the braces for the value as it is, or use `exec`, which needs no quotes";
            self.error("quoting", message, (placeholder.span, "here"), help);
        }
    }
}

/// The name of a shell whose quoting is not known.
pub(super) fn foreign(shell: &[String]) -> Option<&str> {
    let program = shell.first()?;
    let name = program.rsplit('/').next().unwrap_or(program);
    (!POSIX_SHELLS.contains(&name)).then_some(name)
}
