//! Keeps Python from running old code after a quick edit.
//!
//! Python trusts compiled code when the source's size and its time of change in whole seconds are those it noted.
//! Two edits of one length within a second are one to it, and the second never runs. So commands get a byte-code
//! cache of their own (`PYTHONPYCACHEPREFIX`), and before a build what was compiled from anything but installed
//! libraries is removed from it. The libraries' part stays: compiling those costs seconds.
//!
//! Python that is told to ignore its environment (`-I`, `-E`) uses `__pycache__` beside the source as ever.
//! Does not know which nodes run Python.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use crate::world::trouble::Trouble;

/// Removes from the byte-code cache at `prefix` all that was compiled from sources which somebody may edit. Call it
/// before the first job of a build, and before jobs start again after a source changed.
///
/// Python mirrors the absolute path of each source under the prefix. What stays: below `site-packages` and
/// `dist-packages`, and outside the project's `root` also below `lib/pythonX.Y`, the standard library. All else goes,
/// not only what lies below `root`, since a link in the project can lead to sources elsewhere.
///
/// # Errors
/// When an entry can neither be removed nor has vanished by itself.
pub fn forget_project_sources(prefix: &Path, root: &Path) -> Result<(), Trouble> {
    let real_root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
    forget(prefix, Path::new("/"), &|source| {
        is_installed(source, &[root, &real_root])
    })
}

/// Removes everything in `folder`, which mirrors the folder `source`, but what is below a source to `keep`.
fn forget(folder: &Path, source: &Path, keep: &dyn Fn(&Path) -> bool) -> Result<(), Trouble> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(Trouble::on("list", folder))?,
    };
    for entry in entries {
        let entry = entry.map_err(Trouble::on("list", folder))?;
        let path = entry.path();
        let source = source.join(entry.file_name());
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Trouble::on("remove", &path)(error));
                }
                _ => {}
            }
        } else if !keep(&source) {
            forget(&path, &source, keep)?;
            // Stays when it holds something to keep.
            let _ = fs::remove_dir(&path);
        }
    }
    Ok(())
}

/// Whether the folder `source` is one of libraries that are installed and not edited.
fn is_installed(source: &Path, roots: &[&Path]) -> bool {
    if roots.iter().any(|root| root.starts_with(source)) {
        return false;
    }
    let inside = roots.iter().find_map(|root| source.strip_prefix(root).ok());
    let names: Vec<&str> = inside
        .unwrap_or(source)
        .iter()
        .filter_map(OsStr::to_str)
        .collect();
    names
        .iter()
        .any(|name| matches!(*name, "site-packages" | "dist-packages"))
        || (inside.is_none()
            && names
                .windows(2)
                .any(|pair| is_standard_library(pair[0], pair[1])))
}

/// As in `/usr/lib/python3.11`.
fn is_standard_library(parent: &str, name: &str) -> bool {
    let version = name
        .strip_prefix("python")
        .or_else(|| name.strip_prefix("pypy"));
    matches!(parent, "lib" | "lib64")
        && version.is_some_and(|it| it.starts_with(|first: char| first.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::execute::environment::{EnvironmentParts, command_environment};
    use crate::world::execute::{Executor, Job, LocalExecutor, Running};
    use std::time::{Duration, SystemTime};

    /// Without `forget_project_sources` all twenty runs below print `00`, the code of the first: tried by hand.
    #[test]
    fn quick_edits_of_one_length_run_the_new_code() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let prefix = root.join(".pipe/pycache");
        let caller: Vec<_> = std::env::vars_os().collect();
        let job = Job {
            mark: String::new(),
            argv: ["python3", "main.py"].map(String::from).to_vec(),
            dir: root.clone(),
            env: command_environment(&EnvironmentParts {
                caller: &caller,
                declared: &[],
                pass_env: &[],
                inputs: &[],
                outputs: &[],
                pycache: &prefix,
                token: "bytecode",
                offered: &[],
            }),
            log: root.join("log"),
            timeout: None,
            watch: None,
        };
        fs::write(root.join("main.py"), "import helper\nprint(helper.VALUE)\n").unwrap();
        // The same whole second each time, however slowly the test runs.
        let second = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        for value in 0..20 {
            let helper = fs::File::create(root.join("helper.py")).unwrap();
            io::Write::write_all(&mut &helper, format!("VALUE = '{value:02}'\n").as_bytes())
                .unwrap();
            helper
                .set_modified(second + Duration::from_millis(value))
                .unwrap();
            forget_project_sources(&prefix, &root).unwrap();
            let execution = LocalExecutor.run(&job, &Running::new());
            let log = fs::read_to_string(&job.log).unwrap();
            assert_eq!(log, format!("{value:02}\n"), "{execution:?}");
        }
        // The cache was in use, or this test would show nothing.
        let mirrored = prefix.join(root.strip_prefix("/").unwrap());
        assert!(mirrored.read_dir().unwrap().count() > 0);
    }

    #[test]
    fn installed_libraries_stay_compiled() {
        let folder = tempfile::tempdir().unwrap();
        let prefix = folder.path().join("pycache");
        let stay = [
            "usr/lib/python3.11/os.pyc",
            "usr/lib/python3/dist-packages/numpy/core.pyc",
            "p/.venv/lib/python3.11/site-packages/pandas/frame.pyc",
        ];
        let go = [
            "p/helper.pyc",
            "p/src/deep/er.pyc",
            "p/lib/python3/mine.pyc",
            "shared/linked.pyc",
            "top.pyc",
        ];
        for path in stay.iter().chain(&go) {
            let path = prefix.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        forget_project_sources(&prefix, Path::new("/p")).unwrap();
        for path in stay {
            assert!(prefix.join(path).exists(), "{path}");
        }
        for path in go {
            assert!(!prefix.join(path).exists(), "{path}");
        }
        assert!(!prefix.join("p/src").exists() && !prefix.join("shared").exists());
    }

    #[test]
    fn a_project_that_lies_among_libraries_is_still_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new("/opt/lib/python3/site-packages/p");
        let path = folder
            .path()
            .join("opt/lib/python3/site-packages/p/helper.pyc");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
        forget_project_sources(folder.path(), root).unwrap();
        assert!(!path.exists());
        forget_project_sources(&folder.path().join("absent"), root).unwrap();
    }
}
