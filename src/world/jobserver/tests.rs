//! Pools of our own and of others, with real pipes.

use super::*;
use std::os::fd::AsFd;

/// How many tokens are in a pool.
fn there(tokens: &Tokens) -> u64 {
    let counts = tokens
        .sources
        .iter()
        .map(|source| ioctl_fionread(source.read.as_fd()).unwrap());
    counts.sum()
}

fn auth_of(tokens: &Tokens, name: &str) -> Auth {
    let flags = tokens.variables().iter().find(|(known, _)| *known == name);
    Auth::read(&flags.unwrap().1).unwrap()
}

#[test]
fn tokens_are_taken_and_given_back_as_they_came() {
    for old_make in [false, true] {
        let pool = Tokens::offer(3, old_make).unwrap();
        let auth = auth_of(&pool, "MAKEFLAGS");
        assert_eq!(auth.jobs, Some(3));
        let client = Tokens::of_make(&auth).unwrap();
        let go_on = || true;
        let ours = pool.take(1, &go_on).unwrap();
        // The one that it has by being there, and one of the pool's.
        let both = client.take(2, &go_on).unwrap();
        assert_eq!((both.bytes.len(), there(&pool), there(&client)), (2, 1, 1));
        drop(both);
        assert_eq!((there(&pool), there(&client)), (2, 3));
        drop(ours);
        assert_eq!(there(&pool), 3);
    }
}

#[test]
fn one_who_waits_is_told_when_it_is_over() {
    let pool = Tokens::offer(1, false).unwrap();
    let all = pool.take(1, &|| true).unwrap();
    let asked = std::cell::Cell::new(0);
    let soon_over = || asked.replace(asked.get() + 1) < 2;
    assert!(pool.take(1, &soon_over).is_none());
    // A job that wants more than there is does with what there is.
    drop(all);
    assert_eq!(pool.take(5, &|| true).unwrap().bytes.len(), 1);
}

#[test]
fn what_is_lost_or_too_much_is_set_right_when_nothing_runs() {
    let pool = Tokens::offer(3, false).unwrap();
    let other = Tokens::of_make(&auth_of(&pool, "CARGO_MAKEFLAGS")).unwrap();
    let own = pool.take(1, &|| true).unwrap();
    // A program in a job takes two, and is killed with them.
    std::mem::forget(other.take(3, &|| true).unwrap());
    assert_eq!(there(&pool), 0);
    drop(own);
    drop(pool.take(1, &|| true));
    assert_eq!(there(&pool), 3);
    (&pool.sources[0].write).write_all(b"++").unwrap();
    drop(pool.take(1, &|| true));
    assert_eq!(there(&pool), 3);
}

#[test]
fn a_make_that_was_replaced_is_looked_at_once_more() {
    let folder = tempfile::tempdir().unwrap();
    let (make, note) = (folder.path().join("make"), folder.path().join("note"));
    let is_old = || is_old_make(Some(&make), &note);
    assert!(!is_old(), "there is none");
    std::fs::write(&make, "knows fifo: names").unwrap();
    assert!(!is_old() && !is_old());
    std::fs::write(&make, "knows numbers").unwrap();
    assert!(is_old());
    let noted = std::fs::read(&note).unwrap();
    assert!(is_old() && std::fs::read(&note).unwrap() == noted);
    std::fs::write(&note, &noted[..noted.len() - 2]).unwrap();
    assert!(is_old());
    std::fs::remove_file(&note).unwrap();
    std::fs::create_dir(&note).unwrap();
    assert!(is_old(), "where nothing can be noted");
}
