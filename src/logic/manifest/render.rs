//! Filling values into a template, with the quoting that each place needs.
//!
//! Does not know where the values come from; the graph's expansion supplies them.

use super::shell::quote;
use super::template::{Piece, Placeholder, Quoting, Style, Template, TemplateFault};

/// A text as one word of a POSIX shell: quoted where it has to be.
pub fn shell_word(text: &str) -> String {
    quote(text, Quoting::Bare)
}

impl Template {
    /// Fills in the values. What a value holds is never looked at for placeholders.
    ///
    /// # Errors
    /// A placeholder for which `values` has nothing, or a list of several values inside quotes.
    pub fn render(
        &self,
        values: &dyn Fn(&Placeholder) -> Option<Vec<String>>,
        style: Style,
    ) -> Result<String, TemplateFault> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(literal) => text.push_str(literal),
                Piece::Placeholder(placeholder) => {
                    let values = placeholder.values(values)?;
                    text.push_str(&placeholder.write(&values, style)?);
                }
            }
        }
        Ok(text)
    }

    /// Fills in the values for an argument vector, without a shell: an argument that is one placeholder and nothing else
    /// becomes one argument a value, so none for an empty list.
    ///
    /// # Errors
    /// A placeholder for which `values` has nothing, or a list of several values within a larger argument.
    pub fn render_args(
        &self,
        values: &dyn Fn(&Placeholder) -> Option<Vec<String>>,
    ) -> Result<Vec<String>, TemplateFault> {
        if let [Piece::Placeholder(placeholder)] = &self.pieces[..] {
            return placeholder.values(values);
        }
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(literal) => text.push_str(literal),
                Piece::Placeholder(placeholder) => match &placeholder.values(values)?[..] {
                    [] => {}
                    [value] => text.push_str(value),
                    several => {
                        let what = format!(
                            "{placeholder} is a list of {} values inside an argument",
                            several.len()
                        );
                        return Err(placeholder.fault(
                            what,
                            "as an argument of its own it becomes one argument a value",
                        ));
                    }
                },
            }
        }
        Ok(vec![text])
    }
}

impl Placeholder {
    fn fault(&self, message: String, help: &str) -> TemplateFault {
        TemplateFault {
            span: self.span,
            message,
            help: help.to_owned(),
        }
    }

    /// The values, safe as arguments: a path that starts with `-` would be taken for an option.
    fn values(
        &self,
        values: &dyn Fn(&Placeholder) -> Option<Vec<String>>,
    ) -> Result<Vec<String>, TemplateFault> {
        let unknown = || self.fault(format!("nothing is known by the name {self}"), "");
        let mut values = values(self).ok_or_else(unknown)?;
        if matches!(self.namespace.as_str(), "in" | "out") {
            for value in values.iter_mut().filter(|value| value.starts_with('-')) {
                value.insert_str(0, "./");
            }
        }
        Ok(values)
    }

    fn write(&self, values: &[String], style: Style) -> Result<String, TemplateFault> {
        if style == Style::Plain || self.raw {
            return Ok(values.join(" "));
        }
        if self.quoting != Quoting::Bare && values.len() > 1 {
            let what = format!("{self} is a list of {} values inside quotes", values.len());
            return Err(self.fault(
                what,
                "take it out of the quotes: each value is quoted where it needs it",
            ));
        }
        let quoted: Vec<String> = values
            .iter()
            .map(|value| quote(value, self.quoting))
            .collect();
        Ok(quoted.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logic::manifest::Span;
    use crate::logic::manifest::template::Written;

    fn parse(text: &str, style: Style) -> Template {
        let span = Span {
            start: 0,
            len: text.len() as u32,
        };
        Template::parse(text, Written { text, span }, style).0
    }

    #[test]
    fn values_are_quoted_where_they_stand_and_never_read_again() {
        let template = parse("cat {in} '{in}' \"{in}\" {in:raw}", Style::Shell);
        let text = template
            .render(&|_| Some(vec!["it's {out} $x".to_owned()]), Style::Shell)
            .unwrap();
        assert_eq!(
            text,
            r#"cat 'it'\''s {out} $x' 'it'\''s {out} $x' "it's {out} \$x" it's {out} $x"#
        );
        let list = |_: &Placeholder| Some(vec!["-a".to_owned(), "b c".to_owned()]);
        assert_eq!(
            parse("cat {in}", Style::Shell)
                .render(&list, Style::Shell)
                .unwrap(),
            "cat ./-a 'b c'"
        );
        assert_eq!(
            parse("cat {node}", Style::Shell)
                .render(&list, Style::Shell)
                .unwrap(),
            "cat -a 'b c'"
        );
        let fault = parse("cat \"{in}\"", Style::Shell)
            .render(&list, Style::Shell)
            .unwrap_err();
        assert_eq!((fault.span.start, fault.span.len), (5, 4));
        assert!(
            parse("{in}", Style::Plain)
                .render(&|_| None, Style::Plain)
                .is_err()
        );
    }

    #[test]
    fn a_lone_placeholder_is_as_many_arguments_as_it_has_values() {
        let of = |count: usize| move |_: &Placeholder| Some(vec!["a b".to_owned(); count]);
        let lone = parse("{in}", Style::Plain);
        assert_eq!(lone.render_args(&of(0)).unwrap(), Vec::<String>::new());
        assert_eq!(lone.render_args(&of(2)).unwrap(), ["a b", "a b"]);
        let inside = parse("--in={in}", Style::Plain);
        assert_eq!(inside.render_args(&of(0)).unwrap(), ["--in="]);
        assert_eq!(inside.render_args(&of(1)).unwrap(), ["--in=a b"]);
        assert_eq!(
            inside.render_args(&of(3)).unwrap_err().message,
            "`{in}` is a list of 3 values inside an argument"
        );
    }
}
