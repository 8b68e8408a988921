//! Continuous integration: which service this is, by its variables, whether it builds a pull request, and where its
//! summary goes.
//!
//! Does not know how a service wants its lines; `report/ci` does.

use super::output;
use crate::engine::stream;
use crate::logic::event::BuildEvent;
use crate::report::ci::{CiReport, Service};
use crate::report::plain::PlainOptions;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// The caller's environment.
pub(super) type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The value of a variable that says something.
fn text(variable: Variables<'_>, name: &str) -> Option<String> {
    let value = variable(name).filter(|value| !value.is_empty())?;
    Some(value.to_string_lossy().into_owned())
}

/// The service whose log is written; `None` where nobody says `CI`, or it is one that has no form of its own here.
pub(super) fn service(variable: Variables<'_>) -> Option<Service> {
    let is_true = |name| text(variable, name).is_some_and(|value| value == "true");
    let in_ci = text(variable, "CI").is_some_and(|value| value != "false" && value != "0");
    match () {
        () if !in_ci => None,
        () if is_true("GITHUB_ACTIONS") => Some(Service::GitHub),
        () if is_true("GITLAB_CI") => Some(Service::GitLab),
        () => None,
    }
}

/// The variable that says that a pull request is built, with its value.
pub(super) fn pull_request(variable: Variables<'_>) -> Option<String> {
    let (name, asks): (_, &[&str]) = match service(variable)? {
        Service::GitHub => (
            "GITHUB_EVENT_NAME",
            &[
                "pull_request",
                "pull_request_target",
                "pull_request_review",
                "pull_request_review_comment",
            ],
        ),
        Service::GitLab => (
            "CI_PIPELINE_SOURCE",
            &["merge_request_event", "external_pull_request_event"],
        ),
    };
    let event = text(variable, name)?;
    asks.contains(&&*event).then(|| format!("{name}={event}"))
}

/// Tells a build in the form of this service's log, and at its end writes the summary where the service wants it.
pub(super) fn teller(service: Service, options: PlainOptions) -> Box<dyn FnMut(BuildEvent)> {
    let mut report = CiReport::new(std::io::stderr(), service, options);
    let summary = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty());
    let summary = summary
        .map(PathBuf::from)
        .filter(|_| service == Service::GitHub);
    Box::new(move |event| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        report.tell(&event, now.map_or(0, |now| now.as_secs()));
        if let (BuildEvent::Finished(end), Some(path)) = (&event, &summary)
            && let Err(trouble) = stream::append(path, &report.summary(end))
        {
            output::talk(&format!("warning: the summary is not written: {trouble}\n"));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked<T>(of: fn(Variables<'_>) -> T, variables: &[(&str, &str)]) -> T {
        of(&|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn services_are_known_by_their_variables() {
        let github = [("CI", "true"), ("GITHUB_ACTIONS", "true")];
        assert_eq!(asked(service, &github), Some(Service::GitHub));
        let gitlab = [("CI", "true"), ("GITLAB_CI", "true")];
        assert_eq!(asked(service, &gitlab), Some(Service::GitLab));
        assert_eq!(asked(service, &[("CI", "true")]), None);
        assert_eq!(asked(service, &[("CI", ""), ("GITLAB_CI", "true")]), None);
        assert_eq!(
            asked(service, &[("CI", "false"), ("GITHUB_ACTIONS", "true")]),
            None
        );
    }

    #[test]
    fn pull_requests_are_known_by_the_event() {
        let github = |event| {
            let variables = [
                ("CI", "true"),
                ("GITHUB_ACTIONS", "true"),
                ("GITHUB_EVENT_NAME", event),
                ("CI_PIPELINE_SOURCE", "merge_request_event"),
            ];
            asked(pull_request, &variables)
        };
        assert_eq!(
            github("pull_request").as_deref(),
            Some("GITHUB_EVENT_NAME=pull_request")
        );
        assert!(github("pull_request_target").is_some());
        assert_eq!(github("push"), None);
        assert_eq!(github("merge_group"), None);
        let gitlab = |source| {
            let variables = [
                ("CI", "true"),
                ("GITLAB_CI", "true"),
                ("CI_PIPELINE_SOURCE", source),
            ];
            asked(pull_request, &variables)
        };
        assert!(gitlab("merge_request_event").is_some());
        assert_eq!(gitlab("push"), None);
        assert_eq!(
            asked(pull_request, &[("GITHUB_EVENT_NAME", "pull_request")]),
            None
        );
    }
}
