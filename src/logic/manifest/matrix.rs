//! Reads `matrix { … }`: axes, their values, and combinations that are left out.
//!
//! Does not know which files or parameters there are; the graph's expansion makes the instances.

use super::check::{Reader, Statement};
use super::document::Element;
use super::rules::Place;
use super::source::Spanned;
use super::typed::{Datum, Value};
use super::{Axis, AxisValue, Matrix};
use crate::base::path::PathPattern;

impl Reader<'_> {
    pub(super) fn matrix(&mut self, block: &[Element<'_>]) -> Matrix {
        let mut matrix = Matrix::default();
        let mut excludes = Vec::new();
        for element in block {
            let Some(statement) = self.statement(element, Place::Matrix) else {
                continue;
            };
            if statement.word.name == "exclude" {
                excludes.push(statement);
            } else {
                let name = element.name.value.clone().into_owned();
                let name = Spanned::new(name, statement.span);
                self.axis(name, &statement, &mut matrix);
            }
        }
        for statement in &excludes {
            let exclude = self.exclude(statement, &matrix);
            matrix.excludes.extend(exclude);
        }
        matrix
    }

    fn axis(&mut self, name: Spanned<String>, statement: &Statement<'_>, matrix: &mut Matrix) {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(fits) {
            let message = format!("`{{matrix.{}}}` could not name this axis", name.value);
            let help =
                "an axis has lower-case letters, digits, `_` and `-`, and starts with a letter";
            return self.error("axis", message, (name.span, "this name"), help);
        }
        if let Some(first) = matrix
            .axes
            .iter()
            .find(|axis| axis.name.value == name.value)
        {
            let message = format!("the axis `{}` is given twice", name.value);
            return self.twice(
                message,
                first.name.span,
                name.span,
                "put all values on one line",
            );
        }
        let mut values: Vec<AxisValue> = Vec::new();
        for value in &statement.values {
            let read = match value.annotation {
                Some("glob") => {
                    if PathPattern::parse(value.text()).is_err() {
                        let message = format!("the glob `{}` cannot be read", value.text());
                        self.error(
                            "path",
                            message,
                            (value.span, "this glob"),
                            "as in (glob)\"raw/*.csv\"",
                        );
                        continue;
                    }
                    AxisValue::Glob(value.spanned())
                }
                Some(_) => AxisValue::Param(value.spanned()),
                None => AxisValue::Literal(Spanned::new(self.plain(value), value.span)),
            };
            let text = |value: &AxisValue| match value {
                AxisValue::Literal(text) => Some(text.clone()),
                AxisValue::Glob(_) | AxisValue::Param(_) => None,
            };
            let again = text(&read).and_then(|new| {
                let same = |old: &Spanned<String>| old.value == new.value;
                values.iter().filter_map(text).find(same)
            });
            if let Some(first) = again {
                let message = format!("the axis `{}` has `{}` twice", name.value, first.value);
                self.twice(message, first.span, value.span, "remove one of the two");
                continue;
            }
            values.push(read);
        }
        if !values.is_empty() {
            matrix.axes.push(Axis { name, values });
        }
    }

    /// A value as it stands in commands and names: a number as it is written.
    fn plain(&self, value: &Value<'_>) -> String {
        match value.datum {
            Datum::Text(text) => text.to_owned(),
            Datum::Number(_) | Datum::Fraction(_) => self.written(value.span).to_owned(),
            Datum::Yes(yes) => yes.to_string(),
        }
    }

    fn exclude(
        &mut self,
        statement: &Statement<'_>,
        matrix: &Matrix,
    ) -> Option<Vec<(Spanned<String>, Spanned<String>)>> {
        let mut pairs = Vec::new();
        for value in &statement.values {
            let name = value.name.clone()?;
            let text = Spanned::new(self.plain(value), value.span);
            let Some(axis) = matrix
                .axes
                .iter()
                .find(|axis| axis.name.value == name.value)
            else {
                let known: Vec<&str> = matrix.axes.iter().map(|axis| &*axis.name.value).collect();
                let message = format!("the matrix has no axis `{}`", name.value);
                let help = match super::nearest(&name.value, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("its axes are: {}", known.join(", ")),
                };
                self.error("axis", message, (name.span, "not an axis"), help);
                return None;
            };
            let mut literals = axis.values.iter().map(|value| match value {
                AxisValue::Literal(text) => Some(text.value.as_str()),
                AxisValue::Glob(_) | AxisValue::Param(_) => None,
            });
            if literals.clone().all(|literal| literal.is_some())
                && !literals.any(|literal| literal == Some(&text.value))
            {
                let message = format!("the axis `{}` has no value `{}`", name.value, text.value);
                let known: Vec<&str> = axis
                    .values
                    .iter()
                    .filter_map(|value| match value {
                        AxisValue::Literal(text) => Some(text.value.as_str()),
                        AxisValue::Glob(_) | AxisValue::Param(_) => None,
                    })
                    .collect();
                let help = format!("its values are: {}", known.join(", "));
                self.error("axis", message, (value.span, "excludes nothing"), help);
                return None;
            }
            pairs.push((name, text));
        }
        Some(pairs)
    }
}
