//! What a node asks of the machine and of the engine: resources, time limits, retries, the cache.
//!
//! Does not know how much there is; the graph compares what is asked for with what is declared.

use super::check::{Reader, Statement};
use super::paths::Role;
use super::source::{Span, Spanned};
use super::template::Style;
use super::typed::{Datum, Value};
use super::{Amount, Draw, Manifest, NodeDecl, Resource};
use crate::base::quantity;

impl Reader<'_> {
    /// `resource "memory" "16GiB"`.
    pub(super) fn resource(&mut self, statement: &Statement<'_>, manifest: &mut Manifest) {
        let [name, amount] = &statement.values[..] else {
            return;
        };
        if !matches!(name.datum, Datum::Text(_)) {
            let help = "write `resource \"gpu\" 2`";
            return self.error(
                "wrong-type",
                "a resource has a name, then how much there is of it",
                (name.span, "not a name"),
                help,
            );
        }
        self.not_empty(name, "an empty name");
        let Some(amount) = self.amount(amount) else {
            return;
        };
        if let Amount::Percent(_) = amount.value
            && name.text() != "memory"
        {
            let message = format!("how much `{}` the machine has is not known", name.text());
            let help = "a part in percent is only known of `memory`; write a number";
            return self.error("amount", message, (amount.span, "a part of what?"), help);
        }
        let declared = manifest.resources.iter();
        if let Some(first) = declared
            .map(|resource| &resource.name)
            .find(|first| first.value == name.text())
        {
            let message = format!("the resource `{}` is declared twice", name.text());
            return self.twice(message, first.span, name.span, "keep one of the two");
        }
        manifest.resources.push(Resource {
            name: name.spanned(),
            amount,
        });
    }

    /// One word of a node, or of `defaults`, that only the engine and the scheduler heed.
    pub(super) fn setting(&mut self, statement: &Statement<'_>, node: &mut NodeDecl) {
        let first = || statement.values.first();
        let number = || first().and_then(whole);
        match statement.word.name {
            "tags" => self.tags(statement, node),
            "param" => node
                .params
                .extend(statement.values.iter().map(Value::spanned)),
            "jobs" => node.jobs = number(),
            "slots" => {
                node.slots = first()
                    .and_then(|value| whole(value).map(|number| Spanned::new(number, value.span)));
            }
            "use" => self.draws(statement, &mut node.draws),
            "retries" => node.retries = number(),
            "timeout" => node.timeout_ms = first().and_then(|value| self.duration(value)),
            "probe" => {
                for value in &statement.values {
                    self.not_empty(value, "an empty command");
                    let template = self.template(value, Style::Shell);
                    node.probes.push(Spanned::new(template, value.span));
                }
            }
            "persist" => node.persist = true,
            "temp" => node.temp = true,
            "strict" => node.strict = true,
            "cache" => node.cache_off |= first().is_some_and(|value| self.cache_off(value)),
            "depfile" => {
                node.depfile =
                    first().map(|value| Spanned::new(self.path(value, Role::Output), value.span));
            }
            "ignore" => self.ignore(statement, &mut node.ignore),
            _ => node.always = true,
        }
    }

    fn tags(&mut self, statement: &Statement<'_>, node: &mut NodeDecl) {
        for value in &statement.values {
            let text = value.text();
            let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
            if text.is_empty() || !text.chars().all(fits) {
                self.error(
                    "tag",
                    format!("`{text}` cannot be a tag"),
                    (value.span, "this tag"),
                    "tags have letters, digits, `_`, `-` and `.`, so that `tag:nightly` can name them",
                );
                continue;
            }
            node.tags.push(value.spanned());
        }
    }

    fn draws(&mut self, statement: &Statement<'_>, draws: &mut Vec<Draw>) {
        for value in &statement.values {
            let (Some(resource), Some(amount)) = (value.name.clone(), self.amount(value)) else {
                continue;
            };
            if let Some(first) = draws
                .iter()
                .map(|draw| &draw.resource)
                .find(|first| first.value == resource.value)
            {
                let message = format!("the node uses `{}` twice", resource.value);
                self.twice(message, first.span, resource.span, "keep one of the two");
                continue;
            }
            draws.push(Draw { resource, amount });
        }
    }

    fn amount(&mut self, value: &Value<'_>) -> Option<Spanned<Amount>> {
        let read = match value.datum {
            Datum::Number(number) => match u64::try_from(number) {
                Ok(number) => Ok(Amount::Count(number)),
                Err(_) => Err("an amount is a whole number from 0".to_owned()),
            },
            Datum::Text(text) => Amount::parse(text).map_err(|fault| fault.to_string()),
            Datum::Fraction(_) | Datum::Yes(_) => {
                Err("an amount is a whole number, or a size in quotes".to_owned())
            }
        };
        self.or_complain(
            "amount",
            value.span,
            read,
            "a count as in `gpu 2`, a size as in \"4GiB\", or a part as in \"80%\"",
        )
        .map(|amount| Spanned::new(amount, value.span))
    }

    fn duration(&mut self, value: &Value<'_>) -> Option<u64> {
        let text = match value.datum {
            Datum::Number(seconds) => seconds.to_string(),
            Datum::Text(text) => text.to_owned(),
            Datum::Fraction(seconds) => seconds.to_string(),
            Datum::Yes(_) => String::new(),
        };
        let read = match quantity::parse_duration(&text) {
            Ok(0) => Err("a time limit of nothing would end every run".to_owned()),
            read => read.map_err(|fault| fault.to_string()),
        };
        self.or_complain(
            "duration",
            value.span,
            read,
            "a number of seconds, or as in \"90s\", \"30m\", \"1h30m\"",
        )
    }

    fn or_complain<T>(
        &mut self,
        code: &'static str,
        span: Span,
        read: Result<T, String>,
        help: &str,
    ) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(message) => {
                self.error(code, message, (span, "not understood"), help);
                None
            }
        }
    }

    fn cache_off(&mut self, value: &Value<'_>) -> bool {
        if value.text() == "off" {
            return true;
        }
        let message = format!("`cache` knows only \"off\", not \"{}\"", value.text());
        let help = "results are kept unless `cache \"off\"` stands there";
        self.error("cache", message, (value.span, "not known"), help);
        false
    }

    fn ignore(&mut self, statement: &Statement<'_>, ignore: &mut Vec<Spanned<String>>) {
        for value in &statement.values {
            let text = value.text();
            if text.is_empty() || text.contains('/') || globset::Glob::new(text).is_err() {
                self.error(
                    "ignore",
                    format!("`{text}` is not the name of a file or a folder, nor a pattern for some"),
                    (value.span, "this pattern"),
                    "`ignore` takes names, wherever they stand inside the directory: `ignore \"*.log\" \"tmp\"`",
                );
                continue;
            }
            ignore.push(value.spanned());
        }
    }
}

fn whole(value: &Value<'_>) -> Option<u32> {
    match value.datum {
        Datum::Number(number) => u32::try_from(number).ok(),
        _ => None,
    }
}
