//! Links in directories: looked through where people write, text where nodes write.

use super::*;

#[test]
fn links_out_of_a_directory_input_are_looked_through() {
    let project = Project::new();
    project.write("d/inside", "x");
    project.write("d/.git/head", "1");
    project.write("out", "1");
    project.write("folder/a", "1");
    for (text, name) in [
        ("inside", "in"),
        ("../out", "file"),
        ("../folder", "folder"),
        ("../folder/a", "deep"),
        ("nowhere", "dangling"),
        ("loop", "loop"),
        ("/dev/null", "null"),
        (".git/head", "head"),
    ] {
        symlink(text, project.at("d").join(name)).unwrap();
    }
    let mut last = project.see("d", Links::Through);
    let verbatim = project.see("d", Links::Verbatim);
    for (name, bytes) in [
        ("out", "2"),
        ("folder/a", "2"),
        ("folder/b", ""),
        ("d/.git/head", "2"),
    ] {
        project.write(name, bytes);
        let now = project.see("d", Links::Through);
        assert_ne!(now, last, "{name}");
        last = now;
    }
    project.write("d/.git/head", "1");
    assert_eq!(
        project.see("d", Links::Verbatim),
        verbatim,
        "an output's links are text alone"
    );
    project.write("d/nowhere", "x");
    assert_ne!(project.see("d", Links::Through), last);
}

#[test]
fn links_behind_links_count_and_circles_end() {
    let project = Project::new();
    project.write("d/f", "x");
    project.write("other/g", "x");
    project.write("third/h", "1");
    symlink("../other", project.at("d/other")).unwrap();
    symlink("../third/h", project.at("other/h")).unwrap();
    symlink("../d", project.at("other/back")).unwrap();
    symlink("..", project.at("d/up")).unwrap();
    let before = project.see("d", Links::Through);
    assert_eq!(project.see("d", Links::Through), before);
    project.write("third/h", "2");
    assert_ne!(project.see("d", Links::Through), before);
}

#[test]
fn links_that_would_not_be_the_same_elsewhere_are_named() {
    let project = Project::new();
    project.write("d/sub/f", "x");
    project.write("source", "x");
    for (text, name) in [
        ("sub/f", "in"),
        ("../source", "out"),
        ("/etc/passwd", "system"),
        ("nowhere", "dangling"),
    ] {
        symlink(text, project.at("d").join(name)).unwrap();
    }
    symlink(project.at("d/sub/f"), project.at("d/absolute")).unwrap();
    let mut found = project
        .observer(KnownStamps::default())
        .leaving_links(&path("d"))
        .unwrap();
    found.sort();
    let names: Vec<&str> = found.iter().map(|(link, _)| link.as_str()).collect();
    assert_eq!(names, ["d/absolute", "d/out"]);
}
