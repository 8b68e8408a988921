//! The book and the READMEs say what is true: manifests parse, links lead somewhere, the tutorial runs.
//!
//! Does not know how the book is rendered; `mdbook build book` does that.

use pipe::logic::manifest::{Problem, Severity, Source, read};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Marks a place in a text where real output is still to be put in.
const TO_FILL: &str = concat!("OUTPUT-TO-", "FILL");

/// A Markdown file.
struct Page {
    path: PathBuf,
    text: String,
}

/// A fenced block.
struct Block<'a> {
    /// What stands after the opening fence: `kdl`, `sh,fails`.
    info: &'a str,
    text: String,
    /// Of the opening fence, counted from 1.
    line: usize,
}

impl Page {
    fn read(path: PathBuf) -> Self {
        let text =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Page { path, text }
    }

    /// The path as shown in complaints.
    fn name(&self) -> String {
        self.path
            .strip_prefix(root())
            .expect("pages lie in the project")
            .display()
            .to_string()
    }

    fn blocks(&self) -> Vec<Block<'_>> {
        let mut blocks = Vec::new();
        let mut lines = self.text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            let Some(info) = line.trim_start().strip_prefix("```") else {
                continue;
            };
            let indent = line.len() - line.trim_start().len();
            let inside = lines
                .by_ref()
                .map(|(_, line)| line)
                .take_while(|line| line.trim() != "```");
            let text = inside
                .map(|line| line.get(indent..).unwrap_or("").to_owned() + "\n")
                .collect();
            blocks.push(Block {
                info: info.trim(),
                text,
                line: number + 1,
            });
        }
        blocks
    }

    /// The text without fenced blocks and without `code`.
    fn prose(&self) -> String {
        let mut fenced = false;
        let mut prose = String::new();
        for line in self.text.lines() {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
            } else if !fenced {
                prose.extend(line.split('`').step_by(2));
                prose.push('\n');
            }
        }
        prose
    }

    /// What `#…` in a link to this page can name.
    fn anchors(&self) -> Vec<String> {
        let headings = self
            .text
            .lines()
            .filter(|line| line.starts_with('#'))
            .map(|line| line.trim_start_matches('#'));
        headings.map(slug).collect()
    }
}

/// A heading's anchor, as mdBook and GitHub make it.
fn slug(heading: &str) -> String {
    let kept = heading.trim().chars().filter_map(|c| match c {
        c if c.is_alphanumeric() || c == '_' || c == '-' => Some(c.to_ascii_lowercase()),
        c if c.is_whitespace() => Some('-'),
        _ => None,
    });
    kept.collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn markdown_below(folder: &str) -> Vec<Page> {
    let files = walkdir::WalkDir::new(root().join(folder))
        .sort_by_file_name()
        .into_iter();
    let paths = files.map(|entry| entry.expect("the folder can be listed").into_path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(Page::read)
        .collect()
}

fn all_pages() -> Vec<Page> {
    let mut pages = markdown_below("book/src");
    pages.extend(markdown_below("fixtures"));
    pages.push(Page::read(root().join("README.md")));
    pages.push(Page::read(root().join("CHANGELOG.md")));
    pages
}

fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn every_manifest_that_is_shown_can_be_read() {
    let mut complaints = Vec::new();
    let mut shown = 0;
    for page in all_pages() {
        for block in page
            .blocks()
            .iter()
            .filter(|block| block.info.starts_with("kdl"))
        {
            shown += 1;
            let place = format!("{}:{}", page.name(), block.line);
            let errors = errors(&place, &block.text);
            match (block.info, errors.is_empty()) {
                ("kdl", false) => complaints.extend(errors),
                ("kdl,invalid", true) => {
                    complaints.push(format!("{place}: is called invalid, but can be read"));
                }
                ("kdl" | "kdl,invalid", _) => {}
                (other, _) => complaints.push(format!(
                    "{place}: `{other}` is neither `kdl` nor `kdl,invalid`"
                )),
            }
        }
    }
    assert!(shown > 10, "only {shown} manifests were found");
    for name in ["penguins", "kedro-question"] {
        let place = format!("fixtures/{name}/pipe.kdl");
        let text = fs::read_to_string(root().join(&place)).expect("the fixture stands");
        complaints.extend(errors(&place, &text));
    }
    assert_none(&complaints);
}

/// The errors of a manifest, each with its place.
fn errors(place: &str, text: &str) -> Vec<String> {
    let (manifest, problems) = read(&Source::new(place, text));
    let is_error = |problem: &&Problem| problem.severity == Severity::Error;
    let told = |problem: &Problem| {
        let line = problem
            .labels
            .first()
            .map_or(0, |label| problem.source.position(label.span.start).0);
        format!(
            "{place}: line {line} of the block: {} ({})",
            problem.message, problem.code
        )
    };
    let mut errors: Vec<String> = problems.iter().filter(is_error).map(told).collect();
    if manifest.is_none() && errors.is_empty() {
        errors.push(format!("{place}: no manifest, and no error that says why"));
    }
    errors
}

#[test]
fn every_link_leads_somewhere() {
    let mut complaints = Vec::new();
    for page in all_pages() {
        for target in links(&page.prose()) {
            if ["http://", "https://", "mailto:"]
                .iter()
                .any(|scheme| target.starts_with(scheme))
            {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let folder = page.path.parent().expect("a page lies in a folder");
            let path = if file.is_empty() {
                page.path.clone()
            } else {
                folder.join(file)
            };
            if !path.exists() {
                complaints.push(format!("{}: {target} does not exist", page.name()));
            } else if !anchor.is_empty()
                && !Page::read(path).anchors().iter().any(|slug| slug == anchor)
            {
                complaints.push(format!("{}: {target} names no heading", page.name()));
            }
        }
    }
    assert_none(&complaints);
}

/// The targets of `[text](target)` and `![text](target)`.
fn links(prose: &str) -> Vec<String> {
    let after = prose.split("](").skip(1);
    after
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.to_owned())
        .collect()
}

#[test]
fn the_summary_lists_every_page_once() {
    let summary = root().join("book/src/SUMMARY.md");
    let mut listed: Vec<PathBuf> = links(&Page::read(summary.clone()).prose())
        .iter()
        .map(|link| root().join("book/src").join(link))
        .collect();
    listed.sort();
    let mut pages: Vec<PathBuf> = markdown_below("book/src")
        .into_iter()
        .map(|page| page.path)
        .collect();
    pages.retain(|path| *path != summary);
    pages.sort();
    assert_eq!(listed, pages);
}

#[test]
fn nothing_is_left_to_fill_in() {
    let left = all_pages()
        .into_iter()
        .filter(|page| page.text.contains(TO_FILL));
    assert_none(
        &left
            .map(|page| format!("{}: real output is missing", page.name()))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn the_readme_shows_the_fixture() {
    let fixture = root().join("fixtures/kedro-question/pipe.kdl");
    let manifest = fs::read_to_string(fixture).expect("the fixture stands");
    let readme = Page::read(root().join("README.md"));
    assert!(
        readme
            .blocks()
            .iter()
            .any(|block| block.info == "kdl" && block.text == manifest)
    );
}

/// Pastes the tutorial's `sh` blocks one after another, as a reader would. A block `sh,fails` has to fail. What a
/// block prints to standard output must be the `text,exact` block that follows it, where one does.
#[test]
fn the_tutorial_runs() {
    let tutorial = Page::read(root().join("book/src/tutorial.md"));
    let blocks = tutorial.blocks();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let printed = |number: usize| folder.path().join(format!("{number}.out"));
    let mut script = String::from("set -euo pipefail\nmkdir reader\ncd reader\n");
    for (number, block) in blocks.iter().enumerate() {
        let (out, text) = (printed(number), &block.text);
        let out = out.display();
        let line = format!("tutorial.md:{}", block.line);
        match block.info {
            "sh" => script += &format!("echo '--- {line}' >&2\n{{\n{text}}} > '{out}'\n"),
            "sh,fails" => {
                script += &format!(
                    "echo '--- {line}' >&2\nset +e\n(\nset -e\n{text}) > '{out}'\ncode=$?\nset -e\n"
                );
                script +=
                    &format!("test $code -ne 0 || {{ echo '{line} did not fail' >&2; exit 1; }}\n");
            }
            _ => {}
        }
    }
    fs::write(folder.path().join("tutorial.sh"), script).expect("the script can be written");
    let told = Command::new("bash")
        .arg(folder.path().join("tutorial.sh"))
        .current_dir(folder.path())
        .env("PATH", path_with_pipe())
        .env_remove("PIPE_CACHE_DIR")
        .stdin(Stdio::null())
        .output()
        .expect("bash starts");
    let talk = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success(), "{talk}");

    let mut compared = 0;
    for (number, pair) in blocks.windows(2).enumerate() {
        if let ([_, expected], "text,exact") = (pair, pair[1].info) {
            let got =
                fs::read_to_string(printed(number)).expect("a `text,exact` follows an `sh` block");
            assert_eq!(got, expected.text, "tutorial.md:{}\n{talk}", expected.line);
            compared += 1;
        }
    }
    assert!(compared > 0, "the tutorial shows no exact output");
}

fn path_with_pipe() -> OsString {
    let program = Path::new(env!("CARGO_BIN_EXE_pipe"));
    let own = program
        .parent()
        .expect("a program lies in a folder")
        .to_path_buf();
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&path)))
        .expect("PATH can be put together")
}
